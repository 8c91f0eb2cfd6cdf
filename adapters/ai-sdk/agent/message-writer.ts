/**
 * Writes the chunks of one message into a run, in their order: each text that grows as one piece, everything else as it comes. A text
 * has its place in the channel before anything after it is written. Must not know: where the chunks come from, what ends the run.
 */
import type { Run } from '@sockudo/ai-transport/agent';
import { type AnyChunk, isSameJson, parsed, stringOf } from '../parts/chunk.ts';
import { headersOf, type Wording, wholeWording, wordingOf } from '../parts/words.ts';
import { OpenText } from './open-text.ts';

type Family = 'text' | 'reasoning' | 'tool-input';

interface Begun {
  readonly family: Family;
  readonly id: string;
  /** What is known of it: the start, and what later chunks said. */
  members: AnyChunk;
  text: OpenText | null;
  /** The start was written apart from the text. */
  isAnnounced: boolean;
}

const PHASES = /^(text|reasoning|tool-input)-(start|delta|end|available|error)$/;

/** Texts open at once; a stream that never ends them would go on opening more. */
const OPEN_MAX = 256;

export class MessageWriter {
  readonly #run: Run;
  readonly #codecMessageId: string | undefined;
  readonly #open = new Map<string, Begun>();
  /** Its start is written with its first text, or with whatever comes first. */
  #held: Begun | null = null;

  constructor(run: Run, codecMessageId?: string) {
    this.#run = run;
    this.#codecMessageId = codecMessageId;
  }

  /** @throws AgentError as `run.pipe` and `run.output` */
  async write(chunk: AnyChunk): Promise<void> {
    const [, family, phase] = PHASES.exec(chunk.type) ?? [];
    if (family !== undefined && phase !== undefined) {
      // CAST: the pattern names exactly these.
      await this.#takePhase(family as Family, phase, chunk);
      return;
    }
    if (isEmpty(chunk)) return;
    await this.#announce();
    if (chunk.type === 'reset-step') await this.#closeAll();
    await this.#output(wordingOf(chunk));
  }

  /** Closes what is open. @throws AgentError */
  async end(): Promise<void> {
    await this.#announce();
    await this.#closeAll();
  }

  /** Closes what is open as cut off. Never rejects. */
  async fail(error: unknown): Promise<void> {
    this.#held = null;
    await Promise.all([...this.#open.values()].map(({ text }) => text?.fail(error)));
    this.#open.clear();
  }

  async #takePhase(family: Family, phase: string, chunk: AnyChunk): Promise<void> {
    const id = String(family === 'tool-input' ? chunk.toolCallId : chunk.id);
    const key = `${family} ${id}`;
    const begun = this.#open.get(key);
    if (phase === 'start')
      await this.#begin(key, { family, id, members: chunk, text: null, isAnnounced: false });
    else if (phase === 'delta') await this.#add(begun ?? (await this.#assume(key, family, id, chunk)), chunk);
    else {
      // Until then what is written about it waits for its place.
      if (family === 'tool-input') await this.#endCall(begun, chunk);
      else if (begun !== undefined) await this.#endText(begun, chunk);
      this.#open.delete(key);
    }
  }

  async #begin(key: string, begun: Begun): Promise<void> {
    await this.#announce();
    if (this.#open.size >= OPEN_MAX) throw new RangeError(`More than ${OPEN_MAX} parts are open at once`);
    this.#open.set(key, begun);
    this.#held = begun;
  }

  /** A delta without a start. */
  async #assume(key: string, family: Family, id: string, chunk: AnyChunk): Promise<Begun> {
    const identity = family === 'tool-input' ? { toolCallId: id, toolName: chunk.toolName ?? '' } : { id };
    const begun = {
      family,
      id,
      members: { ...identity, type: `${family}-start` },
      text: null,
      isAnnounced: false,
    };
    await this.#begin(key, begun);
    return begun;
  }

