// From a Markdown text to its sections, and from a section to the blocks that can be quoted whole: a paragraph, a list, a table, a
// piece of code. Must not know: files, searching.

export interface Section {
  /** Where it was found, such as `docs/recovery.md`. */
  readonly source: string;
  /** The headings above it, outermost first, its own last. Empty before the first heading. */
  readonly headings: readonly string[];
  /** Markdown, in order; never empty. */
  readonly blocks: readonly string[];
}

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+/;

/** Sections without a text of their own are left out; their headings stay above what follows. */
export function sectionsOf(source: string, text: string): Section[] {
  const sections: Section[] = [];
  const headings: (string | undefined)[] = [];
  let lines: string[] = [];
  let fence: string | null = null;
  const finish = (): void => {
    const blocks = blocksOf(lines);
    lines = [];
    if (blocks.length > 0)
      sections.push({ source, headings: headings.filter((one) => one !== undefined), blocks });
  };
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    fence = fenceAfter(line, fence);
    const [, marks, title] = (fence === null ? HEADING.exec(line) : null) ?? [];
    if (marks === undefined) {
      lines.push(line);
      continue;
    }
    finish();
    headings.length = marks.length - 1;
    headings[marks.length - 1] = plain(title ?? '');
  }
  finish();
  return sections;
}

/** The fence that is open after a line, if one is. */
export function fenceAfter(line: string, open: string | null): string | null {
  const mark = FENCE.exec(line)?.[1];
  if (mark === undefined) return open;
  if (open === null) return mark;
  const closes = mark.startsWith(open) && line.trim() === mark;
  return closes ? null : open;
}

/** Splits at blank lines outside of code; what belongs to a list stays with it. */
function blocksOf(lines: readonly string[]): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  let fence: string | null = null;
  const finish = (): void => {
    const text = withoutFarLinks(block.join('\n')).trimEnd();
    if (text.trim() !== '') append(blocks, text);
    block = [];
  };
  for (const line of lines) {
    fence = fenceAfter(line, fence);
    if (line.trim() === '' && fence === null) finish();
    else block.push(line);
  }
  finish();
  return blocks;
}

/** An indented block, and the next item of a list with blank lines between its items, go on with the list above them. */
function append(blocks: string[], text: string): void {
  const last = blocks.at(-1);
  const goesOn = /^\s{2,}\S/.test(text) || LIST_ITEM.test(text);
  if (last !== undefined && LIST_ITEM.test(last) && goesOn) blocks[blocks.length - 1] = `${last}\n\n${text}`;
  else blocks.push(text);
}

/** Links to other files lead nowhere from a chat: their text stays. Pictures go. Code is left as it is. */
function withoutFarLinks(text: string): string {
  if (FENCE.test(text)) return text;
  return text
    .replaceAll(/!\[[^\]\n]*\]\([^)\n]*\)/g, '')
    .replaceAll(/\[((?:[^[\]\n]|\[[^\]\n]*\])*)\]\((?!https?:|mailto:)[^)\n]*\)/g, '$1');
}

/** A heading without its marks. */
const plain = (heading: string): string =>
  heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
