// pusher:subscribe and sockudo:subscribe. Everything is checked before anything changes; then the connection is attached,
// acknowledged, and told what it missed (realtime.md section 3).
import {
  ANNOTATION_MODE,
  allows,
  annotationAccessError,
  authenticationError,
  type ClientFrame,
  capabilityError,
  channelError,
  channelKind,
  channelNameErrorWs,
  metaBase,
  type ProtocolError,
  parseSubscribe,
  type SubscribeRequest,
  userChannelId,
  validateWildcard,
} from '@sockudo/protocol';
import { channelNameRules } from '../../apps/channel-rules.ts';
import { annotatesChannel, rewindsChannel } from '../../messages/features.ts';
import { attach } from '../attach.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { subscriptionFilter } from '../filters.ts';
import { requireCapability, requireNamespace, requireUserLimit } from '../permissions.ts';
import { requireChannelSignature, requireMember } from '../subscribe-proof.ts';

export function handleSubscribe(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> | void {
  const request = parseSubscribe(frame.data);
  if (connection.waitingPositions === null) return subscribe(connection, request, context);
  return subscribeOrRefuse(connection, request, context);
}

/** A position that waits for this subscribe waits in vain when it fails (divergence D33). */
async function subscribeOrRefuse(
  connection: Connection,
  request: SubscribeRequest,
  context: RealtimeContext,
): Promise<void> {
  try {
    await subscribe(connection, request, context);
  } catch (error) {
    context.recovery.refused(connection, request.channel);
    throw error;
  }
}

function subscribe(
  connection: Connection,
  request: SubscribeRequest,
  context: RealtimeContext,
): Promise<void> | void {
  const kind = channelKind(request.channel);
  if (kind.kind === 'meta') return subscribeToMeta(connection, request, context);
  if (kind.kind === 'wildcard') return subscribeToPattern(connection, request, context);
  raise(channelNameErrorWs(request.channel, channelNameRules(connection.app)));
  const filter = subscriptionFilter(request, connection.protocol, context.settings);
  requireRewindable(connection, request);
  const hearsAnnotations = wantsAnnotations(connection, request);
  if (hearsAnnotations) requireAnnotated(connection, request.channel, context);
  if (kind.needsAuth) requireAuth(request);
  requireAccess(connection, request.channel, kind.isPresence, request.rewind !== undefined);
  if (hearsAnnotations) requireAnnotationAccess(connection, request.channel);
  requireOwnUserChannel(connection, request.channel);
  const member = kind.isPresence ? requireMember(connection, request) : null;
  if (kind.needsAuth && !kind.isPresence) requireChannelSignature(connection, request);
  const { channel, delta, rewind } = request;
  return attach(connection, { channel, kind, filter, delta, rewind, hearsAnnotations, member }, context);
}

function subscribeToPattern(
  connection: Connection,
  request: SubscribeRequest,
  context: RealtimeContext,
): Promise<void> | void {
  if (connection.protocol === 1) {
    throw channelError('Wildcard subscriptions are only supported on protocol V2');
  }
  raise(validateWildcard(request.channel, channelNameRules(connection.app)));
  const filter = subscriptionFilter(request, connection.protocol, context.settings);
  requireRewindable(connection, request);
  const hearsAnnotations = wantsAnnotations(connection, request);
  if (hearsAnnotations) requireAnnotated(connection, request.channel, context);
  requireCapability(connection, 'subscribe', request.channel);
  if (request.rewind !== undefined) requireCapability(connection, 'history', request.channel);
  if (hearsAnnotations) requireAnnotationAccess(connection, request.channel);
  const { channel, delta, rewind } = request;
  const kind = channelKind(channel);
  return attach(
    connection,
    { channel, kind, filter, delta, rewind, hearsAnnotations, member: null },
    context,
  );
}

/** The counts of a channel are open to whoever may be in the channel itself (divergence D14). */
function subscribeToMeta(
  connection: Connection,
  request: SubscribeRequest,
  context: RealtimeContext,
): Promise<void> | void {
  if (connection.protocol === 1) {
    throw channelError('Metachannel subscriptions are only supported on protocol V2');
  }
  const base = metaBase(request.channel) ?? '';
  raise(channelNameErrorWs(base, channelNameRules(connection.app)));
  const baseKind = channelKind(base);
  requireAccess(connection, base, baseKind.isPresence, false);
  requireOwnUserChannel(connection, base);
  if (baseKind.needsAuth && !connection.subscriptions.has(base)) {
    requireAuth(request);
    requireChannelSignature(connection, { ...request, channel: base });
  }
  const kind = channelKind(request.channel);
  return attach(connection, { channel: request.channel, kind, filter: null, member: null }, context);
}

function requireRewindable({ protocol, app }: Connection, { rewind, channel }: SubscribeRequest): void {
  if (rewind === undefined) return;
  if (protocol === 1) throw channelError('Channel rewind is only supported on protocol V2');
  if (!rewindsChannel(app, channel)) {
    throw channelError(`Channel rewind is disabled by policy for channel '${channel}'`);
  }
}

/** Protocol 1 may ask and never gets any. */
const wantsAnnotations = ({ protocol }: Connection, { modes }: SubscribeRequest): boolean =>
  protocol === 2 && modes?.includes(ANNOTATION_MODE) === true;

function requireAnnotated({ app }: Connection, channel: string, { settings }: RealtimeContext): void {
  if (settings.annotationsEnabled && annotatesChannel(app, channel)) return;
  throw channelError(`Annotations are disabled by policy for channel '${channel}'`);
}

/** Must be granted in so many words: without any list of capabilities nobody has it. */
function requireAnnotationAccess({ capabilities }: Connection, channel: string): void {
  if (capabilities === null) throw annotationAccessError(channel);
  if (!allows(capabilities, 'annotation-subscribe', channel)) {
    throw capabilityError('annotation-subscribe', channel);
  }
}

function requireAuth(request: SubscribeRequest): void {
  if (request.auth === undefined || request.auth === '') {
    throw authenticationError('Authentication signature required for this channel');
  }
}

function requireAccess(connection: Connection, channel: string, isPresence: boolean, rewinds: boolean): void {
  requireNamespace(connection, channel, 'subscribe');
  if (isPresence) requireNamespace(connection, channel, 'presence');
  requireCapability(connection, 'subscribe', channel);
  if (isPresence) requireCapability(connection, 'presence', channel);
  if (rewinds) requireCapability(connection, 'history', channel);
  requireUserLimit(connection, channel);
}

/** Divergence D17: nobody listens to what is meant for another user. */
function requireOwnUserChannel(connection: Connection, channel: string): void {
  const userId = userChannelId(channel);
  if (userId === null || userId === connection.userId) return;
  throw authenticationError(`Connection is not allowed to subscribe channel '${channel}'`);
}

function raise(error: ProtocolError | null): void {
  if (error !== null) throw error;
}
