// The backend process: publishes the feed and serves its own endpoints on a loopback port. It reaches the realtime server only
// through the signed HTTP API, as a backend anywhere else would.
import { onStop, reportReady } from '@sockudo/example-kit/process';
import { Sockudo, SockudoRequestError } from 'sockudo';
import { startFeed } from '../feed/feed.ts';
import { machine } from '../feed/machine.ts';
import { PublishQueue } from '../feed/publish-queue.ts';
import { applePrices, bitcoinPrices } from '../feed/recorded-prices.ts';
import { startAccounts } from './accounts.ts';
import { createBackend } from './app.ts';
import { Sessions } from './sessions.ts';

const address = process.env.SOCKUDO_URL;
if (address === undefined) throw new Error('SOCKUDO_URL is missing: http://KEY:SECRET@HOST:PORT/apps/APP_ID');

const sockudo = Sockudo.forURL(address, { timeout: 5000 });
const queue = new PublishQueue(sockudo, (error) => {
  const reason = error instanceof SockudoRequestError ? error.message : error;
  console.error('market feed: the realtime server did not take quotes:', reason);
});
const sessions = new Sessions();
const feed = startFeed([applePrices, bitcoinPrices, machine], queue);
const accounts = startAccounts({ sockudo, prices: () => feed.values(), queue });
const app = createBackend({ sockudo, sessions, feed });
await app.listen({ host: '127.0.0.1', port: Number(process.env.BACKEND_PORT ?? 0) });

onStop(async () => {
  accounts.close();
  feed.close();
  queue.close();
  await app.close();
});
const bound = app.server.address();
reportReady({ port: typeof bound === 'object' ? bound?.port : null });
