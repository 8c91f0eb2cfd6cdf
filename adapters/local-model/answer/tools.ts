// Which tools are called for the user's words, and with what. Must not know: documents, HTTP.
import { termsOf } from '../documents/terms.ts';
import { lastWords, type Question, type Tool } from './question.ts';
import { fillSchema } from './schema-values.ts';

export interface PlannedCall {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

/** Calls at once, at most. */
const MAX_CALLS = 16;
/** Say nothing about which tool is meant. */
const VAGUE = new Set(
  termsOf('get read find list search fetch tool call function set run new data value returns given name id'),
);

/**
 * In this order: those of the settings; `/tool NAME {json}` in the user's words, one for each line; one that the request insists on; the
 * one whose name and description the words fit best, if they also offer what it needs.
 */
export function callsFor(question: Question, wanted: readonly string[]): PlannedCall[] {
  const text = lastWords(question);
  const { tools, choice, isParallel } = question;
  if (choice === 'none') return [];
  const most = isParallel ? MAX_CALLS : 1;
  const forced = wanted.map((name) => callOf(toolNamed(tools, name) ?? bare(name), text));
  if (forced.length > 0) return forced.slice(0, most);
  const spelt = speltOut(text, tools);
  if (spelt.length > 0) return spelt.slice(0, most);
  if (typeof choice === 'object') return [callOf(toolNamed(tools, choice.name) ?? bare(choice.name), text)];
  const best = bestTool(tools, text);
  if (choice === 'required') return tools.slice(0, 1).map((first) => callOf(best ?? first, text));
  return best === null ? [] : [callOf(best, text)];
}

const toolNamed = (tools: readonly Tool[], name: string): Tool | undefined =>
  tools.find((tool) => tool.name === name);

const bare = (name: string): Tool => ({ name, description: '', parameters: {} });

const callOf = ({ name, parameters }: Tool, text: string): PlannedCall => ({
  name,
  arguments: JSON.stringify(fillSchema({ type: 'object', ...objectOf(parameters) }, text).value),
});

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

/** `/tool NAME` with arguments in JSON, or with words from which to make them. Also tools that were not offered: so they say. */
function speltOut(text: string, tools: readonly Tool[]): PlannedCall[] {
  return [...text.matchAll(/^[ \t]{0,8}\/tool[ \t]+([\w.-]{1,64})[ \t]*(.*)$/gm)].map(
    ([, name = '', rest = '']) => {
      const given = rest.trim();
      if (given.startsWith('{')) return { name, arguments: given };
      // Words without marks are one value.
      const isBare = given !== '' && !/["`=:“]/.test(given);
      return callOf(toolNamed(tools, name) ?? bare(name), isBare ? `"${given}"` : given);
    },
  );
}

/** A tool that fits, and for which the words offer all that it requires. */
function bestTool(tools: readonly Tool[], text: string): Tool | null {
  const said = new Set(termsOf(text).filter((term) => !VAGUE.has(term)));
  const fitting = tools
    .map((tool) => ({ tool, score: scoreOf(tool, said) }))
    .filter(({ score }) => score >= 2)
    .toSorted((a, b) => b.score - a.score);
  return fitting.find(({ tool }) => fillSchema(tool.parameters, text).missing.length === 0)?.tool ?? null;
}

/** A word of its name counts twice. */
function scoreOf({ name, description }: Tool, said: ReadonlySet<string>): number {
  const named = new Set(termsOf(name));
  const described = new Set(termsOf(description.slice(0, 4000)));
  let score = 0;
  for (const term of said) score += named.has(term) ? 2 : described.has(term) ? 1 : 0;
  return score;
}
