// The provider that is this server itself: the push becomes an event of a channel.
import { createHash } from 'node:crypto';
import { type Delivery, type Provider, type SendResult, tokenHashOf } from '../contracts.ts';
import { accepted, again, rejected } from './results.ts';

/** Name of the event, which clients of the realtime transport listen to. */
export const PUSH_EVENT = '__ably_push__';

/** Publishes to a channel of an app; `messageId` makes repeats one. Rejects when the store failed. Null: the app is gone. */
export type PublishEvent = (event: {
  readonly appId: string;
  readonly channel: string;
  readonly event: string;
  /** JSON text. */
  readonly data: string;
  readonly messageId: string;
}) => Promise<'published' | 'unknown-app'>;

export class RealtimeProvider implements Provider {
  readonly name = 'realtime';
  readonly #publish: PublishEvent;

  constructor(publish: PublishEvent) {
    this.#publish = publish;
  }

  async send({ appId, publishId, recipient, payload }: Delivery): Promise<SendResult> {
    if (recipient.transportType !== 'realtime') return rejected('caller_payload', 'no realtime recipient');
    const identity = [appId, publishId, tokenHashOf(recipient)].join('\n');
    const messageId = createHash('sha256').update(identity).digest('hex');
    try {
      const { channel } = recipient;
      const data = JSON.stringify(payload);
      const outcome = await this.#publish({ appId, channel, event: PUSH_EVENT, data, messageId });
      return outcome === 'published' ? accepted(messageId) : rejected('credential_auth', 'unknown app');
    } catch {
      return again('provider_transient', 'the event could not be stored');
    }
  }
}
