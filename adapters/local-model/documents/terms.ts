// How words are compared: the same way in documents, questions, and names of tools.

/** Words that say nothing about what somebody looks for. */
const COMMON = new Set(
  (
    'a about all am an and any are as at be been but by can could did do does for from get give had has have how i if in into is it its ' +
    'let like many may me more much must my no not now of on one only or our please should show so some tell than that the their them ' +
    'then there these they this those to too up us use used using want was we were what when where which who why will with without work ' +
    'works would you your explain say'
  ).split(' '),
);

/** The stem of one word, or null for a word too common or too short to look for. */
export function termOf(word: string): string | null {
  const lower = word.toLowerCase().normalize('NFKC');
  return lower.length < 2 || COMMON.has(lower) ? null : stemOf(lower);
}

/** The stems of a text in order. `createWorker` counts as itself and as `create` and `worker`. */
export function termsOf(text: string): string[] {
  return wordsOf(text).flatMap(variantsOf);
}

/** Longer ones are no words, and would make searching slow: they are cut. */
const WORD = /[\p{L}\p{N}]{1,64}/gu;

export const wordsOf = (text: string): string[] => text.match(WORD) ?? [];

/** What one word of a text is found by. */
export function variantsOf(word: string): string[] {
  const parts = word.split(/(?<=\p{Ll})(?=\p{Lu})/u);
  const all = parts.length > 1 ? [word, ...parts] : [word];
  return all.map(termOf).filter((term) => term !== null);
}

/** English endings, roughly: enough that `cancelled`, `cancels` and `cancel` meet. */
function stemOf(word: string): string {
  if (word.length < 4 || !/^\p{L}+$/u.test(word)) return word;
  let stem = word.replace(/(?<![sui])s$/, '');
  if (stem.length > 5) stem = stem.replace(/(?:ing|ed)$/, '');
  if (stem.length > 3) stem = stem.replace(/e$/, '').replace(/([bdglmnprt])\1$/, '$1');
  return stem;
}
