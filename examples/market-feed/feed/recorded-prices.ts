// Real prices of the past, replayed with their own timing: the gap between two of them, week-ends included, is kept and only
// made shorter. Data: `appleStock` and `bitcoinPrice` of the npm package @visx/mock-data (MIT).
import { appleStock, bitcoinPrice } from '@visx/mock-data';
import type { Instrument } from '../shared/market.ts';
import type { Reading, Source } from './source.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a recorded day takes here. */
const REPLAYED_DAY_MS = 500;

const day = (date: Date): string =>
  date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

/** Readings in order of time. The data set ends, the replay begins again. */
function replay(symbol: string, name: string, recorded: readonly Reading[]): Source {
  const readings = recorded.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const [first, last] = [readings.at(0), readings.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`no recorded prices of ${symbol}`);
  const instrument: Instrument = {
    symbol,
    name,
    unit: 'usd',
    kind: 'replay',
    about: `Recorded daily, ${day(first.at)} to ${day(last.at)}`,
  };
  return {
    instruments: [instrument],
    start(onReadings) {
      let timer: NodeJS.Timeout;
      const show = (index: number): void => {
        const reading = readings[index] ?? first;
        onReadings([reading]);
        const next = readings[index + 1];
        const gapMs = next === undefined ? DAY_MS : next.at.getTime() - reading.at.getTime();
        const delayMs = (gapMs / DAY_MS) * REPLAYED_DAY_MS;
        timer = setTimeout(() => show(next === undefined ? 0 : index + 1), delayMs);
      };
      show(0);
      return () => clearTimeout(timer);
    },
  };
}

export const applePrices: Source = replay(
  'AAPL',
  'Apple share',
  appleStock.map(({ date, close }) => ({ symbol: 'AAPL', value: close, at: new Date(date) })),
);

export const bitcoinPrices: Source = replay(
  'BTC',
  'Bitcoin',
  bitcoinPrice.prices.map(({ time, price }) => ({ symbol: 'BTC', value: Number(price), at: new Date(time) })),
);