  async #add(begun: Begun, chunk: AnyChunk): Promise<void> {
    const piece = stringOf(chunk.delta) ?? stringOf(chunk.inputTextDelta) ?? '';
    if (chunk.providerMetadata !== undefined)
      begun.members = { ...begun.members, providerMetadata: chunk.providerMetadata };
    if (piece === '') return;
    begun.text ??= await this.#opened(begun);
    await begun.text.write(piece);
  }

  async #opened(begun: Begun): Promise<OpenText> {
    const codec = headersOf(begun.members);
    // What no header has room for is said before.
    if (codec === null && !begun.isAnnounced) await this.#sayStart(begun);
    if (this.#held === begun) this.#held = null;
    await this.#announce();
    await this.#placed();
    const { family: kind, id } = begun;
    const least = headersOf(kind === 'tool-input' ? { toolCallId: id } : { id });
    if (least === null) throw new RangeError('The id of a part has more than 256 bytes');
    return new OpenText(this.#run, { codecMessageId: this.#codecMessageId, kind, codec: codec ?? least });
  }

  async #endText(begun: Begun, chunk: AnyChunk): Promise<void> {
    const members: AnyChunk = { ...defaultsOf(begun), ...chunk };
    if (begun.text === null) {
      await this.#announce();
      if (!begun.isAnnounced) await this.#sayStart(begun);
      await this.#output(wholeWording(members));
      return;
    }
    const { type: _, id: __, providerMetadata, ...more } = members;
    const codec = headersOf(providerMetadata === undefined ? {} : { providerMetadata });
    const isSaid = codec !== null && Object.keys(more).length === 0;
    // Before the end: whoever sees the end has this, too.
    if (!isSaid) await this.#output(wholeWording(members));
    await begun.text.close(codec ?? {});
  }

  async #endCall(begun: Begun | undefined, chunk: AnyChunk): Promise<void> {
    const isAvailable = chunk.type === 'tool-input-available';
    // What is complete at once says all that its start said.
    if (isAvailable && this.#held === begun) this.#held = null;
    await this.#announce();
    const { type: _, inputEncoding: __, ...known } = begun?.members ?? { type: '' };
    const members: AnyChunk = isAvailable ? { ...known, ...chunk } : chunk;
    if (begun?.text === null || begun === undefined) return this.#output(wordingOf(members));
    const { type, input, ...rest } = members;
    const codec = headersOf(rest);
    const isWritten = isAvailable && isSameJson(parsed(begun.text.text), input);
    if (isWritten && codec !== null && !begun.isAnnounced) {
      await begun.text.close(codec);
      return;
    }
    // The text ends without a word, and what it came to follows.
    await begun.text.close({ type: 'tool-input-start' });
    await this.#output(wordingOf(members));
  }

  /** Writes the start of a text that has none yet, because something else comes before it. */
  async #announce(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    if (held !== null && !held.isAnnounced) await this.#sayStart(held);
  }

  async #sayStart(begun: Begun): Promise<void> {
    begun.isAnnounced = true;
    await this.#output(wholeWording(begun.members));
  }

  async #output({ type, data, codec }: Wording): Promise<void> {
    await this.#placed();
    await this.#run.output(type, data, { codecMessageId: this.#codecMessageId, codec });
  }

  async #placed(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ text }) => text?.placed));
  }

  async #closeAll(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const begun of open) {
      const { providerMetadata } = begun.members;
      const codec = headersOf(providerMetadata === undefined ? {} : { providerMetadata });
      const isCall = begun.family === 'tool-input';
      await begun.text?.close(isCall ? { type: 'tool-input-start' } : (codec ?? {}));
    }
  }
}

const defaultsOf = ({ members: { providerMetadata } }: Begun): object =>
  providerMetadata === undefined ? {} : { providerMetadata };

/** Says nothing about the message: that it begins, readers know, and a step ends where the next one begins. */
const isEmpty = ({ type, ...members }: AnyChunk): boolean =>
  (type === 'start' || type === 'finish-step') &&
  Object.values(members).every((value) => value === undefined);
