// Picks the sentences of a text that say most, by how often their words occur in it: the oldest way to summarise, and no language
// model. The same text gives the same sentences. Must not know: HTTP.

import { fenceAfter } from '../documents/sections.ts';

/** Sentences of a summary unless it is asked for another number. */
const SENTENCES = 3;
/** Words that a summary should not be chosen for. */
const COMMON = new Set(
  (
    'a an and are as at be been but by can for from had has have if in into is it its may more must no not of on one only or other so ' +
    'than that the their them then there these they this to was what when where which who will with without you your'
  ).split(' '),
);
const MIN_WORDS = 6;
const MAX_WORDS = 40;
/** Much longer texts are looked at up to here, in characters. */
const MAX_LENGTH = 400_000;

export function summaryOf(text: string, count = SENTENCES): string {
  const sentences = [...new Set(sentencesOf(proseOf(text.slice(0, MAX_LENGTH))))];
  if (sentences.length === 0) return beginningOf(text);
  const weights = weightsOf(sentences);
  const chosen = new Set<string>();
  while (chosen.size < Math.min(count, sentences.length)) {
    const left = sentences.filter((sentence) => !chosen.has(sentence));
    const best = left.reduce((a, b) => (scoreOf(b, weights) > scoreOf(a, weights) ? b : a));
    chosen.add(best);
    // What has been said counts less from now on, or one subject takes everything.
    for (const word of wordsOf(best)) weights.set(word, (weights.get(word) ?? 0) / 2);
  }
  return sentences.filter((sentence) => chosen.has(sentence)).join(' ');
}

function beginningOf(text: string): string {
  const words =
    text
      .replaceAll(/[^\p{L}\p{N}\s.,:;'-]/gu, ' ')
      .match(/\S+/g)
      ?.slice(0, 20) ?? [];
  return words.length === 0 ? 'It is empty.' : `It has no whole sentences. It begins: “${words.join(' ')} …”`;
}

/** Markdown without what is no sentence: code, tables, headings, links' addresses. */
function proseOf(text: string): string {
  let fence: string | null = null;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const before = fence;
    fence = fenceAfter(line, before);
    if (before === null && fence === null) lines.push(proseIn(line));
    else lines.push('');
  }
  return lines.join('\n');
}

function proseIn(line: string): string {
  if (/^\s*(?:#{1,6}\s|\||<)/.test(line)) return '';
  return line
    .replace(/^\s*(?:[-*+]|\d{1,9}\.)\s+/, '\n\n')
    .replaceAll(/!?\[([^\]]{0,500})\]\([^)]{0,500}\)/g, '$1')
    .replaceAll(/\*\*|__/g, '');
}

function sentencesOf(prose: string): string[] {
  return prose
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim())
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?])\s+(?=[\p{Lu}“"(`])/u))
    .filter((sentence) => /[.!?]["”)]?$/.test(sentence))
    .filter((sentence) => {
      const { length } = sentence.split(' ');
      return length >= MIN_WORDS && length <= MAX_WORDS;
    });
}

const wordsOf = (sentence: string): string[] =>
  (sentence.toLowerCase().match(/\p{L}{3,}/gu) ?? []).filter((word) => !COMMON.has(word));

function weightsOf(sentences: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const word of sentences.flatMap(wordsOf)) weights.set(word, (weights.get(word) ?? 0) + 1);
  return weights;
}

/** A long sentence is not better for being long. */
function scoreOf(sentence: string, weights: ReadonlyMap<string, number>): number {
  const words = [...new Set(wordsOf(sentence))];
  const sum = words.reduce((total, word) => total + (weights.get(word) ?? 0), 0);
  return sum / Math.max(words.length, MIN_WORDS);
}
