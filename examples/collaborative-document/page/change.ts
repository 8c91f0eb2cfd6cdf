// What changed between two texts: what they share at both ends is left out.

export interface Change {
  readonly before: string;
  readonly changed: string;
  readonly after: string;
}

/** The part of `text` that `previous` did not have in its place, and what stands around it. */
export function changeOf(previous: string, text: string): Change {
  const most = Math.min(previous.length, text.length);
  let start = 0;
  while (start < most && previous[start] === text[start]) start += 1;
  let end = 0;
  while (end < most - start && previous.at(-1 - end) === text.at(-1 - end)) end += 1;
  const changedEnd = text.length - end;
  return {
    before: text.slice(0, start),
    changed: text.slice(start, changedEnd),
    after: text.slice(changedEnd),
  };
}
