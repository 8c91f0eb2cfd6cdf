// Turns readings into numbered quotes, publishes them on the public channel and remembers the latest, for pages that open later.
import { type Instrument, MARKET_CHANNEL, type MarketState, type Quote } from '../shared/market.ts';
import type { PublishQueue } from './publish-queue.ts';
import type { Reading, Source } from './source.ts';

/** Quotes remembered of each instrument. */
const REMEMBERED = 90;

export interface Feed {
  state(): MarketState;
  /** Latest value of each instrument that had one. */
  values(): ReadonlyMap<string, number>;
  close(): void;
}

export function startFeed(sources: readonly Source[], queue: Pick<PublishQueue, 'add'>): Feed {
  const instruments: Instrument[] = sources.flatMap((source) => source.instruments);
  const quotes = new Map<string, Quote[]>(instruments.map(({ symbol }) => [symbol, []]));
  // Starts at the time, so that a page that lived through a restart of the backend does not take new quotes for old ones.
  let sequence = Date.now();

  const publish = (readings: readonly Reading[]): void => {
    for (const { symbol, value, at } of readings) {
      sequence += 1;
      const quote: Quote = { symbol, value, at: at.toISOString(), sequence };
      const remembered = quotes.get(symbol);
      remembered?.push(quote);
      if (remembered !== undefined && remembered.length > REMEMBERED) remembered.shift();
      queue.add({ channel: MARKET_CHANNEL, name: 'quote', data: quote });
    }
  };
  const stops = sources.map((source) => source.start(publish));

  return {
    state: () => ({
      instruments,
      quotes: [...quotes.values()].flat().sort((a, b) => a.sequence - b.sequence),
    }),
    values: () =>
      new Map([...quotes].flatMap(([symbol, of]) => of.slice(-1).map(({ value }) => [symbol, value]))),
    close() {
      for (const stop of stops) stop();
    },
  };
}
