// client-* events (realtime.md section 5.1). The checks stand in the documented order; the first that fails answers.
import {
  type ClientFrame,
  channelKind,
  channelNameInvalid,
  clientEventError,
  dataText,
  invalidEventName,
  utf8Length,
} from '@sockudo/protocol';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { countEvent } from '../event-rate.ts';
import { requireCapability, requireNamespace, requireUserLimit } from '../permissions.ts';

export function handleClientEvent(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> | void {
  const { app, socketId } = connection;
  if (!countEvent(connection)) return;
  const { channel } = frame;
  if (channel === undefined) throw clientEventError('Channel required for client event');
  if (!app.clientMessagesEnabled) throw clientEventError('Client events are not enabled for this app');
  const data = dataText(frame);
  requireForm(connection, frame.event, channel, data);
  requireNamespace(connection, channel, 'publish');
  requireCapability(connection, 'publish', channel);
  requireUserLimit(connection, channel);
  const subscription = connection.subscriptions.get(channel);
  if (subscription === undefined) {
    throw clientEventError(`Socket ${socketId} is not subscribed to channel ${channel}`);
  }
  const hearsItself = connection.echo && context.settings.echo.enabled;
  if (!hearsItself && connection.protocol === 2) connection.counters.echoSuppressed += 1;
  return context.publisher.publishClientEvent({
    app,
    channel,
    event: frame.event,
    data,
    senderSocketId: socketId,
    ...(!hearsItself && { exceptSocketId: socketId }),
    ...(subscription.memberId !== null && { userId: subscription.memberId }),
    ...(connection.userId !== null && { creatorId: connection.userId }),
  });
}

function requireForm(connection: Connection, event: string, channel: string, data: string): void {
  const { limits } = connection.app;
  if (utf8Length(event) > limits.maxEventNameBytes) {
    throw invalidEventName(`Event name exceeds maximum length of ${limits.maxEventNameBytes}`);
  }
  if (utf8Length(channel) > limits.maxChannelNameBytes) {
    throw channelNameInvalid(`Channel name exceeds maximum length of ${limits.maxChannelNameBytes}`);
  }
  requireOpenKind(channel);
  const maxBytes = limits.maxEventPayloadBytes;
  if (maxBytes === null) return;
  const bytes = utf8Length(data);
  if (bytes > maxBytes) {
    throw clientEventError(`Event payload size (${bytes} bytes) exceeds limit (${maxBytes / 1024}KB)`);
  }
}

function requireOpenKind(channel: string): void {
  const kind = channelKind(channel);
  const isOpenToClients = kind.kind === 'private' || kind.kind === 'presence' || kind.kind === 'encrypted';
  if (!isOpenToClients || kind.isCache) {
    throw clientEventError('Client events can only be sent to private or presence channels');
  }
}
