// Whether an app lets a page of this origin connect (realtime.md section 1.2). Without a list every origin may.

/** `origin`: the header; a missing one counts as the empty text and is refused by every list. */
export function isOriginAllowed(patterns: readonly string[], origin: string | undefined): boolean {
  if (patterns.length === 0) return true;
  const given = (origin ?? '').toLowerCase();
  return patterns.some((pattern) => matches(pattern.toLowerCase(), given));
}

function matches(pattern: string, origin: string): boolean {
  if (pattern === '*' || pattern === 'any' || pattern === origin) return true;
  if (origin === '') return false;
  const candidate = pattern.includes('://') ? origin : origin.replace(/^[a-z][a-z0-9+.-]*:\/\//, '');
  const star = pattern.indexOf('*');
  if (star === -1) return candidate === pattern;
  const before = pattern.slice(0, star);
  const after = pattern.slice(star + 1);
  // `*.example.com` stands for the domain itself too.
  if (after.startsWith('.') && candidate === before + after.slice(1)) return true;
  return (
    candidate.length > before.length + after.length &&
    candidate.startsWith(before) &&
    candidate.endsWith(after)
  );
}
