// The public feed: subscribes first, then loads what came before, so that nothing is missed in between. Quotes carry a number;
// what comes both ways is shown once. After a reconnect the same happens again and closes the gap.
import type { Sockudo } from '@sockudo/client';
import { html, note } from '@sockudo/example-kit/page';
import { MARKET_CHANNEL, type MarketEvents, type MarketState } from '../shared/market.ts';
import { marketState } from './backend.ts';
import { InstrumentCard } from './instrument-card.ts';

const RETRY_MS = 3000;

export interface MarketView {
  /** Quotes received so far. */
  received(): number;
}

export function showMarket(sockudo: Sockudo): MarketView {
  const cards = new Map<string, InstrumentCard>();
  const problem = html('market-note');
  let received = 0;

  const market = sockudo.subscribe<MarketEvents>(MARKET_CHANNEL);
  market.bind('quote', (quote) => {
    received += 1;
    cards.get(quote.symbol)?.add([quote]);
  });
  let retry: ReturnType<typeof setTimeout> | undefined;
  const load = async (): Promise<void> => {
    clearTimeout(retry);
    try {
      showState(await marketState(), cards);
      note(problem, '');
    } catch {
      note(problem, 'The backend does not answer, so what came before is missing. Trying again…');
      retry = setTimeout(load, RETRY_MS);
    }
  };
  market.bind('pusher:subscription_succeeded', load);
  return { received: () => received };
}

function showState({ instruments, quotes }: MarketState, cards: Map<string, InstrumentCard>): void {
  const list = html('cards');
  if (cards.size === 0) {
    for (const instrument of instruments) cards.set(instrument.symbol, new InstrumentCard(instrument));
    list.replaceChildren(...[...cards.values()].map(({ element }) => element));
    list.setAttribute('aria-busy', 'false');
  }
  for (const [symbol, card] of cards) card.add(quotes.filter((quote) => quote.symbol === symbol));
}
