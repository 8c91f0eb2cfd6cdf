// Chooses the blocks of a section that answer a question, and writes them down with where they stand. Must not know: conversations.
import type { Found } from '../documents/library.ts';
import type { Section } from '../documents/sections.ts';
import { termsOf } from '../documents/terms.ts';

/** Characters that a passage has at most, unless its first block alone has more. */
const PASSAGE_LENGTH = 900;
const MAX_ROWS = 8;
const MAX_LINES = 40;

/** A quotation: the section, or of a long one whole blocks from the one that fits best on; then its source. */
export function passageOf({ section, terms }: Found): string {
  const blocks = section.blocks.map((block) => shortened(block, terms));
  const whole = blocks.join('\n\n');
  if (whole.length <= PASSAGE_LENGTH) return `${whole}\n\n${sourceLine(section)}`;
  const scores = section.blocks.map((block, index) => scoreOf(block, terms) - index / 100);
  let from = scores.indexOf(Math.max(...scores));
  // A block that announces another one, or is announced, is half a thought.
  while (from > 0 && /:\s*$/.test(blocks[from - 1] ?? '')) from -= 1;
  let length = blocks[from]?.length ?? 0;
  let to = from + 1;
  while (to < blocks.length) {
    const announced = /:\s*$/.test(blocks[to - 1] ?? '');
    length += blocks[to]?.length ?? 0;
    if (length > PASSAGE_LENGTH && !announced) break;
    to += 1;
  }
  return `${blocks.slice(from, to).join('\n\n')}\n\n${sourceLine(section)}`;
}

/** `docs/recovery.md › Recovery › Positions`. */
export const placeOf = ({ source, headings }: Section): string => [source, ...headings].join(' › ');

export const sourceLine = (section: Section): string => `*Source: ${placeOf(section)}*`;

function scoreOf(block: string, terms: readonly string[]): number {
  const found = new Set(termsOf(block));
  return terms.filter((term) => found.has(term)).length;
}

/** Long tables keep their head and the rows that fit, long code its first lines. */
function shortened(block: string, terms: readonly string[]): string {
  const lines = block.split('\n');
  if (/^\s*\|/.test(block)) return shortTable(lines, terms).join('\n');
  const fence = /^\s*(`{3,}|~{3,})/.exec(block)?.[1];
  if (fence === undefined || lines.length <= MAX_LINES) return block;
  return [...lines.slice(0, MAX_LINES), '…', fence].join('\n');
}

function shortTable(lines: readonly string[], terms: readonly string[]): readonly string[] {
  const [head = '', rule = '', ...rows] = lines;
  if (rows.length <= MAX_ROWS) return lines;
  const best = rows
    .map((row, index) => ({ row, index, score: scoreOf(row, terms) }))
    .toSorted((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, MAX_ROWS)
    .toSorted((a, b) => a.index - b.index);
  return [head, rule, ...best.map(({ row }) => row)];
}
