import { describe, expect, it } from 'vitest';
import { RowTexts } from './row-texts.ts';

/** Rows of 100 each, with what they cost besides. */
const rows = (...serials: number[]) => new Map(serials.map((serial) => [serial, 'x'.repeat(36)]));

describe('row texts', () => {
  it('are kept by stream', () => {
    const kept = new RowTexts(1_000);
    kept.add('a', 's1', rows(1, 2));
    kept.add('a', 's1', rows(2, 3));
    expect([...kept.of('a', 's1').keys()]).toEqual([1, 2, 3]);
    expect(kept.of('b', 's1').size).toBe(0);
    expect(kept.of('a', 's2').size).toBe(0);
    expect(kept.of('a', 's1').size).toBe(0);
  });

  it('make room: the channel that was not asked for longest goes first', () => {
    const kept = new RowTexts(400);
    kept.add('a', 's', rows(1, 2));
    kept.add('b', 's', rows(1, 2));
    kept.of('a', 's');
    kept.add('c', 's', rows(1));
    expect(['b', 'a', 'c'].map((channel) => kept.of(channel, 's').size)).toEqual([1, 2, 1]);
  });

  it('of another stream leave no weight behind', () => {
    const kept = new RowTexts(300);
    for (const stream of ['s1', 's2', 's3', 's4']) kept.add('a', stream, rows(1, 2));
    kept.add('b', 's', rows(1));
    expect(kept.of('a', 's4').size).toBe(2);
  });

  it('of one channel alone keep to the bound', () => {
    const kept = new RowTexts(300);
    kept.add('a', 's', rows(1, 2, 3, 4, 5));
    expect([...kept.of('a', 's').keys()]).toEqual([3, 4, 5]);
  });
});
