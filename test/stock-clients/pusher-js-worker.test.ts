// The worker build of pusher-js 8 as published, in a context that has only what a worker has: self, WebSocket, fetch, timers.
import { readFile } from 'node:fs/promises';
import { createContext, runInContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import {
  heard,
  type PusherClient,
  startAuthEndpoint,
  stockBackend,
  stockOptions,
  subscribed,
} from '../support/stock-packages.ts';
import { startTestServer } from '../support/test-server.ts';

type PusherClass = new (key: string, options: object) => PusherClient;

async function workerBuild(): Promise<PusherClass> {
  const file = new URL(
    '../../node_modules/pusher-js/dist/worker/pusher-with-encryption.worker.js',
    import.meta.url,
  );
  const scope: Record<string, unknown> = {
    WebSocket,
    fetch,
    Headers,
    Request,
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    console,
    crypto,
    addEventListener() {},
  };
  scope.self = scope;
  scope.globalThis = scope;
  runInContext(await readFile(file, 'utf8'), createContext(scope));
  // CAST: the script leaves its class under this global name.
  return scope.Pusher as PusherClass;
}

it('connects, authorises over fetch and decrypts', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const backend = stockBackend(server);
  const endpoint = await startAuthEndpoint(backend);
  const Pusher = await workerBuild();
  const client = new Pusher(server.app.key, stockOptions(server, { endpoint, headers: { 'x-user': 'ada' } }));
  onTestFinished(() => client.disconnect());
  const open = heard(await subscribed(client, 'worker-open'), 'event');
  const secret = heard(await subscribed(client, 'private-encrypted-worker'), 'event');
  await backend.trigger(['worker-open'], 'event', 1);
  await backend.trigger('private-encrypted-worker', 'event', { pin: 2 });
  expect(await open.next()).toMatchObject({ data: 1 });
  expect(await secret.next()).toMatchObject({ data: { pin: 2 } });
});
