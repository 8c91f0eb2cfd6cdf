// Keys of the KeyedStore: parts joined by `/`, each escaped so that no two lists of parts make the same key and a prefix holds
// the keys below it and no others. Pure.

/** What would be taken for the separator or the escape, what stores refuse in a text (NUL), and halves of surrogate pairs. */
const UNSAFE = /[%/\0]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const ESCAPED = /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g;

/** Digits of the numbers up to 2^53 - 1. */
const NUMBER_DIGITS = 16;

/**
 * The key of a list of parts, e.g. `entryKey('push', 'device', appId, deviceId)`. Keys sort by their first part, then by their
 * second, and so on; parts sort by their bytes.
 */
export function entryKey(...parts: readonly [string, ...string[]]): string {
  return parts.map(escapePart).join('/');
}

/** What every key that begins with these parts and has more begins with, and no other. */
export function keyPrefix(...parts: readonly [string, ...string[]]): string {
  return `${entryKey(...parts)}/`;
}

/** The parts that `entryKey` was given. */
export function keyParts(key: string): string[] {
  return key.split('/').map(unescapePart);
}

/** A part that sorts by number. @param value whole, 0 to 2^53 - 1 @throws RangeError */
export function numberPart(value: number): string {
  checkNumber(value);
  return String(value).padStart(NUMBER_DIGITS, '0');
}

/** A part that sorts the greatest number first: for the newest before the older ones. @throws RangeError as `numberPart` */
export function descendingPart(value: number): string {
  checkNumber(value);
  return numberPart(Number.MAX_SAFE_INTEGER - value);
}

/** The number of a `numberPart`. */
export const partNumber = (part: string): number => Number(part);

/** The number of a `descendingPart`. */
export const descendingNumber = (part: string): number => Number.MAX_SAFE_INTEGER - Number(part);

function checkNumber(value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError('a number in a key is whole and not negative');
}

function escapePart(part: string): string {
  return part.replace(UNSAFE, (unit) => {
    const hex = unit.charCodeAt(0).toString(16).toUpperCase();
    return hex.length > 2 ? `%u${hex}` : `%${hex.padStart(2, '0')}`;
  });
}

function unescapePart(part: string): string {
  return part.replace(ESCAPED, (_, unit: string | undefined, byte: string | undefined) =>
    String.fromCharCode(Number.parseInt(unit ?? byte ?? '', 16)),
  );
}
