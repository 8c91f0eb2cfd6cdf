// For tests: what a client makes of the frames of one channel, over any number of connections. It throws where text comes twice,
// where serials go back, and where a frame without a place overtakes what was held.
import { expect } from 'vitest';
import type { Frame } from '../../testing/test-client.ts';

export interface Known {
  readonly data: string;
  /** It has everything of the message up to here. */
  readonly serial: number;
  /** Its beginning is known. */
  readonly hasBase: boolean;
}

export class RolledReader {
  readonly appendMode: 'delta' | 'full';
  readonly known = new Map<string, Known>();
  /** What it would resume from; null: not acknowledged yet. */
  position: { readonly streamId: string; readonly serial: number } | null = null;
  /** Its first acknowledgement: what is above comes live or by a resume. */
  startSerial = 0;
  /** It also subscribed to a pattern, which may bring what an acknowledgement of the name covers: that is known by its serial. */
  hasPattern = false;
  #acknowledged = 0;
  /** Of what a rewind showed. */
  shownSerial = 0;
  /** Between acknowledgement and the end of the rewind. */
  isRewinding = false;

  constructor(appendMode: 'delta' | 'full') {
    this.appendMode = appendMode;
  }

  /** Everything up to here came, or was shown by the rewind. */
  get reached(): number {
    return Math.max(this.position?.serial ?? 0, this.shownSerial);
  }

  read(frame: Frame, rewinds: boolean): void {
    if (frame.event === 'sockudo_internal:subscription_succeeded') {
      this.#acknowledged = Math.max(this.#acknowledged, Number(frame.serial));
      if (this.position !== null) return;
      this.startSerial = Number(frame.serial);
      this.position = { streamId: String(frame.stream_id), serial: this.startSerial };
      this.isRewinding = rewinds;
    } else if (frame.event === 'sockudo:rewind_complete') this.isRewinding = false;
    else if (frame.event === 'sockudo:resume_failed') throw new Error(String(frame.data));
    else if (frame.event === 'typing') expect(this.reached).toBeGreaterThanOrEqual(Number(frame.data));
    else if (frame.event === 'sockudo:channel_history') this.#page(frame);
    else if (frame.serial !== undefined) this.#message(frame);
  }

  #message(frame: Frame): void {
    const serial = Number(frame.serial);
    const data = String(frame.data);
    const headers = headersOf(frame);
    const id = String(headers.sockudo_message_serial);
    const before = this.known.get(id);
    const isFragment = headers.sockudo_action === 'message.append' && this.appendMode === 'delta';
    // Rows of the past are in the order of creates, and may be newer than what comes live after them.
    if (this.isRewinding && !isFragment) {
      this.known.set(id, { data, serial, hasBase: true });
      this.shownSerial = Math.max(this.shownSerial, serial);
      return;
    }
    const { position } = this;
    if (position === null) throw new Error('a message came before the acknowledgement');
    if (this.hasPattern && serial <= Math.min(this.#acknowledged, position.serial)) return;
    if (serial <= position.serial) throw new Error(`${serial} came after ${position.serial}`);
    this.position = { ...position, serial };
    // It was shown by a page of the history.
    if (before !== undefined && serial <= before.serial) return;
    const text = isFragment ? (before?.data ?? '') + data : data;
    this.known.set(id, { data: text, serial, hasBase: !isFragment || before?.hasBase === true });
  }

  /** Shows messages as they stand: what comes later with a lower serial is in it. */
  #page(frame: Frame): void {
    // CAST: pages of the history have these members.
    const { items } = frame.data as { items: PageItem[] };
    for (const { message_serial: id, delivery_serial: serial, message } of items) {
      if ((this.known.get(id)?.serial ?? 0) > serial) continue;
      this.known.set(id, { data: message.data, serial, hasBase: true });
    }
  }
}

interface PageItem {
  readonly message_serial: string;
  readonly delivery_serial: number;
  readonly message: { readonly data: string };
}

// CAST: frames of messages with versions have these headers.
const headersOf = (frame: Frame): Record<string, unknown> =>
  (frame.extras as { headers: Record<string, unknown> }).headers;
