// Rebuilds the messages of one connection from whole frames and deltas, as a client must, with decoders that are not ours:
// fossil-delta and @ably/vcdiff-decoder. Bases by channel, event and conflation key.
import { decode as applyVcdiff } from '@ably/vcdiff-decoder';
import { type BinaryFormat, decodeBinaryFrame, encodeV2, type V2Envelope } from '@sockudo/protocol';
import { applyDelta as applyFossil } from 'fossil-delta';
import type { RawData, WebSocket } from 'ws';
import { Inbox } from './inbox.ts';

/** A published message as a subscriber understood it. */
export interface Rebuilt {
  readonly event: string;
  readonly channel: string;
  /** Parsed where it is JSON text. */
  readonly data: unknown;
  /** plain: whole, without a number. full: whole, a base. delta: rebuilt. */
  readonly via: 'plain' | 'full' | 'delta';
  readonly seq?: number;
  /** As the delta frame named it. */
  readonly algorithm?: string;
  readonly key?: string;
  /** Text of the whole frame without marks. */
  readonly text: string;
}

interface Parsed {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly __delta_seq?: number;
  readonly __conflation_key?: string;
}

interface DeltaData {
  readonly event: string;
  readonly delta: string;
  readonly seq: number;
  readonly algorithm?: string;
  readonly conflation_key?: string;
  readonly base_index: number;
}

export class DeltaReceiver {
  readonly messages = new Inbox<Rebuilt>();
  readonly #bases = new Map<string, { readonly seq: number; readonly text: string }>();
  readonly #format: BinaryFormat | 'json';
  /** For deltas that name none. */
  algorithm = 'fossil';

  constructor(webSocket: WebSocket, format: BinaryFormat | 'json' = 'json') {
    this.#format = format;
    webSocket.on('message', (bytes: RawData) => {
      try {
        // CAST: `ws` gives Buffers unless told otherwise.
        this.#receive(bytes as Buffer);
      } catch (error) {
        this.messages.end(`a frame could not be understood: ${String(error)}`);
      }
    });
  }

  /** The next messages of a channel, in order. */
  async take(count: number, channel?: string): Promise<Rebuilt[]> {
    const taken: Rebuilt[] = [];
    while (taken.length < count) {
      taken.push(await this.messages.next((one) => channel === undefined || one.channel === channel));
    }
    return taken;
  }

  #receive(bytes: Buffer): void {
    const text = this.#format === 'json' ? bytes.toString('utf8') : jsonOf(this.#format, bytes);
    // CAST: every frame of the server is an object with an event.
    const frame = JSON.parse(text) as Parsed;
    if (frame.event === 'sockudo:delta') {
      // CAST: what follows fails a test that gets something else.
      this.messages.push(this.#rebuild(frame.channel ?? '', frame.data as DeltaData));
    } else if (!/^(sockudo|pusher)(_internal)?:/.test(frame.event)) {
      this.messages.push(this.#take(frame, text));
    }
  }

  #take(frame: Parsed, marked: string): Rebuilt {
    const { __delta_seq: seq, __conflation_key: key, channel = '', event } = frame;
    const text = marked.replace(/(?:,"__delta_seq":\d+)(?:,"__conflation_key":"[^"]*")?\}$/, '}');
    if (seq !== undefined) this.#bases.set(slot(channel, event, key), { seq, text });
    const message = { event, channel, data: parsed(frame.data), text };
    if (seq === undefined) return { ...message, via: 'plain' };
    return { ...message, via: 'full', seq, ...(key !== undefined && { key }) };
  }

  #rebuild(channel: string, delta: DeltaData): Rebuilt {
    const place = slot(channel, delta.event, delta.conflation_key);
    const base = this.#bases.get(place);
    if (base?.seq !== delta.base_index)
      throw new Error(`base ${base?.seq} for a delta of ${delta.base_index}`);
    const [from, bytes] = [Buffer.from(base.text), Buffer.from(delta.delta, 'base64')];
    const made =
      (delta.algorithm ?? this.algorithm) === 'fossil'
        ? applyFossil(new Uint8Array(from), new Uint8Array(bytes))
        : applyVcdiff(new Uint8Array(bytes), new Uint8Array(from));
    const text = Buffer.from(made).toString('utf8');
    this.#bases.set(place, { seq: delta.seq, text });
    // CAST: a rebuilt text that is no frame fails the test here.
    const frame = JSON.parse(text) as Parsed;
    return {
      event: frame.event,
      channel: frame.channel ?? '',
      data: parsed(frame.data),
      via: 'delta',
      seq: delta.seq,
      text,
      ...(delta.algorithm !== undefined && { algorithm: delta.algorithm }),
      ...(delta.conflation_key !== undefined && { key: delta.conflation_key }),
    };
  }
}

const slot = (channel: string, event: string, key: string | undefined): string =>
  JSON.stringify([channel, event, key ?? null]);

const parsed = (data: unknown): unknown => {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
};

/** The JSON text that a binary frame stands for: its members in the order of the envelope. */
function jsonOf(format: BinaryFormat, bytes: Buffer): string {
  const frame = decodeBinaryFrame(format, bytes);
  // CAST: names and types of the members are those of the envelope.
  const given = frame as Record<string, never>;
  return encodeV2({
    event: given.event,
    channel: given.channel,
    data: given.data === undefined ? undefined : JSON.stringify(given.data),
    userId: given.user_id,
    messageId: given.message_id,
    streamId: given.stream_id,
    serial: given.serial,
    deltaSeq: given.__delta_seq,
    conflationKey: given.__conflation_key,
  } as unknown as V2Envelope);
}
