// Speaks an answer at the pace and with the faults that its settings ask for. Must not know: formats, HTTP.
import { createHash } from 'node:crypto';
import { setTimeout as after, setImmediate as nextTurn } from 'node:timers/promises';
import type { Settings } from '../settings.ts';
import type { Piece, Play } from './play.ts';

/** Waits before a piece, or, with an empty one, because the stream is to stand still. `Infinity`: for good. Rejects: it breaks off. */
export type Pace = (piece: string, delayMs: number) => Promise<void>;

/** The connection is to break off here. */
export class CutError extends Error {
  override readonly name = 'CutError';
}

/** The stream is to end with an error event here. */
export class FailError extends Error {
  override readonly name = 'FailError';
}

export interface Performance {
  readonly settings: Settings;
  /** The same number gives the same jitter. */
  readonly seed: number;
  /** In place of the clock. */
  readonly pace?: Pace | undefined;
  /** Nobody listens any more. */
  readonly signal: AbortSignal;
}

/** @throws CutError, FailError, or the reason of the signal */
export async function* perform({ pieces }: Play, performance: Performance): AsyncGenerator<Piece> {
  const { settings, signal } = performance;
  const wait = waiter(performance.pace, signal);
  const delay = delays(settings, performance.seed);
  if (settings.waitMs > 0) await wait('', settings.waitMs);
  for (let index = 0; index <= pieces.length; index += 1) {
    if (settings.cut === index) throw new CutError('cut');
    if (settings.fail === index) throw new FailError('fail');
    if (settings.stall?.after === index) await wait('', settings.stall.ms);
    const piece = pieces[index];
    if (piece === undefined) return;
    await wait(piece.text, delay());
    signal.throwIfAborted();
    yield piece;
  }
}

/** The pace, or the clock without one. Rejects at once when nobody listens any more, whatever is waited for. */
export function waiter(pace: Pace | undefined, signal: AbortSignal): Pace {
  const clock: Pace = async (_piece, delayMs) => {
    if (delayMs === 0) await nextTurn();
    else if (delayMs === Infinity) await new Promise(() => {});
    else await after(delayMs, undefined, { signal });
  };
  const { promise: gone, reject } = Promise.withResolvers<never>();
  gone.catch(() => {});
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return (piece, delayMs) => Promise.race([(pace ?? clock)(piece, delayMs), gone]);
}

function delays({ speed, jitter }: Settings, seed: number): () => number {
  const mean = speed === Infinity ? 0 : 1000 / speed;
  const random = randomOf(seed);
  return () => mean * (1 + jitter * (2 * random() - 1));
}

/** Numbers from 0 to 1 that look random (xorshift), always the same for a seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4_294_967_296;
  };
}

/** Any text as a seed. */
export const seedOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);
