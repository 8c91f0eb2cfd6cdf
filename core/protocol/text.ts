/**
 * Byte lengths and UTF-8 of JavaScript strings, without Buffer. Owns nothing; pure functions only.
 */

const encoder = new TextEncoder();

/** UTF-8 bytes of `text`; a lone surrogate counts as its replacement character (3 bytes). */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else {
      bytes += 2;
      // A surrogate pair is two units and four bytes in all: two units + 2 counted here, none for the second.
      if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
    }
  }
  return bytes;
}

/** UTF-8 encoding of `text`. */
export const utf8Encode = (text: string): Uint8Array => encoder.encode(text);

/** Order of the UTF-8 bytes: code units compare the same unless surrogates are involved. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return byteRank(x) - byteRank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates (code points above U+FFFF) behind the rest of the basic plane, where UTF-8 sorts them. */
const byteRank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);

/** Quotes a character list as the recorded error texts do: `[' ', '?']`. */
export function quoteCharacters(characters: readonly string[]): string {
  return `[${characters.map(quoteCharacter).join(', ')}]`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["'", "\\'"],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
]);

function quoteCharacter(character: string): string {
  const escaped = ESCAPES.get(character);
  if (escaped !== undefined) return `'${escaped}'`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(character)) {
    return `'\\u{${(character.codePointAt(0) ?? 0).toString(16)}}'`;
  }
  return `'${character}'`;
}
