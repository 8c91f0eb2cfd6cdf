// Texts in the configuration that are little languages: regular expressions (written for Rust's engine) and origin patterns.

/** Compiles a pattern; a leading `(?i)` is understood. Null where JavaScript cannot read it. */
export function compilePattern(pattern: string): RegExp | null {
  const insensitive = pattern.startsWith('(?i)');
  const source = insensitive ? pattern.slice('(?i)'.length) : pattern;
  for (const flags of ['u', '']) {
    try {
      return new RegExp(source, insensitive ? `${flags}i` : flags);
    } catch {
      // The stricter mode refuses escapes that Rust allows; the second try is the answer.
    }
  }
  return null;
}

/** What is wrong with an origin pattern (http.md section 1.3), or null. */
export function originPatternFault(pattern: string): string | null {
  if (pattern === '*' || pattern === 'any') return null;
  if (pattern.trim() === '' || /\s/.test(pattern)) return 'must not be empty or hold spaces';
  if (pattern.split('*').length > 2) return 'may hold one `*` only';
  const rest = pattern.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  if (rest === '' || /[/?#@]/.test(rest)) return 'must be an origin: scheme, host and port, without a path';
  return null;
}

/** True where a list of origins admits every origin. */
export function admitsEveryOrigin(patterns: readonly string[]): boolean {
  return patterns.length === 0 || patterns.includes('*') || patterns.includes('any');
}
