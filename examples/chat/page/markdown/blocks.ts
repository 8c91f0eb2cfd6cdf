// Markdown in pieces, so that only the last one is read again while a text grows; and the end of a growing text without the marks that
// are not closed yet, so that nothing appears as a star or a bracket first and as what it means a moment later.

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])\s/;

/** Pieces that read the same alone as they do together. Joined by nothing they are the text. */
export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  let block = '';
  let fence: string | null = null;
  let isAfterBlank = false;
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const isBlank = line.trim() === '';
    if (fence === null && isAfterBlank && !isBlank && !belongsTo(block, line)) {
      blocks.push(block);
      block = '';
    }
    const mark: string | undefined = FENCE.exec(line)?.[1];
    if (fence === null && mark !== undefined) fence = mark;
    else if (fence !== null && mark !== undefined && closes(fence, mark, line)) fence = null;
    block += line;
    isAfterBlank = isBlank;
  }
  return block === '' ? blocks : [...blocks, block];
}

/** After a blank line: an indented line, or another item of a list, goes on with what was there. */
function belongsTo(block: string, line: string): boolean {
  if (block.trim() === '') return true;
  const isList = LIST_ITEM.test(block);
  return isList ? /^(?: {2,}|\t)/.test(line) || LIST_ITEM.test(line) : /^(?: {4,}|\t)/.test(line);
}

const closes = (fence: string, mark: string, line: string): boolean =>
  mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark;

/** The last block of a text that still grows, as it can be shown already. */
export function settled(block: string): string {
  if (FENCE.test(block)) return block;
  const [head, last] = lastLineOf(block);
  if (isTableHead(block)) return '';
  return head + closed(withoutOpenLink(last));
}

function lastLineOf(text: string): [string, string] {
  const at = text.lastIndexOf('\n') + 1;
  return [text.slice(0, at), text.slice(at)];
}

/** A table is one from its second line on; before that it would be a text full of bars. */
function isTableHead(block: string): boolean {
  const lines = block.trimEnd().split('\n');
  if (!/^ {0,3}\|/.test(block) || lines.length > 2) return false;
  const [head = '', rule] = lines;
  return rule === undefined || (rule.match(/\|/g) ?? []).length < (head.match(/\|/g) ?? []).length;
}

/** `[text](http://exa`: only the text, until its address is there. */
function withoutOpenLink(line: string): string {
  return line.replace(/!?\[([^[\]]*)(?:\](?:\([^()\s]*(?:\([^()\s]*\))?[^()\s]*)?)?$/, '$1');
}

/** Closes what is open in a line: code, bold, italic, struck out. */
function closed(line: string): string {
  const bare = line.replace(/(^|\s)[*_~`]+$|[*_~]+$/, '$1');
  if ((bare.match(/`/g) ?? []).length % 2 === 1) return `${bare}\``;
  const words = bare.replaceAll(/`[^`]*`/g, (code) => 'x'.repeat(code.length));
  const open = MARKS.flatMap((mark) => openAt(words, mark));
  if (open.length === 0) return bare;
  const ending = open.toSorted((a, b) => b.at - a.at).map(({ mark }) => mark);
  // A mark right after a space closes nothing.
  return bare.trimEnd() + ending.join('');
}

const MARKS = ['**', '__', '~~', '*'];

/** Where a mark stands that nothing closes. One before a space opens nothing, one after a space closes nothing. */
function openAt(words: string, mark: string): { readonly mark: string; readonly at: number }[] {
  const text = mark === '*' ? words.replaceAll('**', '  ') : words;
  let open = -1;
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + mark.length] ?? ' ';
    if (open === -1 && after !== ' ') open = at;
    else if (open !== -1 && before !== ' ') open = -1;
  }
  return open === -1 ? [] : [{ mark, at: open }];
}
