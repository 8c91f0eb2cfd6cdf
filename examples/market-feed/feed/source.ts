// Where quotes come from. The feed knows this and nothing of prices or processors.
import type { Instrument } from '../shared/market.ts';

export interface Reading {
  readonly symbol: string;
  readonly value: number;
  /** When the value was true. */
  readonly at: Date;
}

export interface Source {
  readonly instruments: readonly Instrument[];
  /** Calls `onReadings` until the answer is called. */
  start(onReadings: (readings: readonly Reading[]) => void): () => void;
}
