// Finds the sections that say most about some words: BM25 over headings and texts (minisearch). Must not know: conversations.
import MiniSearch, { type SearchResult } from 'minisearch';
import type { Document } from './read-documents.ts';
import { type Section, sectionsOf } from './sections.ts';
import { termsOf, variantsOf, wordsOf } from './terms.ts';

export interface Found {
  readonly section: Section;
  readonly score: number;
  /** Which of the words asked for it has. */
  readonly terms: readonly string[];
}

export interface Query {
  readonly text: string;
  /** What was talked about before: counts less. */
  readonly context?: string | undefined;
}

/** A question of several words has to find this share of them, or nothing was found; one of two words both. */
const MIN_SHARE = 0.5;
/** Sections that are nothing but tables answer questions worse than prose with the same words. */
const TABLE_WEIGHT = 0.6;
/** What stands right under the title of a document says what it is about. */
const BEGINNING_WEIGHT = 1.5;
const CONTEXT_WEIGHT = 0.3;
const FIELDS = ['title', 'path', 'text'] as const;
/** Of a long question only so many words are looked for. */
const MAX_TERMS = 64;

interface Entry {
  readonly id: number;
  readonly title: string;
  readonly path: string;
  readonly text: string;
}

export class Library {
  /** How many documents it was made of. */
  readonly documents: number;
  readonly sections: readonly Section[];
  readonly #index: MiniSearch<Entry>;

  constructor(documents: readonly Document[]) {
    this.documents = documents.length;
    this.sections = documents.flatMap(({ source, text }) => sectionsOf(source, text));
    this.#index = new MiniSearch<Entry>({
      fields: [...FIELDS],
      tokenize: wordsOf,
      processTerm: variantsOf,
      searchOptions: { boost: { title: 3, path: 1.5 }, combineWith: 'OR' },
    });
    this.#index.addAll(this.sections.map(entryOf));
  }

  /** Best first; empty when too little of what was asked for occurs anywhere. Misspelt words count when the words as written find nothing. */
  search({ text, context = '' }: Query, limit: number): Found[] {
    const asked = [...new Set(termsOf(text))].slice(0, MAX_TERMS);
    const exact = this.#search(asked, context, false);
    const results = exact.length > 0 ? exact : this.#search(asked, context, true);
    return results.slice(0, limit).flatMap(({ id, score, queryTerms }) => {
      const section = this.sections[Number(id)];
      return section === undefined ? [] : [{ section, score, terms: queryTerms }];
    });
  }

  #search(asked: readonly string[], context: string, isFuzzy: boolean): SearchResult[] {
    const own = new Set(asked);
    const around = [...new Set(termsOf(context))].filter((term) => !own.has(term)).slice(0, MAX_TERMS);
    const query = [...asked, ...around].join(' ');
    if (query === '') return [];
    const results = this.#index.search(query, {
      tokenize: (terms: string) => terms.split(' '),
      processTerm: (term: string) => term,
      boostDocument: (id) => weightOf(this.sections[Number(id)]),
      boostTerm: (term) => (own.has(term) ? 1 : CONTEXT_WEIGHT),
      fuzzy: (term: string) => (isFuzzy && own.has(term) && term.length > 3 ? 0.25 : false),
    });
    const best = Math.max(0, ...results.map(({ queryTerms }) => shareOf(queryTerms, own)));
    const isEnough = own.size === 2 ? best === 1 : best >= MIN_SHARE;
    return isEnough ? results : [];
  }
}

function weightOf(section: Section | undefined): number {
  if (section?.blocks.every((block) => /^\s*\|/.test(block)) === true) return TABLE_WEIGHT;
  return section?.headings.length === 1 ? BEGINNING_WEIGHT : 1;
}

/** Without words of its own a question is only its context, and that counts. */
const shareOf = (found: readonly string[], own: ReadonlySet<string>): number =>
  own.size === 0 ? 1 : found.filter((term) => own.has(term)).length / own.size;

function entryOf({ source, headings, blocks }: Section, id: number): Entry {
  const path = [source, ...headings.slice(0, -1)].join(' ');
  return { id, title: headings.at(-1) ?? '', path, text: blocks.join('\n') };
}
