import { describe, expect, it } from 'vitest';
import type { Question } from '../answer/question.ts';
import { readSettings } from '../settings.ts';
import { CutError, FailError, perform, seedOf } from './perform.ts';
import { playOf } from './play.ts';

const QUESTION: Question = {
  system: '',
  turns: [{ role: 'user', text: 'question' }],
  tools: [],
  choice: 'auto',
  isParallel: true,
  maxTokens: null,
  wantsReasoning: false,
  seed: null,
  schema: null,
};
const TEXT = '  One  two\n\n```js\n  const three = 3;\n```\n';
const play = playOf(QUESTION, { reasoning: '', text: TEXT, calls: [] }, false);

/** What is said and what is waited for, until the end or until it breaks. */
async function heard(settings: string, seed = 1) {
  const waits: [string, number][] = [];
  const pieces: string[] = [];
  let error: unknown = null;
  const performance = {
    settings: readSettings(settings),
    seed,
    signal: new AbortController().signal,
    pace: async (piece: string, delayMs: number) => void waits.push([piece, delayMs]),
  };
  try {
    for await (const { text } of perform(play, performance)) pieces.push(text);
  } catch (caught) {
    error = caught;
  }
  return { pieces, waits, delays: waits.map(([, delayMs]) => delayMs), error };
}

describe('perform', () => {
  it('says a text word by word and loses nothing of it', async () => {
    const { pieces, delays } = await heard('speed=50');
    expect(pieces.join('')).toBe(TEXT);
    expect(pieces).toHaveLength(9);
    expect(new Set(delays)).toEqual(new Set([20]));
  });

  it('waits for nothing at speed=max', async () => {
    expect(new Set((await heard('speed=max,jitter=1')).delays)).toEqual(new Set([0]));
  });

  it('has the same jitter for the same seed, within its bounds', async () => {
    const first = await heard('speed=100,jitter=0.5', 7);
    const again = await heard('speed=100,jitter=0.5', 7);
    const other = await heard('speed=100,jitter=0.5', 8);
    expect(again.delays).toEqual(first.delays);
    expect(other.delays).not.toEqual(first.delays);
    expect(new Set(first.delays).size).toBeGreaterThan(5);
    for (const delay of [...first.delays, ...other.delays]) {
      expect(delay).toBeGreaterThanOrEqual(5);
      expect(delay).toBeLessThanOrEqual(15);
    }
  });

  it('waits before the first word and stands still after some', async () => {
    const { waits } = await heard('speed=max,wait=300,stall=after:2:5000');
    expect(waits.slice(0, 4)).toEqual([
      ['', 300],
      ['  ', 0],
      ['One  ', 0],
      ['', 5000],
    ]);
    expect((await heard('stall=after:1')).delays).toContain(Infinity);
  });

  it.each([
    ['cut', CutError],
    ['fail', FailError],
  ])('breaks with %s after some words, at the end at the latest', async (name, kind) => {
    const early = await heard(`${name}=after:2`);
    expect(early.pieces).toEqual(['  ', 'One  ']);
    expect(early.error).toBeInstanceOf(kind);
    const late = await heard(`${name}=after:9`);
    expect(late.pieces.join('')).toBe(TEXT);
    expect(late.error).toBeInstanceOf(kind);
    expect((await heard(`${name}=after:10`)).error).toBeNull();
  });

  it('ends when nobody listens any more, also while it stands still', async () => {
    const gone = new AbortController();
    const settings = readSettings('speed=max,stall=after:1');
    const pieces = perform(play, { settings, seed: 1, signal: gone.signal });
    await pieces.next();
    const next = pieces.next();
    gone.abort(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
  });
});

describe('playOf', () => {
  it('stops at the limit of tokens, four characters each', () => {
    const answer = { reasoning: 'because', text: 'abcdefghij', calls: [] };
    const all = playOf({ ...QUESTION, maxTokens: 5 }, answer, true);
    expect(all).toMatchObject({ reason: 'stop', usage: { input: 2, output: 5, reasoning: 2 } });
    const short = playOf({ ...QUESTION, maxTokens: 4 }, answer, true);
    expect(short).toMatchObject({ reason: 'length', usage: { output: 4 } });
    expect(short.parts.map(({ text }) => text)).toEqual(['because', 'abcdefgh']);
    expect(playOf({ ...QUESTION, maxTokens: 2 }, answer, true).parts).toHaveLength(1);
  });
});

it('seedOf is the same for the same text', () => {
  expect(seedOf('a')).toBe(seedOf('a'));
  expect(seedOf('a')).not.toBe(seedOf('b'));
});
