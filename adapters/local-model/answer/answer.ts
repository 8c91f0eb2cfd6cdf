// What the stand-in answers: calls of tools, what tools returned, a summary of a text it is given, or passages of its documents. The same
// conversation gives the same answer. Must not know: HTTP, formats, pace.
import type { Found, Library } from '../documents/library.ts';
import { termsOf } from '../documents/terms.ts';
import type { Settings } from '../settings.ts';
import { passageOf, placeOf } from './passages.ts';
import { freshResults, lastWords, type Question } from './question.ts';
import { fillSchema } from './schema-values.ts';
import { note, nothingFound, smallTalk } from './small-talk.ts';
import { summaryOf } from './summary.ts';
import { tellResults } from './tool-results.ts';
import { callsFor, type PlannedCall } from './tools.ts';

export interface Answer {
  /** How it was found; empty: nothing was looked up. */
  readonly reasoning: string;
  readonly text: string;
  /** With calls there is no text. */
  readonly calls: readonly PlannedCall[];
}

const PASSAGES = 2;
/** Looked through for an answer of a given length. */
const MAX_PASSAGES = 400;
/** Questions up to so many words of their own are read together with those before them. */
const SHORT_QUESTION = 3;
const MORE = /^(?:(?:tell|show) me )?(?:more|go on|continue|next|and then|what else|anything else)\b/i;
const SUMMARY = /\bsummar(?:y|ies|i[sz])/i;

export function answerTo(question: Question, library: Library, settings: Settings): Answer {
  const results = freshResults(question);
  const text = lastWords(question);
  const calls = results.length > 0 ? [] : callsFor(question, settings.tools);
  if (calls.length > 0)
    return { reasoning: `The words fit ${calls.map(({ name }) => name).join(', ')}.`, text: '', calls };
  if (question.schema !== null)
    return { reasoning: 'JSON is asked for.', text: asJson(question.schema, text), calls: [] };
  const asksForSummary = SUMMARY.test(question.system) || SUMMARY.test(text);
  if (asksForSummary && (results.length > 0 || summarises(question, text))) {
    const given = results.length > 0 ? results.map((result) => result.text).join('\n\n') : text;
    return said(question, library, settings, {
      reasoning: 'A summary is asked for.',
      text: summaryOf(given),
    });
  }
  if (results.length > 0)
    return said(question, library, settings, { reasoning: '', text: tellResults(results) });
  const talk = settings.words === null ? smallTalk(text, library) : null;
  return said(
    question,
    library,
    settings,
    talk === null ? lookUp(question, library, settings) : { reasoning: '', text: talk },
  );
}

/** Filled with what the words of the user offer; where no member is named, with these themselves. */
function asJson(schema: unknown, text: string): string {
  const { value } = fillSchema({ type: 'object', ...(typeof schema === 'object' ? schema : {}) }, text);
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return JSON.stringify(isEmpty ? { text } : value);
}

/** A system prompt that asks for summaries means every text; a user who does has to have sent one. */
const summarises = ({ system }: Question, text: string): boolean => SUMMARY.test(system) || text.length > 400;

function said(
  question: Question,
  library: Library,
  settings: Settings,
  { reasoning, text }: Omit<Answer, 'calls'>,
): Answer {
  const isFirst = !question.turns.some((turn) => turn.role === 'assistant' && turn.text !== '');
  return { reasoning, text: settings.note && isFirst ? `${note(library)}\n\n${text}` : text, calls: [] };
}

function lookUp(question: Question, library: Library, settings: Settings): Omit<Answer, 'calls'> {
  const text = lastWords(question);
  const { query, context } = queryOf(question);
  const found = library.search({ text: query, context }, MAX_PASSAGES);
  const earlier = question.turns.flatMap((turn) => (turn.role === 'assistant' ? [turn.text] : [])).join('\n');
  // Asked for more: what was quoted already is not quoted again.
  const fresh = MORE.test(text) ? found.filter(({ section }) => !earlier.includes(placeOf(section))) : found;
  const reasoning = reasoningOf(query, context, library, fresh);
  if (settings.words !== null) return { reasoning, text: ofLength(settings.words, fresh, library) };
  if (fresh.length === 0) return { reasoning, text: nothingFound(text, library) };
  return { reasoning, text: worthQuoting(fresh).map(passageOf).join('\n\n') };
}

/** The second passage only where it is nearly as good as the first. */
function worthQuoting(found: readonly Found[]): readonly Found[] {
  const best = found[0]?.score ?? 0;
  return found.slice(0, PASSAGES).filter(({ score }) => score > best * 0.6);
}

/** What to look for: the last words; where they are few, with what was asked before around them. */
function queryOf(question: Question): { readonly query: string; readonly context: string } {
  const asked = question.turns.flatMap((turn) => (turn.role === 'user' ? [turn.text] : []));
  const last = subjectOf(asked.at(-1) ?? '');
  const before = asked.slice(0, -1);
  if (MORE.test(last.trim()))
    return { query: before.findLast((text) => !MORE.test(text.trim())) ?? last, context: '' };
  const isShort = new Set(termsOf(last)).size <= SHORT_QUESTION;
  return { query: last, context: isShort ? (before.at(-1) ?? '') : '' };
}

/** “A summary of oars” is about oars. */
function subjectOf(text: string): string {
  const rest = text.replaceAll(/\bsummar\w*/gi, ' ');
  return termsOf(rest).length === 0 ? text : rest;
}

/** Passages down the list, and then all sections, until there are enough words. */
function ofLength(words: number, found: readonly Found[], { sections }: Library): string {
  const pieces: string[] = [];
  let left = words;
  const seen = new Set(found.map(({ section }) => section));
  const rest = sections
    .filter((section) => !seen.has(section))
    .map((section) => ({ section, score: 0, terms: [] }));
  for (const one of [...found, ...rest]) {
    if (left <= 0) break;
    const all = passageOf(one).match(/\S+\s*/g) ?? [];
    pieces.push(all.slice(0, left).join('').trimEnd());
    left -= all.length;
  }
  return pieces.join('\n\n');
}

function reasoningOf(query: string, context: string, { sections }: Library, found: readonly Found[]): string {
  const terms = [...new Set(termsOf(query))].slice(0, 12).join(', ');
  const around =
    context === '' ? '' : ` Before that it was about “${context.slice(0, 80)}”, which counts less.`;
  const best = found.slice(0, 3).map(({ section, score }) => `- ${placeOf(section)} (${score.toFixed(1)})`);
  const outcome = best.length === 0 ? 'Nothing fits.' : `The best:\n${best.join('\n')}`;
  return `Looking in ${sections.length} sections for: ${terms || 'nothing in particular'}.${around} ${outcome}`;
}
