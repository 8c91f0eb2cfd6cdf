// Looks things up in a folder of Markdown: by section, rare words count more, a word in the heading counts three times. Must not know:
// models, runs.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Found {
  /** Path of the file, relative to the folder. */
  readonly source: string;
  readonly heading: string;
  readonly text: string;
}

interface Section extends Found {
  /** Words, and how often they occur. */
  readonly words: ReadonlyMap<string, number>;
}

const HEADING_WEIGHT = 3;
/** Characters of a section that are given to the model. */
const TEXT_MAX = 1500;
const FILES_MAX = 500;

export class Documents {
  readonly #sections: readonly Section[];
  /** In how many sections a word occurs. */
  readonly #spread = new Map<string, number>();

  constructor(files: Iterable<{ readonly source: string; readonly text: string }>) {
    this.#sections = [...files].flatMap(({ source, text }) => sectionsOf(source, text));
    for (const { words } of this.#sections)
      for (const word of words.keys()) this.#spread.set(word, (this.#spread.get(word) ?? 0) + 1);
  }

  static async read(folder: string): Promise<Documents> {
    const names = await readdir(folder, { recursive: true });
    const sources = names.filter((name) => name.endsWith('.md')).slice(0, FILES_MAX);
    return new Documents(
      await Promise.all(
        sources.map(async (source) => ({ source, text: await readFile(join(folder, source), 'utf8') })),
      ),
    );
  }

  /** The best sections, best first; none where no word of the query occurs. */
  search(query: string, count = 3): Found[] {
    const wanted = [...new Set(wordsOf(query))];
    return this.#sections
      .map((section) => ({ section, score: this.#score(section, wanted) }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ section: { source, heading, text } }) => ({ source, heading, text: text.slice(0, TEXT_MAX) }));
  }

  #score({ words }: Section, wanted: readonly string[]): number {
    let score = 0;
    for (const word of wanted) {
      const times = words.get(word) ?? 0;
      const rarity = Math.log(1 + this.#sections.length / (1 + (this.#spread.get(word) ?? 0)));
      score += (times / (times + 1.5)) * rarity;
    }
    return score;
  }
}

function sectionsOf(source: string, text: string): Section[] {
  return text.split(/^(?=#{1,4} )/m).flatMap((part) => {
    const heading = /^#+ (.*)/.exec(part)?.[1]?.trim() ?? source;
    const body = part.replace(/^#+ .*\n/, '').trim();
    if (body === '') return [];
    const words = new Map<string, number>();
    const headings = Array.from({ length: HEADING_WEIGHT }, () => heading).join(' ');
    for (const word of wordsOf(`${headings} ${body}`)) words.set(word, (words.get(word) ?? 0) + 1);
    return [{ source, heading, text: body, words }];
  });
}

/** Without endings that change nothing about what is meant. */
const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}_]{3,}/gu) ?? []).map((word) => word.replace(/(?:es|s|ing|ed)$/, ''));
