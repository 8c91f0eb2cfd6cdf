import { describe, expect, it } from 'vitest';
import { headersIn } from './extras-text.ts';

const textOf = (run: number): string =>
  JSON.stringify({ ai: { transport: { 'run-id': `run-${run}`, status: 'streaming' } } });

describe('headersIn', () => {
  it('says what a text has and whether more is to come', () => {
    const withStatus = (status: string) => headersIn(JSON.stringify({ ai: { transport: { status } } }));
    expect(headersIn(textOf(1))).toEqual({
      ai: { transport: { 'run-id': 'run-1', status: 'streaming' } },
      state: 'streaming',
    });
    expect(withStatus('complete').state).toBe('ended');
    expect(withStatus('cancelled').state).toBe('ended');
    expect(headersIn('{"headers":{"a":1}}')).toEqual({ state: 'none' });
    expect(headersIn(undefined)).toEqual({ state: 'none' });
  });

  it('reads the texts of a thousand streams once, while messages come and go beside them', () => {
    const streams = Array.from({ length: 1_000 }, (_, run) => textOf(run));
    const read = streams.map((text) => headersIn(text));
    for (let round = 0; round < 10; round += 1) {
      for (let other = 0; other < 900; other += 1) headersIn(textOf(10_000 + round * 900 + other));
      for (const [run, text] of streams.entries()) expect(headersIn(text)).toBe(read[run]);
    }
  });
});
