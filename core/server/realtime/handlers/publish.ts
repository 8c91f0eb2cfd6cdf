// sockudo:publish: a client publishes a message as the HTTP API does, under its own verified name, and is told its serials.
import {
  type ClientFrame,
  type ClientPublish,
  channelKind,
  clientEventError,
  httpError,
  invalidEventName,
  type JsonObject,
  member,
  type ProtocolError,
  parseClientPublish,
  stripPrefix,
} from '@sockudo/protocol';
import { publishLimits } from '../../http/publish-limits.ts';
import type { ClientAcknowledgement } from '../../publish/acknowledgement.ts';
import { acknowledge, requireSubscription } from '../acknowledged-request.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { requireGrant } from '../permissions.ts';

export function handlePublish(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  return acknowledge('publish', connection, frame, context, async (body) => {
    const request = parseClientPublish(body, publishLimits(connection.app));
    const { channel, event } = request;
    if (!mayClientPublish(event.name, context)) throw clientNameError();
    requireGrant(connection, 'publish', channel);
    requireSubscription(connection, channel);
    requireKind(channel);
    const own = context.stages.clientEvents.get(event.name);
    const done =
      own === undefined
        ? await publish(connection, request, context)
        : await own(connection, frameOf(request, body), context);
    const { acknowledgement, isRepeat = false } = done ?? {};
    return JSON.stringify({ channel, ...acknowledgement, status: isRepeat ? 'duplicate' : 'applied' });
  });
}

/** What clients may publish: names of their own, and what a plug-in answers for. Everything else is a backend's to say. */
export const mayClientPublish = (name: string, { stages }: Pick<RealtimeContext, 'stages'>): boolean =>
  isClientName(name) || (stripPrefix(name) === null && stages.clientEvents.has(name));

/** Names that say of themselves that a client chose them. */
export const isClientName = (name: string): boolean => name.startsWith('client-');

/** 4000 `Invalid event name: …` */
export const clientNameError = (): ProtocolError => invalidEventName('Clients may not publish this event');

/** Public ones, too, unlike client events, which nobody has to be allowed. @throws ProtocolError 4301 */
function requireKind(channel: string): void {
  const { kind, isCache } = channelKind(channel);
  const isOpen = kind === 'public' || kind === 'private' || kind === 'presence' || kind === 'encrypted';
  if (isOpen && !isCache) return;
  throw clientEventError('Clients may not publish to channels of this kind');
}

async function publish(
  connection: Connection,
  { channel, event }: ClientPublish,
  context: RealtimeContext,
): Promise<ClientAcknowledgement> {
  const { app, socketId, userId } = connection;
  if (!app.clientMessagesEnabled) throw clientEventError('Client events are not enabled for this app');
  const { name, data, messageId, tags, extras } = event;
  // Whoever reads these headers takes them for checked, which only a plug-in could have done.
  if (extras?.ai !== undefined) throw httpError('forbidden', `extras.ai is not for the event '${name}'`);
  const hearsItself = (extras?.echo ?? connection.echo) && context.settings.echo.enabled;
  if (!hearsItself) connection.counters.echoSuppressed += 1;
  return context.publisher.publishAcknowledged({
    app,
    channel,
    event: name,
    data,
    senderSocketId: socketId,
    ...(!hearsItself && { exceptSocketId: socketId }),
    ...(userId !== null && { userId, creatorId: userId }),
    ...(messageId !== undefined && { messageId }),
    ...(tags !== undefined && { tags }),
    ...(extras !== undefined && { extras }),
  });
}

/** The request as the client event that it stands for. */
function frameOf({ channel, event }: ClientPublish, body: JsonObject): ClientFrame {
  const { name, messageId, tags } = event;
  const extras = member(body, 'extras');
  const data = member(body, 'data');
  return {
    event: name,
    channel,
    data,
    dataIsMissing: data === undefined,
    ...(messageId !== undefined && { messageId }),
    ...(tags !== undefined && { tags }),
    // CAST: parseClientPublish read an object out of it.
    ...(event.extras !== undefined && { extras: extras as JsonObject }),
    raw: body,
  };
}
