/** Byte lengths of JavaScript strings. Must not know: what the text is for. */

const encoder = new TextEncoder();

/** UTF-8 bytes of `text`. */
export const utf8Length = (text: string): number => encoder.encode(text).length;

/** Whether `text` has more than `max` UTF-8 bytes. Most texts are decided by their length, without encoding anything. */
export function exceedsBytes(text: string, max: number): boolean {
  if (text.length > max) return true;
  return text.length * 3 > max && utf8Length(text) > max;
}

/** The longest beginning of `text` that has at most `max` UTF-8 bytes; never half a character. */
export function cutBytes(text: string, max: number): string {
  if (!exceedsBytes(text, max)) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text.slice(0, max)) {
    bytes += utf8Length(character);
    if (bytes > max) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The same for the text inside a JSON string, where a control character takes six bytes. */
export function cutJsonBytes(text: string, max: number): string {
  let kept = cutBytes(text, max);
  while (utf8Length(JSON.stringify(kept)) - 2 > max) kept = cutBytes(kept, utf8Length(kept) >> 1);
  return kept;
}
