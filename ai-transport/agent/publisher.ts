/**
 * Everything that is published for one run: each request carries the claim, and after the first refusal for want of it nothing
 * leaves any more. Must not know: what the events mean.
 */
import { randomBytes } from 'node:crypto';
import type { AppendStream, Sockudo } from 'sockudo';
import type { AiMessage } from '../wire/index.ts';
import { AgentError, isFenced } from './errors.ts';

export interface PublisherParts {
  readonly sockudo: Sockudo;
  readonly channel: string;
  /** `RUNID:GENERATION`; absent: the run was not claimed. */
  readonly fence?: string | undefined;
  /** The claim is gone. Called once. */
  readonly onFenced: (error: AgentError) => void;
}

/** Where a message was stored. */
export interface PublishedAt {
  readonly messageSerial: string;
  readonly deliverySerial: number;
}

export interface MessageChange {
  readonly data?: string;
  readonly extras: AiMessage['extras'];
  readonly op_id: string;
}

/** 16 characters that nobody else has. */
export const randomId = (): string => randomBytes(12).toString('base64url');

export class Publisher {
  readonly #parts: PublisherParts;
  #closedBy: AgentError | null = null;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Why nothing is published any more; null: it is. */
  get closedBy(): AgentError | null {
    return this.#closedBy;
  }

  /** Nothing leaves from here on. */
  close(error: AgentError): void {
    this.#closedBy ??= error;
  }

  /**
   * Repeated by the SDK as long as that can help, and stored once.
   * @throws AgentError `fenced`, `publish_failed`
   */
  publish({ name, extras }: AiMessage, data: unknown = '', messageId = randomId()): Promise<PublishedAt> {
    const { sockudo, channel } = this.#parts;
    return this.#guarded(async () => {
      const response = await sockudo.trigger(channel, name, data, {
        message_id: messageId,
        extras,
        ...this.#fence,
      });
      return publishedAt(await response.json(), channel);
    });
  }

  /** @throws AgentError `fenced`, `publish_failed` */
  update(messageSerial: string, change: MessageChange): Promise<void> {
    const { sockudo, channel } = this.#parts;
    return this.#guarded(async () => {
      await sockudo.updateMessage(channel, messageSerial, { ...change, ...this.#fence });
    });
  }

  /** Its failures are for {@link failure}. */
  appends(messageSerial: string, maxUnacked: number): AppendStream {
    const { sockudo, channel } = this.#parts;
    if (this.#closedBy !== null) throw this.#closedBy;
    return sockudo.appendStream(channel, messageSerial, { maxUnacked, ...this.#fence });
  }

  /** What a failed request means for the run. */
  failure(error: unknown): AgentError {
    if (error instanceof AgentError) return error;
    if (this.#closedBy !== null) return this.#closedBy;
    if (!isFenced(error)) return new AgentError('publish_failed', messageOf(error), { cause: error });
    const fenced = new AgentError('fenced', 'The claim on the run is not held any more', { cause: error });
    this.close(fenced);
    this.#parts.onFenced(fenced);
    return fenced;
  }

  get #fence(): { readonly fence?: string } {
    const { fence } = this.#parts;
    return fence === undefined ? {} : { fence };
  }

  async #guarded<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    if (this.#closedBy !== null) throw this.#closedBy;
    try {
      return await request();
    } catch (error) {
      throw this.failure(error);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function publishedAt(answer: unknown, channel: string): PublishedAt {
  // CAST: every member is checked below.
  const { channels } = answer as { channels?: Record<string, Record<string, unknown>> };
  const { message_serial: messageSerial, delivery_serial: deliverySerial } = channels?.[channel] ?? {};
  if (typeof messageSerial === 'string' && typeof deliverySerial === 'number')
    return { messageSerial, deliverySerial };
  throw new AgentError('publish_failed', 'The server names no serials: is versioned_messages on?');
}
