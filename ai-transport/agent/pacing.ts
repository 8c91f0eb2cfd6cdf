/**
 * How much text an append takes at least, so that a long answer gets along with the appends that a message may have (4096) and still
 * reaches its full size (1 MiB). The first thousand pieces go as they come. Pure.
 */

const FREE_APPENDS = 1024;
/** Appends after which twice as much text goes into each: eight levels, of 8 to 1024 units, for 783 KB and more. */
const LEVEL_APPENDS = 376;
const FIRST_MINIMUM = 8;

/** Longest piece of one append, UTF-16 units: at three bytes each below the 100 KB that an event may have. */
export const PIECE_MAX_LENGTH = 32_000;

/** How long a piece that is too short waits for more, milliseconds. */
export const PIECE_WAIT_MS = 250;

/** UTF-16 units of the next append, after so many. */
export function minimumLength(appends: number): number {
  if (appends < FREE_APPENDS) return 1;
  const level = Math.floor((appends - FREE_APPENDS) / LEVEL_APPENDS);
  return FIRST_MINIMUM * 2 ** Math.min(level, 11);
}

/** How much of the text to send: at most a piece, and no half of a character unless nothing follows. */
export function pieceLength(text: string, isLast: boolean): number {
  const length = Math.min(text.length, PIECE_MAX_LENGTH);
  const last = text.charCodeAt(length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return isHalf && !(isLast && length === text.length) ? length - 1 : length;
}
