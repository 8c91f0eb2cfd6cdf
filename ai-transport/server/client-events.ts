// `ai-input` and `ai-cancel` of clients, and the refusal of what only an agent may say. The checks stand in the order of
// ai-transport-wire.md section 6; the first that fails answers.
import {
  AI_EVENTS,
  aiExtrasError,
  aiMessageIdError,
  type ClientAiEvent,
  type HeaderLimits,
  isClientAiEvent,
  type Lifecycle,
  lifecycleOf,
  reservedHeaderError,
  spoofError,
  stampIdentity,
  verifiedAuthor,
} from '@sockudo/ai-transport/wire';
import {
  aiError,
  type ClientFrame,
  clientEventError,
  dataText,
  type Extras,
  invalidMessage,
  ProtocolError,
  parseExtras,
} from '@sockudo/protocol';
import {
  type ClientEventHandler,
  type Connection,
  type RealtimeContext,
  requireCapability,
  requireNamespace,
  requireUserLimit,
} from '@sockudo/server/plugins';
import type { AiChannels } from './channels.ts';
import type { AiMetrics } from './metrics.ts';
import { anonymousClient, noAiChannel, notPermitted, refusalOf } from './refusals.ts';

/**
 * Whether a client may do this to the run that it names (divergence D64). Called last, for events that are fine otherwise.
 * @throws ProtocolError 4009
 */
export type AuthoriseControl = (
  connection: Connection,
  channel: string,
  lifecycle: Lifecycle,
  context: RealtimeContext,
) => void | Promise<void>;

export interface ClientEventsOptions {
  readonly channels: AiChannels;
  readonly limits: HeaderLimits;
  readonly metrics: AiMetrics;
  readonly authorise: AuthoriseControl;
}

/** What answers each of the eleven events when a client sends it. */
export function aiClientEvents(options: ClientEventsOptions): ReadonlyMap<string, ClientEventHandler> {
  const handler: ClientEventHandler = async (connection, frame, context) => {
    const event = options.metrics.judge(connection.app, frame.event, () =>
      checked(connection, frame, options),
    );
    const lifecycle = lifecycleOf(event.name, event.extras.ai?.transport);
    if (lifecycle !== null) await options.authorise(connection, event.channel, lifecycle, context);
    return publish(connection, frame, event, context);
  };
  return new Map(AI_EVENTS.map((name) => [name, handler]));
}

interface CheckedEvent {
  readonly name: ClientAiEvent;
  readonly channel: string;
  readonly clientId: string;
  readonly extras: Extras;
}

/** @throws ProtocolError */
function checked(connection: Connection, frame: ClientFrame, options: ClientEventsOptions): CheckedEvent {
  const { channel, event: name } = frame;
  if (channel === undefined) throw aiError('channel required for AI event');
  if (!options.channels.has(channel)) throw noAiChannel();
  if (connection.protocol !== 2) throw notPermitted('AI events require protocol v2');
  if (!isClientAiEvent(name)) throw notPermitted('agent AI events require trusted app-key publish');
  const clientId = connection.userId;
  if (clientId === null) throw anonymousClient();
  const extras = checkedExtras(frame, clientId, options.limits);
  requireAccess(connection, channel);
  const transport = stampIdentity(name, extras.ai?.transport, clientId);
  return { name, channel, clientId, extras: { ...extras, ai: { ...extras.ai, transport } } };
}

function checkedExtras(
  { extras: given, messageId }: ClientFrame,
  clientId: string,
  limits: HeaderLimits,
): Extras {
  const extras = parseExtras(given, (text) => invalidMessage(`Decode failed: ${text}`)) ?? {};
  const refusal =
    (messageId === undefined ? null : aiMessageIdError(messageId)) ??
    aiExtrasError(extras.ai ?? {}, limits) ??
    spoofError(extras.ai?.transport, clientId) ??
    reservedHeaderError(extras.headers);
  if (refusal !== null) throw refusalOf(refusal);
  return extras;
}

/** @throws ProtocolError 4301 for the namespace, 4009 for capabilities and users of the channel, 4301 without a subscription */
function requireAccess(connection: Connection, channel: string): void {
  try {
    requireNamespace(connection, channel, 'publish');
  } catch (error) {
    throw ProtocolError.is(error) ? clientEventError(error.detail) : error;
  }
  requireCapability(connection, 'publish', channel);
  requireUserLimit(connection, channel);
  if (connection.subscriptions.has(channel)) return;
  throw clientEventError(`Socket ${connection.socketId} is not subscribed to channel ${channel}`);
}

function publish(
  connection: Connection,
  frame: ClientFrame,
  { name, channel, clientId, extras }: CheckedEvent,
  context: RealtimeContext,
) {
  const { app, socketId } = connection;
  const hearsItself = (extras.echo ?? connection.echo) && context.settings.echo.enabled;
  if (!hearsItself) connection.counters.echoSuppressed += 1;
  const userId = verifiedAuthor(frame.userId, clientId);
  return context.publisher.publishAcknowledged({
    app,
    channel,
    event: name,
    data: dataText(frame),
    senderSocketId: socketId,
    creatorId: clientId,
    extras,
    // What people ask a model is nothing that a webhook should spread.
    withheld: { event: 'ai-event' },
    ...(!hearsItself && { exceptSocketId: socketId }),
    ...(userId !== undefined && { userId }),
    ...(frame.messageId !== undefined && { messageId: frame.messageId }),
    ...(frame.tags !== undefined && { tags: frame.tags }),
  });
}
