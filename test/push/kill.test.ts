// kill -9 of a whole server while a publish goes out to 10,000 browsers: each of them gets it, none is lost, and what was sent
// twice is one notification, since the push service replaces by topic.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyedStore } from '@sockudo/sqlite';
import { pino } from 'pino';
import { Sockudo } from 'sockudo';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenHashOf } from '../../push/contracts.ts';
import { generateVapidKeys } from '../../push/providers/index.ts';
import { keys } from '../../push/store/keys.ts';
import { FakeWebPush } from '../../push/testing/fakes/fake-web-push.ts';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const BROWSERS = 10_000;
const CHANNEL = 'everybody';
/** The server dies when so many pushes have arrived. */
const DEATHS = [500, 3_000, 7_000];

const vapid = generateVapidKeys();
let folder: string;
let service: FakeWebPush;
let server: ServerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-push-'));
  service = await FakeWebPush.start();
  await register();
  await start();
});
afterAll(async () => {
  await server.kill();
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

/** Written by hand: each identity token takes long on purpose. */
async function register(): Promise<void> {
  const path = join(folder, 'sockudo.db');
  const store = await createKeyedStore({ path, logger: pino({ level: 'silent' }) });
  const ids = Array.from({ length: BROWSERS }, (_, index) => `browser-${index}`);
  const put = (key: string, value: unknown) => ({ kind: 'put', key, value: JSON.stringify(value) }) as const;
  for (let from = 0; from < ids.length; from += 500) {
    const operations = ids.slice(from, from + 500).flatMap((id) => {
      const recipient = service.subscribe(id);
      const [appId, tokenHash] = [TEST_APP.id, tokenHashOf(recipient)];
      const common = { id, formFactor: 'desktop', platform: 'browser', timezone: 'UTC', locale: 'en' };
      const state = { lastActiveAtMs: 0, state: 'ACTIVE', failureCount: 0, identity: '' };
      return [
        put(keys.device(appId, id), { ...common, ...state, recipient }),
        put(keys.subscription(appId, CHANNEL, id), {
          channel: CHANNEL,
          deviceId: id,
          provider: 'webPush',
          tokenHash,
        }),
      ];
    });
    await store.write(operations, { durability: 'process' });
  }
  await store.close();
}

async function start(): Promise<void> {
  server = await startServerProcess(folder, {
    queue: { driver: 'sqlite' },
    push: {
      webpush_enabled: true,
      allow_local_endpoints: true,
      webpush: { vapid_private_key: vapid.privateKey },
    },
  });
}

const client = (): Sockudo => {
  const { id: appId, key, secret } = TEST_APP;
  return new Sockudo({ appId, key, secret, host: server.host, port: String(server.port), useTLS: false });
};

const arrived = (count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (service.received.length < count) return;
      service.onPush = null;
      resolve();
    };
    service.onPush = look;
    look();
  });

const publish = (): Promise<unknown> =>
  client().publishPush({
    publishId: 'news-1',
    recipients: [{ type: 'channel', channel: CHANNEL }],
    payload: { title: 'Packed', body: 'On its way' },
  });

/** The status of the publish once it has ended. */
async function ended(): Promise<{ state: string; counters: Record<string, number> }> {
  for (;;) {
    // CAST: the status as the server documents it.
    const status = (await client().getPublishStatus('news-1')) as unknown as Awaited<
      ReturnType<typeof ended>
    >;
    if (!['queued', 'planning', 'dispatching'].includes(status.state)) return status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it(`reaches ${BROWSERS} browsers through ${DEATHS.length} deaths, each with one notification`, async () => {
  await publish();
  for (const death of DEATHS) {
    await arrived(death);
    await server.kill();
    await start();
  }
  // The caller does not know whether it was heard before the first death.
  await publish();
  expect(await ended()).toMatchObject({
    state: 'succeeded',
    counters: { planned: BROWSERS, succeeded: BROWSERS, failed: 0, expired: 0, deadLettered: 0 },
  });
  expect(new Set(service.received.map(({ id }) => id)).size).toBe(BROWSERS);
  // By browser and topic: a repeat takes the place of what it repeats.
  expect(service.waiting.size).toBe(BROWSERS);
  const repeats = service.received.length - BROWSERS;
  expect(repeats).toBeLessThan(DEATHS.length * 1_000);
}, 180_000);
