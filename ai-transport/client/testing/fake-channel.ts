/**
 * A channel's log without a server, for tests: what is published and changed, and how a reader gets it — as live frames, as single or
 * merged ones, and as rows of a history at any moment.
 */
import type { EventMetadata, HistoryItem } from '@sockudo/client';
import type { TransportHeaders, WireHeaders } from '../../wire/index.ts';
import { entryOfFrame, entryOfRow, type LogEntry } from '../log/entry.ts';
import { type LoggedMessage, MessageLog } from '../log/message-log.ts';

export interface Frame {
  readonly event: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

interface Version {
  readonly serial: number;
  readonly action: 'create' | 'append' | 'update' | 'delete';
  readonly name: string;
  /** Of an append: the fragment. */
  readonly data: string | undefined;
  readonly whole: string | undefined;
  readonly transport: WireHeaders;
  readonly codec: WireHeaders;
}

interface Message {
  readonly key: string;
  readonly messageId: string;
  readonly versions: Version[];
}

export interface Publishing {
  readonly data?: string;
  readonly codec?: WireHeaders;
  readonly messageId?: string;
}

const STREAM = 'stream-1';
const serialText = (serial: number): string =>
  `${String(1_770_000_000_000 + serial).padStart(20, '0')}:n1:${String(serial).padStart(20, '0')}`;

export class FakeChannel {
  readonly name = 'private-ai-1';
  readonly #messages: Message[] = [];
  /** Every version, in the order of the log. */
  readonly #log: { readonly message: Message; readonly version: Version }[] = [];

  /** Serial of the newest version. */
  get head(): number {
    return this.#log.length;
  }

  /** @returns the message serial */
  publish(
    name: string,
    transport: TransportHeaders & WireHeaders,
    { data, codec = {}, messageId }: Publishing = {},
  ): string {
    const serial = this.head + 1;
    const key = serialText(serial);
    const message = { key, messageId: messageId ?? `m${serial}`, versions: [] };
    this.#messages.push(message);
    this.#add(message, { serial, action: 'create', name, data, whole: data, transport, codec });
    return key;
  }

