// `Retry-After` of an answer (RFC 9110 section 10.2.3).

/** No provider may put a push off for longer, in ms. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/** Milliseconds from now, 0 to 24 hours; undefined for a header that is absent or says nothing. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : dateOf(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_MS);
}

/** HTTP dates begin with the name of a day; `Date.parse` alone would take much else for a date. */
function dateOf(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
}
