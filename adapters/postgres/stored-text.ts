// Texts on their way into a text column and back. PostgreSQL refuses the character NUL, which an event name may hold; it is kept
// behind an escape character, which stands for itself when doubled by a letter.

const ESCAPE = '\u0001';

export function toStored(text: string): string {
  if (!text.includes('\0') && !text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPE, `${ESCAPE}e`).replaceAll('\0', `${ESCAPE}0`);
}

export function fromStored(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(`${ESCAPE}0`, '\0').replaceAll(`${ESCAPE}e`, ESCAPE);
}

export const toStoredOrNull = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : toStored(text);
