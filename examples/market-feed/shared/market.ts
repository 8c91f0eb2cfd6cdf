// What the backend publishes and the page shows: names of channels, shapes of events. The only thing both sides share.

/** Public: anyone may listen. */
export const MARKET_CHANNEL = 'market';
/** Presence: who is signed in and has the page open. */
export const FLOOR_CHANNEL = 'presence-floor';
/** Private: one for each user, and only for that user. */
export const accountChannel = (userId: string): string => `private-account-${userId}`;

export interface Instrument {
  readonly symbol: string;
  readonly name: string;
  /** `usd`: a price. `percent`: 0 to 100. `number`: as it is. */
  readonly unit: 'usd' | 'percent' | 'number';
  /** `replay`: recorded long ago, shown at another speed. `live`: measured now. */
  readonly kind: 'replay' | 'live';
  /** What it is, in words for the page. */
  readonly about: string;
}

export interface Quote {
  readonly symbol: string;
  readonly value: number;
  /** ISO 8601: when the value was true, for a replay long ago. */
  readonly at: string;
  /** Grows with every quote of the feed. Tells a quote seen twice from two quotes. */
  readonly sequence: number;
}

/** Answer of `GET /market`: enough to draw the page before the next quote arrives. */
export interface MarketState {
  readonly instruments: readonly Instrument[];
  /** Oldest first. */
  readonly quotes: readonly Quote[];
}

/** Events of the public channel. */
export interface MarketEvents {
  readonly quote: Quote;
}

export interface Holding {
  readonly symbol: string;
  readonly quantity: number;
  readonly value: number;
}

/** Events of a user's own channel. */
export interface AccountEvents {
  readonly valued: { readonly total: number; readonly holdings: readonly Holding[] };
}

/** Client events of the presence channel: from one page to the others, never through the backend. */
export interface FloorEvents {
  readonly 'client-typing': Record<string, never>;
  readonly 'client-said': { readonly text: string };
}

export interface PublicUser {
  readonly id: string;
  readonly name: string;
}