  append(key: string, data: string, transport?: WireHeaders): void {
    const { message, last } = this.#find(key);
    const whole = `${last.whole ?? ''}${data}`;
    this.#add(message, {
      ...last,
      serial: this.head + 1,
      action: 'append',
      data,
      whole,
      ...(transport && { transport }),
    });
  }

  update(key: string, data: string, transport?: WireHeaders): void {
    const { message, last } = this.#find(key);
    this.#add(message, {
      ...last,
      serial: this.head + 1,
      action: 'update',
      data,
      whole: data,
      ...(transport && { transport }),
    });
  }

  delete(key: string): void {
    const { message, last } = this.#find(key);
    this.#add(message, { ...last, serial: this.head + 1, action: 'delete', data: last.whole });
  }

  /** The live frame of one version. */
  frame(serial: number, { dotted = true } = {}): Frame {
    return this.mergedFrame(serial, serial, { dotted });
  }

  /** Appends to one message in one frame, as rollup sends them. */
  mergedFrame(from: number, to: number, { dotted = true } = {}): Frame {
    const { message, version } = this.#at(to);
    const parts = this.#log.slice(from - 1, to).map((entry) => entry.version.data);
    const { action, name, transport, codec } = version;
    const isCreate = action === 'create';
    return {
      event: isCreate ? name : `sockudo:message.${action}`,
      data: action === 'append' ? parts.join('') : version.data,
      metadata: {
        channel: this.name,
        serial: to,
        stream_id: STREAM,
        message_id: isCreate ? message.messageId : serialText(to),
        ...(!isCreate && { name }),
        extras: {
          ai: { transport, codec },
          headers: {
            sockudo_action: dotted ? `message.${action}` : action,
            sockudo_message_serial: message.key,
            sockudo_version_serial: serialText(to),
            sockudo_version_timestamp_ms: 1_770_000_000_000 + to,
            sockudo_history_serial: message.versions[0]?.serial,
          },
        },
      },
    };
  }

  /** Whether the two versions are appends to one message, so that one frame may stand for both. */
  areOneStream(from: number, to: number): boolean {
    const entries = this.#log.slice(from - 1, to);
    return entries.every(
      ({ message, version }) => message === entries[0]?.message && version.action === 'append',
    );
  }

  /** A rewound row: the message as it stood. */
  rewoundFrame(key: string, at = this.head): Frame {
    const { message } = this.#find(key);
    const version = message.versions.findLast(({ serial }) => serial <= at);
    if (version === undefined) throw new Error('there is no such message yet');
    const frame = this.frame(version.serial);
    if (version.action === 'create') return frame;
    // Appends are rewound as updates (D37).
    const action = version.action === 'append' ? 'update' : version.action;
    return {
      ...frame,
      event: `sockudo:message.${action}`,
      data: version.whole,
      metadata: {
        ...frame.metadata,
        extras: {
          ...frame.metadata.extras,
          headers: { ...Object(frame.metadata.extras?.headers), sockudo_action: `message.${action}` },
        },
      },
    };
  }

  /** Rows of the history as it stood at a moment, newest first. */
  rows({ at = this.head, above = 0, below = Number.POSITIVE_INFINITY, dotted = false } = {}): HistoryItem[] {
    return this.#messages
      .flatMap((message) => this.#row(message, { at, above, below, dotted }) ?? [])
      .reverse();
  }

  /** What a reader of everything knows. */
  whole(): MessageLog {
    const log = new MessageLog();
    log.foldAll(this.rows().flatMap((row) => entryOfRow(row) ?? []));
    return log;
  }

  #row(
    message: Message,
    { at, above, below, dotted }: { at: number; above: number; below: number; dotted: boolean },
  ): HistoryItem | null {
    const place = message.versions[0]?.serial ?? 0;
    const version = message.versions.findLast(({ serial }) => serial <= at);
    if (version === undefined || place <= above || place >= below) return null;
    const { action, name, whole, transport, codec, serial } = version;
    return {
      stream_id: STREAM,
      serial: place,
      published_at_ms: 1_770_000_000_000 + place,
      message_id: message.messageId,
      event_name: `sockudo:message.${action}`,
      operation_kind: action,
      payload_size_bytes: 1,
      message: {
        event: `sockudo:message.${action}`,
        channel: this.name,
        name,
        ...(whole !== undefined && { data: whole }),
        // CAST: HTTP answers have the dotted word in some places.
        action: (dotted ? `message.${action}` : action) as 'create',
        serial,
        message_serial: message.key,
        history_serial: place,
        delivery_serial: serial,
        version: { serial: serialText(serial), timestamp_ms: 1_770_000_000_000 + serial },
        extras: { ai: { transport, codec } },
      },
    };
  }

  #add(message: Message, version: Version): void {
    message.versions.push(version);
    this.#log.push({ message, version });
  }

  #at(serial: number): { message: Message; version: Version } {
    const entry = this.#log[serial - 1];
    if (entry === undefined) throw new Error(`nothing at ${serial}`);
    return entry;
  }

  #find(key: string): { message: Message; last: Version } {
    const message = this.#messages.find((candidate) => candidate.key === key);
    const last = message?.versions.at(-1);
    if (message === undefined || last === undefined) throw new Error(`no message ${key}`);
    return { message, last };
  }
}

export function entryOf({ event, data, metadata }: Frame): LogEntry {
  const entry = entryOfFrame(event, data, metadata, { appendMode: 'delta' });
  if (entry === null) throw new Error(`${event} is no message`);
  return entry;
}

export const texts = (messages: readonly LoggedMessage[]): (string | undefined)[] =>
  messages.map(({ text }) => text);
