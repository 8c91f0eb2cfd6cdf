/**
 * How events of the user's side leave: with an acknowledgement where the server gives one, else as client events, which are confirmed
 * by hearing them. Must not know: what is sent.
 */
import { RequestError, type Sockudo } from '@sockudo/client';
import { serialOf } from '../log/serials.ts';
import type { Outgoing, Publish } from './outbox.ts';

/** @param isAcknowledged whether this server acknowledges what clients publish */
export function publisher(client: Sockudo, channel: string, isAcknowledged: () => boolean): Publish {
  return async (outgoing, signal) => {
    if (!isAcknowledged()) {
      sendEvent(client, channel, outgoing);
      return null;
    }
    const { name, data, extras, id: messageId } = outgoing;
    const subscription = client.channel(channel);
    if (subscription === undefined) throw new RequestError('The channel was unsubscribed', 'not-sent');
    const ack = await subscription.publish(name, data, { messageId, extras, signal });
    const messageSerial = 'message_serial' in ack ? ack.message_serial : undefined;
    const serial = 'history_serial' in ack ? serialOf(ack.history_serial) : undefined;
    return {
      serial: serial ?? null,
      ...(typeof messageSerial === 'string' && { messageSerial }),
    };
  };
}

/** Sockudo reads `message_id` and `extras` of a client's AI events from the envelope. */
function sendEvent(client: Sockudo, channel: string, { id, name, data, extras }: Outgoing): void {
  const text = JSON.stringify({ event: name, channel, data, message_id: id, extras });
  if (!client.connection.send(text)) throw new RequestError('There is no connection', 'not-sent');
}
