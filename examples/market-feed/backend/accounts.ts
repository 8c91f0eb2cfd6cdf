// Tells each signed-in user, on the user's own channel, what their holdings are worth at the latest prices.
import type { PublishQueue } from '../feed/publish-queue.ts';
import { type AccountEvents, accountChannel, type Holding } from '../shared/market.ts';
import type { User } from './users.ts';

const PERIOD_MS = 1000;

export interface AccountParts {
  readonly users: () => readonly User[];
  readonly values: () => ReadonlyMap<string, number>;
  readonly queue: Pick<PublishQueue, 'add'>;
}

export function startAccounts({ users, values, queue }: AccountParts): { close(): void } {
  const timer = setInterval(() => {
    const prices = values();
    for (const user of users()) {
      queue.add({ channel: accountChannel(user.id), name: 'valued', data: valued(user, prices) });
    }
  }, PERIOD_MS);
  return { close: () => clearInterval(timer) };
}

export function valued(user: User, prices: ReadonlyMap<string, number>): AccountEvents['valued'] {
  const holdings: Holding[] = Object.entries(user.holdings).flatMap(([symbol, quantity]) => {
    const price = prices.get(symbol);
    return price === undefined ? [] : [{ symbol, quantity, value: quantity * price }];
  });
  return { total: holdings.reduce((sum, { value }) => sum + value, 0), holdings };
}
