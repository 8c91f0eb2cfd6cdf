// An answer as it will be spoken: its parts, the words they are said in, why it ends, and what it costs. Must not know: formats, time.
import { randomUUID } from 'node:crypto';
import type { Answer } from '../answer/answer.ts';
import type { Question } from '../answer/question.ts';

export type Part =
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  /** `text`: its arguments. */
  | { readonly kind: 'call'; readonly text: string; readonly id: string; readonly name: string };

export interface Piece {
  /** Index of the part. */
  readonly part: number;
  readonly text: string;
}

export type Reason = 'stop' | 'length' | 'tool-calls';

/** Tokens, by `tokensIn`. */
export interface Usage {
  readonly input: number;
  /** With reasoning. */
  readonly output: number;
  readonly reasoning: number;
}

export interface Play {
  readonly parts: readonly Part[];
  readonly pieces: readonly Piece[];
  readonly reason: Reason;
  readonly usage: Usage;
}

const CHARACTERS_PER_TOKEN = 4;
/** Characters of a tool's arguments in one piece. */
const ARGUMENTS_PIECE = /[\s\S]{1,12}/g;
/** Leading space, then words with the space after them: nothing of the text is lost. */
const WORDS = /^\s+|\S+\s*/g;

/** An estimate, always the same: a token for every four characters that were begun. */
export const tokensIn = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

export function playOf(question: Question, answer: Answer, isThinking: boolean): Play {
  const all: Part[] = [];
  if (isThinking && answer.reasoning !== '') all.push({ kind: 'reasoning', text: answer.reasoning });
  if (answer.text !== '') all.push({ kind: 'text', text: answer.text });
  for (const { name, arguments: text } of answer.calls)
    all.push({ kind: 'call', id: newId('call'), name, text });
  const { parts, isCut } = within(all, question.maxTokens);
  const usage = {
    input: inputTokens(question),
    output: sum(parts.map(({ text }) => tokensIn(text))),
    reasoning: sum(parts.map(({ kind, text }) => (kind === 'reasoning' ? tokensIn(text) : 0))),
  };
  const reason = isCut ? 'length' : answer.calls.length > 0 ? 'tool-calls' : 'stop';
  return { parts, pieces: parts.flatMap(piecesOf), reason, usage };
}

/** Of everything the model is given. */
export function inputTokens({ system, turns, tools }: Question): number {
  const texts = turns.flatMap((turn) =>
    turn.role === 'assistant'
      ? [turn.text, ...turn.calls.map((call) => call.name + call.arguments)]
      : [turn.text],
  );
  const offered = tools.map(
    ({ name, description, parameters }) => name + description + JSON.stringify(parameters),
  );
  return sum([system, ...texts, ...offered].map(tokensIn));
}

/** Unique, so that a conversation may hold many of them. */
export const newId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '')}`;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function piecesOf({ kind, text }: Part, part: number): Piece[] {
  return (text.match(kind === 'call' ? ARGUMENTS_PIECE : WORDS) ?? []).map((piece) => ({
    part,
    text: piece,
  }));
}

function within(
  parts: readonly Part[],
  maxTokens: number | null,
): { readonly parts: Part[]; readonly isCut: boolean } {
  let left = maxTokens ?? Infinity;
  const kept: Part[] = [];
  for (const part of parts) {
    const tokens = tokensIn(part.text);
    if (tokens > left) {
      const text = part.text.slice(0, left * CHARACTERS_PER_TOKEN);
      return { parts: text === '' ? kept : [...kept, { ...part, text }], isCut: true };
    }
    kept.push(part);
    left -= tokens;
  }
  return { parts: kept, isCut: false };
}
