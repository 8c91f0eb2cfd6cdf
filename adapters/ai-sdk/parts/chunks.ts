/**
 * The chunks of a message: all of them as it stands, or those that have come since the last look. Both are made of the same tracks, so
 * that whoever reads live, comes back, or reads it a week later has the same message.
 */
import type { AnyChunk } from './chunk.ts';
import type { Over, Track } from './tracks.ts';

/** All chunks of a message. */
export function chunksOf(tracks: readonly Track[], end: Ending): AnyChunk[] {
  const feed = new ChunkFeed();
  return [...(feed.take(tracks) ?? []), ...feed.close(end)];
}

export interface Ending {
  readonly over: Over;
  /** Of a run that failed. */
  readonly error?: { readonly code: string; readonly message?: string | undefined } | undefined;
}

interface Told {
  readonly key: string;
  readonly isStep: boolean;
  length: number;
  /** Its last characters, to notice that it is another text. */
  tail: string;
  hasEnded: boolean;
}

const TAIL = 64;

/** Remembers what it has told. */
export class ChunkFeed {
  readonly #told: Told[] = [];
  readonly #calls = new Calls();

  /** What has come since; null: what was told before is not so any more, and chunks have no way to say that. */
  take(tracks: readonly Track[]): AnyChunk[] | null {
    const chunks: AnyChunk[] = [];
    const same = this.#sameUpTo(tracks);
    if (same < this.#told.length && !this.#takeBack(same, tracks, chunks)) return null;
    for (const [index, track] of tracks.entries()) this.#tell(index, track, chunks);
    return chunks;
  }

  /** What is missing for a message that is over. */
  close({ over, error }: Ending): AnyChunk[] {
    if (over === null || over === 'complete') return [];
    const text = error?.message ?? error?.code ?? 'The answer was stopped.';
    const chunks = this.#calls.unanswered(text);
    if (over === 'error')
      chunks.push({
        type: 'data-error',
        data: { code: error?.code ?? 'error', message: error?.message ?? text },
      });
    return chunks;
  }

  /** How many of the tracks that were told still stand as they were told. */
  #sameUpTo(tracks: readonly Track[]): number {
    const other = this.#told.findIndex((told, index) => !isContinued(told, tracks[index]));
    return other < 0 ? this.#told.length : other;
  }

  /** Only within the last step can anything be taken back. */
  #takeBack(same: number, tracks: readonly Track[], chunks: AnyChunk[]): boolean {
    const gone = this.#told.slice(same);
    // Where the step itself is to come again it stays, and what was in it goes.
    const isStepToCome = gone[0]?.isStep === true && tracks.length <= same;
    if (gone.slice(isStepToCome ? 1 : 0).some(({ isStep }) => isStep)) return false;
    if (isStepToCome && gone.length === 1) return true;
    const step = this.#told.findLastIndex(({ isStep }, index) => isStep && (index < same || isStepToCome));
    this.#told.length = step + 1;
    this.#calls.reset();
    chunks.push({ type: 'reset-step' });
    return true;
  }

  #tell(index: number, track: Track, chunks: AnyChunk[]): void {
    const told = this.#told[index] ?? this.#begin(index, track, chunks);
    if (track.kind === 'whole' || told.hasEnded) return;
    const more = track.text.slice(told.length);
    if (more !== '') chunks.push(deltaOf(track.start, more));
    told.length = track.text.length;
    told.tail = track.text.slice(-TAIL);
    if (track.end === null) return;
    told.hasEnded = true;
    for (const chunk of track.end) if (this.#calls.take(chunk)) chunks.push(chunk);
  }

  #begin(index: number, track: Track, chunks: AnyChunk[]): Told {
    const chunk = track.kind === 'whole' ? track.chunk : track.start;
    const isStep = chunk.type === 'start-step';
    const told = { key: track.key, isStep, length: 0, tail: '', hasEnded: false };
    this.#told[index] = told;
    const said = chunk.type === 'start' ? metadataOf(chunk) : this.#calls.answering(chunk);
    if (said !== null && this.#calls.take(said)) chunks.push(said);
    return told;
  }
}

function isContinued({ key, length, tail }: Told, track: Track | undefined): boolean {
  if (track?.key !== key) return false;
  return track.kind === 'whole' || track.text.slice(Math.max(0, length - TAIL), length) === tail;
}

function deltaOf({ type, id, toolCallId }: AnyChunk, text: string): AnyChunk {
  if (type === 'tool-input-start') return { type: 'tool-input-delta', toolCallId, inputTextDelta: text };
  return { type: type.replace('start', 'delta'), id, delta: text };
}

/** Whoever tells the chunks has said that the message begins. */
const metadataOf = ({ messageMetadata }: AnyChunk): AnyChunk | null =>
  messageMetadata === undefined ? null : { type: 'message-metadata', messageMetadata };

interface Call {
  readonly step: number;
  approvalId?: string;
  isAnswered: boolean;
  hasResponse: boolean;
}

/** Calls of tools, to leave out what nobody has called: readers would give up. */
class Calls {
  readonly #calls = new Map<string, Call>();
  #step = 0;

  /** The step begins anew. */
  reset(): void {
    for (const [id, { step }] of this.#calls) if (step === this.#step) this.#calls.delete(id);
  }

  /** An approval by the id of its call, where nobody named the approval. */
  answering(chunk: AnyChunk): AnyChunk {
    if (chunk.type !== 'tool-approval-response' || chunk.approvalId !== undefined) return chunk;
    const { toolCallId, ...rest } = chunk;
    const approvalId = this.#calls.get(String(toolCallId))?.approvalId;
    return { ...rest, type: chunk.type, approvalId };
  }

  /** False: the chunk is about nothing that is there, or says what is known. */
  take(chunk: AnyChunk): boolean {
    const { type } = chunk;
    if (type === 'start-step') this.#step += 1;
    if (type === 'tool-approval-response') return this.#respond(chunk);
    return !type.startsWith('tool-') || this.#takeOfCall(type, chunk);
  }

  #takeOfCall(type: string, chunk: AnyChunk): boolean {
    const id = String(chunk.toolCallId);
    if (type.startsWith('tool-input-')) {
      const call = this.#calls.get(id) ?? { step: this.#step, isAnswered: false, hasResponse: false };
      this.#calls.set(id, call);
      call.isAnswered ||= type === 'tool-input-error';
      return true;
    }
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    if (type === 'tool-approval-request') call.approvalId = String(chunk.approvalId);
    else call.isAnswered ||= chunk.preliminary !== true;
    return true;
  }

  #respond({ approvalId }: AnyChunk): boolean {
    const call = [...this.#calls.values()].find((one) => one.approvalId === approvalId);
    if (call === undefined || call.hasResponse || call.isAnswered) return false;
    call.hasResponse = true;
    return true;
  }

  /** Ends the calls that nobody will answer. */
  unanswered(reason: string): AnyChunk[] {
    return [...this.#calls].flatMap(([toolCallId, { isAnswered, approvalId, hasResponse }]): AnyChunk[] => {
      if (isAnswered) return [];
      if (approvalId === undefined || hasResponse)
        return [{ type: 'tool-output-error', toolCallId, errorText: reason }];
      return [
        { type: 'tool-approval-response', approvalId, approved: false, reason },
        { type: 'tool-output-denied', toolCallId },
      ];
    });
  }
}
