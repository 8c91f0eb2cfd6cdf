// Puts browsers into a store by hand, since making an identity token takes long on purpose, and ends: what it needed of memory is
// not held against the server that opens the store then.
import { pino } from 'pino';
import { createKeyedStore } from '../adapters/sqlite/index.ts';
import type { KeyedOperation } from '../core/server/ports/index.ts';
import type { StoredDevice } from '../push/devices/device.ts';
import { keys } from '../push/store/keys.ts';
import { BENCH_APPS } from './apps.ts';
import type { PushSeed } from './subject.ts';

const { path, devices, channel, origin, p256dh, auth }: PushSeed & { readonly path: string } = JSON.parse(
  process.argv[2] ?? '{}',
);
const appId = BENCH_APPS.durable.id;
const store = await createKeyedStore({ path, logger: pino({ level: 'error' }) });
const ids = Array.from({ length: devices }, (_, index) => `browser-${index}`);
for (let from = 0; from < ids.length; from += 300) {
  await store.write(ids.slice(from, from + 300).flatMap(entriesOf), { durability: 'process' });
}
await store.close();

function entriesOf(id: string): KeyedOperation[] {
  const device: StoredDevice = {
    id,
    clientId: `user-${id}`,
    formFactor: 'desktop',
    platform: 'browser',
    timezone: 'UTC',
    locale: 'en',
    lastActiveAtMs: 0,
    recipient: { transportType: 'web', endpoint: `${origin}/push/${id}`, p256dh, auth },
    state: 'ACTIVE',
    failureCount: 0,
    identity: 'pbkdf2-sha256$120000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  };
  const subscription = { channel, deviceId: id, provider: 'webPush', tokenHash: 'unused' };
  const put = (key: string, value: unknown): KeyedOperation => ({
    kind: 'put',
    key,
    value: JSON.stringify(value),
  });
  return [
    put(keys.device(appId, id), device),
    put(keys.subscription(appId, channel, id), subscription),
    put(keys.deviceSubscription(appId, id, channel), 1),
  ];
}
