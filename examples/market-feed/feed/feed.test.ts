import { describe, expect, it } from 'vitest';
import { startFeed } from './feed.ts';
import type { Reading, Source } from './source.ts';

function fakeSource(symbol: string): Source & { read(value: number): void; isStopped: boolean } {
  let onReadings: (readings: readonly Reading[]) => void = () => {};
  const source = {
    instruments: [{ symbol, name: symbol, unit: 'usd', kind: 'live', about: '' } as const],
    isStopped: false,
    start(listener: typeof onReadings) {
      onReadings = listener;
      return () => {
        source.isStopped = true;
      };
    },
    read: (value: number) => onReadings([{ symbol, value, at: new Date(0) }]),
  };
  return source;
}

describe('startFeed', () => {
  it('numbers and publishes every reading on the public channel', () => {
    const [gold, oil] = [fakeSource('GOLD'), fakeSource('OIL')];
    const published: { channel: string; name: string; data: unknown }[] = [];
    const feed = startFeed([gold, oil], { add: (event) => published.push(event) });
    gold.read(1);
    oil.read(2);
    gold.read(3);
    expect(published.map(({ channel, name }) => `${channel}/${name}`)).toEqual(Array(3).fill('market/quote'));
    expect(published.map(({ data }) => data)).toEqual(feed.state().quotes);
    const sequences = feed.state().quotes.map(({ sequence }) => sequence);
    expect(sequences).toEqual([0, 1, 2].map((n) => (sequences[0] ?? 0) + n));
    expect(feed.state().instruments.map(({ symbol }) => symbol)).toEqual(['GOLD', 'OIL']);
    expect([...feed.values()]).toEqual([
      ['GOLD', 3],
      ['OIL', 2],
    ]);
  });

  it('remembers only the latest of each instrument', () => {
    const [gold, oil] = [fakeSource('GOLD'), fakeSource('OIL')];
    const feed = startFeed([gold, oil], { add: () => {} });
    oil.read(7);
    for (let value = 1; value <= 1000; value += 1) gold.read(value);
    const { quotes } = feed.state();
    expect(quotes.filter(({ symbol }) => symbol === 'GOLD').map(({ value }) => value)).toEqual(
      Array.from({ length: 90 }, (_, index) => 911 + index),
    );
    expect(quotes.filter(({ symbol }) => symbol === 'OIL')).toHaveLength(1);
  });

  it('stops its sources', () => {
    const gold = fakeSource('GOLD');
    startFeed([gold], { add: () => {} }).close();
    expect(gold.isStopped).toBe(true);
  });
});
