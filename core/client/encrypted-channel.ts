/**
 * Private channels whose events only their members can read. Decrypts before handlers see anything; the server never has the key.
 * When an event does not open, the key is asked for again, once for all events that wait on it.
 */
import type { MessagePatch } from './channel-publishing.ts';
import type { Undeclared } from './emitter.ts';
import { UnsupportedFeature } from './errors.ts';
import { type Frame, keepsRawData, parseText } from './frame.ts';
import type { ChannelAuthorizationData } from './options.ts';
import { PrivateChannel } from './private-channel.ts';
import { openSecretbox, secretboxKey } from './secretbox.ts';
import { messageOf } from './values.ts';

/** Events that wait for a new key; further ones are dropped. */
export const WAITING_MAX = 1000;
/** After a new key that opened nothing, milliseconds without asking again: junk must not turn into load on the endpoint. */
export const KEY_PAUSE_MS = 10_000;

export class EncryptedChannel<Events extends object = Undeclared> extends PrivateChannel<Events> {
  #key: Uint8Array | undefined;
  /** Events in order, the one that did not open first; undefined while none waits. */
  #waiting: Frame[] | undefined;
  /** Counts key requests; an answer to an earlier one is dropped. */
  #renewal = 0;
  #pauseUntilMs = 0;

  /** @throws UnsupportedFeature always: there is no key agreement for client events */
  override trigger(_event: string, _data: unknown): boolean {
    throw new UnsupportedFeature('Client events are not supported on encrypted channels');
  }

  /** Rejects with UnsupportedFeature: without a key of its own nobody could read it. So do the changes of messages. */
  override async publish(_name: string, _data: unknown): Promise<never> {
    throw new UnsupportedFeature('Publishing is not supported on encrypted channels');
  }

  override async appendMessage(_messageSerial: string, _data: string): Promise<never> {
    throw new UnsupportedFeature('Messages of encrypted channels cannot be changed by clients');
  }

  override async updateMessage(_messageSerial: string, _patch: MessagePatch): Promise<never> {
    throw new UnsupportedFeature('Messages of encrypted channels cannot be changed by clients');
  }

  override async deleteMessage(_messageSerial: string): Promise<never> {
    throw new UnsupportedFeature('Messages of encrypted channels cannot be changed by clients');
  }

  override leave(): boolean {
    this.#waiting = undefined;
    return super.leave();
  }

  protected override accepted(data: ChannelAuthorizationData): void {
    if (data.shared_secret === undefined) {
      throw new Error(`No shared_secret key in auth payload for encrypted channel: ${this.name}`);
    }
    this.#key = secretboxKey(data.shared_secret);
    this.#deliverWaiting();
  }

  protected override deliver(frame: Frame): void {
    if (this.host.names.isProtocol(frame.event)) super.deliver(frame);
    else if (this.#waiting === undefined) this.#open(frame);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(frame);
    else this.#dropped(frame, 'too many events wait for the key');
  }

  #open(frame: Frame): void {
    if (this.#key === undefined) {
      this.#dropped(frame, 'there is no key yet');
      return;
    }
    const opened = openSecretbox(frame.data, this.#key);
    if (opened.kind === 'opened') this.#deliverText(frame, opened.text);
    else if (opened.kind === 'malformed') this.#dropped(frame, 'its data is not {nonce, ciphertext}');
    else if (this.host.runtime.now() < this.#pauseUntilMs) this.#dropped(frame, 'no key opens it');
    else this.#renewKey(frame);
  }

  #renewKey(frame: Frame): void {
    const renewal = ++this.#renewal;
    this.#waiting = [frame];
    const isLate = () => renewal !== this.#renewal || this.#waiting === undefined;
    this.host
      .authorize(this)
      .then((data) => isLate() || this.accepted(data))
      .catch((error: unknown) => {
        if (isLate()) return;
        this.host.logger.error(`no new key for ${this.name}: ${messageOf(error)}`);
        this.#deliverWaiting();
      });
  }

  #deliverWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (waiting.length === 0 || this.#key === undefined) return;
    for (const frame of waiting) {
      const opened = openSecretbox(frame.data, this.#key);
      if (opened.kind === 'opened') this.#deliverText(frame, opened.text);
      else {
        this.#pauseUntilMs = this.host.runtime.now() + KEY_PAUSE_MS;
        this.#dropped(frame, 'no key opens it');
      }
    }
  }

  #deliverText(frame: Frame, text: string): void {
    super.deliver({ ...frame, data: keepsRawData(frame.event, this.host.names) ? text : parseText(text) });
  }

  #dropped(frame: Frame, why: string): void {
    this.host.logger.error(`dropped ${frame.event} of ${this.name}: ${why}`);
  }
}
