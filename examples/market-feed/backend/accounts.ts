// Tells users, each on their own channel, what their holdings are worth at the latest prices. Who is there to hear it is asked of the
// realtime server: it knows which channels somebody listens on, also after this process was started again.
import type { Sockudo } from 'sockudo';
import type { PublishQueue } from '../feed/publish-queue.ts';
import { type AccountEvents, accountChannel, type Holding } from '../shared/market.ts';
import { USERS, type User } from './users.ts';

const PERIOD_MS = 1000;
const PREFIX = accountChannel('');

export interface AccountParts {
  readonly sockudo: Pick<Sockudo, 'channels'>;
  /** Latest price of each symbol. */
  readonly prices: () => ReadonlyMap<string, number>;
  readonly queue: Pick<PublishQueue, 'add'>;
}

export function startAccounts(parts: AccountParts): { close(): void } {
  let isBusy = false;
  const timer = setInterval(async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      await publishAccounts(parts);
    } catch {
      // The server is away. The queue of the quotes says so already; the next round asks again.
    } finally {
      isBusy = false;
    }
  }, PERIOD_MS);
  return { close: () => clearInterval(timer) };
}

export async function publishAccounts({ sockudo, prices, queue }: AccountParts): Promise<void> {
  const { channels } = await sockudo.channels({ filter_by_prefix: PREFIX });
  for (const user of USERS) {
    const channel = accountChannel(user.id);
    if (channels[channel] === undefined) continue;
    queue.add({ channel, name: 'valued', data: valued(user, prices()) });
  }
}

export function valued(user: User, prices: ReadonlyMap<string, number>): AccountEvents['valued'] {
  const holdings: Holding[] = Object.entries(user.holdings).flatMap(([symbol, quantity]) => {
    const price = prices.get(symbol);
    return price === undefined ? [] : [{ symbol, quantity, value: quantity * price }];
  });
  return { total: holdings.reduce((sum, { value }) => sum + value, 0), holdings };
}
