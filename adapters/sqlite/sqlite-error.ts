// What node:sqlite throws, told apart by SQLite's primary result codes.

export const SQLITE_BUSY = 5;
export const SQLITE_FULL = 13;

/** True for an error of SQLite; with `code` only for that primary result code. */
export function isSqliteError(error: unknown, code?: number): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  // The low byte is the primary code, the rest refines it.
  return code === undefined || (error.errcode & 0xff) === code;
}
