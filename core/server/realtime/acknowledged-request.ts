// Requests whose outcome a client is told, by the id that it gave them (protocol 2). Whatever becomes of one is answered with
// that id: an acknowledgement once the store has kept its promise, or an error frame.
import {
  type ClientFrame,
  clientEventError,
  internalError,
  type JsonObject,
  namedRequestOf,
  ProtocolError,
  parseClientRequest,
  protocolError,
  requestAckFrame,
  requestErrorFrame,
} from '@sockudo/protocol';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import type { Handler } from './dispatch.ts';
import { countEvent } from './event-rate.ts';
import { requireNamespace, requireUserLimit } from './permissions.ts';
import type { Subscription } from './subscription.ts';

/**
 * Runs one request.
 * @param answer gives the JSON text of the acknowledgement, an object with at least one member
 * @throws ProtocolError where the request can't be named: on protocol 1, and without an id
 */
export async function acknowledge(
  kind: 'publish' | 'mutate',
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
  answer: (body: JsonObject) => Promise<string>,
): Promise<void> {
  if (connection.protocol === 1) throw protocolError(`sockudo:${kind} is only supported on protocol V2`);
  const { requestId, body } = parseClientRequest(`sockudo:${kind}`, frame.data);
  try {
    if (!countEvent(connection)) return;
    const text = await answer(body);
    connection.sendText(requestAckFrame(`sockudo:${kind}_ack`, requestId, text, connection.messageId()));
  } catch (error) {
    refuse(connection, requestId, error, context);
  }
}

/**
 * Runs a plug-in's request. Where the client gave it an id, a refusal comes back with it; what it is answered with besides is the
 * handler's business.
 * @throws what the handler throws, where the request has no id
 */
export async function runNamed(
  handler: Handler,
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  try {
    await handler(connection, frame, context);
  } catch (error) {
    const named = connection.protocol === 1 ? null : namedRequestOf(frame.data);
    if (named === null) throw error;
    refuse(connection, named.requestId, error, context);
  }
}

function refuse(connection: Connection, requestId: string, error: unknown, context: RealtimeContext): void {
  let refusal = error;
  if (!ProtocolError.is(refusal)) {
    context.logger.error(
      { err: error, app_id: connection.app.id, socket_id: connection.socketId },
      'a request of a client failed',
    );
    refusal = internalError('Something went wrong');
  }
  // CAST: made one above, unless it was.
  const known = refusal as ProtocolError;
  connection.counters.connectionErrors.add(known.code);
  connection.sendText(requestErrorFrame(requestId, known, connection.messageId()));
}

/**
 * The subscription through which a client may send to a channel.
 * @throws ProtocolError 4009 for the namespace and the users of the channel, 4301 without a subscription of exactly this name
 */
export function requireSubscription(connection: Connection, channel: string): Subscription {
  requireNamespace(connection, channel, 'publish');
  requireUserLimit(connection, channel);
  const subscription = connection.subscriptions.get(channel);
  if (subscription !== undefined) return subscription;
  throw clientEventError(`Socket ${connection.socketId} is not subscribed to channel ${channel}`);
}
