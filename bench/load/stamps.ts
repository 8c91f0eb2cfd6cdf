// Time stamps inside of streamed text: a reader takes them out of whatever frame they come in, one append in it or many. Milliseconds
// since an epoch that writers and watchers share, so that a stamp is about as long as what a model says at a time.

/** What stands around the stamp of a message's first text, and of every text after it. Nothing else in a frame holds them. */
export const FIRST = '^';
export const LATER = '~';

const FIRST_BYTE = FIRST.charCodeAt(0);
const LATER_BYTE = LATER.charCodeAt(0);

export const nowMs = (): number => performance.timeOrigin + performance.now();

/** 16 characters. */
export function stamped(mark: typeof FIRST | typeof LATER, epochMs: number): string {
  const text = `${mark}${(nowMs() - epochMs).toFixed(2)}${mark}`;
  return text.padEnd(16, 'x');
}

/** Answers how many stamps there are between `start` and `end`. */
export function readStamps(
  bytes: Buffer,
  start: number,
  end: number,
  found: (stampMs: number, isFirst: boolean) => void,
): number {
  let count = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== FIRST_BYTE && byte !== LATER_BYTE) continue;
    const to = bytes.indexOf(byte, at + 1);
    if (to === -1 || to >= end) break;
    found(Number(bytes.toString('latin1', at + 1, to)), byte === FIRST_BYTE);
    count += 1;
    at = to;
  }
  return count;
}
