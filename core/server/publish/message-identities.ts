// The ids and the time that a message gets when it is accepted: `message_id` where messages have a position, a message serial
// where they are mutable (realtime.md sections 6.1 and 7.1).
import { randomUUID } from 'node:crypto';
import type { VersionSerials } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { hasPositions, keepsHistory } from '../apps/durability.ts';

export interface MessageIdentity {
  readonly publishedAtMs: number;
  readonly messageId?: string;
  /** Present where the message is mutable. */
  readonly versionSerial?: (historySerial: number) => string;
}

export class MessageIdentities {
  readonly #versionSerial: (historySerial: number) => string;

  constructor(serials: VersionSerials) {
    this.#versionSerial = (historySerial) => serials.next(historySerial);
  }

  of(
    app: App,
    channel: string,
    isEphemeral: boolean,
    requestedMessageId: string | undefined,
  ): MessageIdentity {
    const isStored = !isEphemeral && hasPositions(app, channel);
    const messageId = requestedMessageId ?? (isStored ? randomUUID() : undefined);
    const isMutable = isStored && app.versionsEnabled && keepsHistory(app, channel);
    return {
      publishedAtMs: Date.now(),
      ...(messageId !== undefined && { messageId }),
      ...(isMutable && { versionSerial: this.#versionSerial }),
    };
  }
}
