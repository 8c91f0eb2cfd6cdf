// What delivery tells the domain, and what that comes to: on the memory store, without a server.
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import { Reads } from '../away/reads.ts';
import type { AcceptedPublish, DeliveryResult, PublishTarget } from '../contracts.ts';
import { parseDevice } from '../devices/device.ts';
import { Devices } from '../devices/devices.ts';
import { PushMetrics } from '../metrics.ts';
import { Subscriptions } from '../subscriptions/subscriptions.ts';
import { FakeDispatcher, registration, resultFor, subscription } from '../testing/push-server.ts';
import { Audience } from './audience.ts';
import { Publishes } from './publishes.ts';
import { Repair } from './repair.ts';
import { StoredPushRepository } from './repository.ts';
import { NO_COUNTS } from './status.ts';

const APP = 'app';
const ACCEPTED = { kind: 'accepted' } as const;
const GONE = {
  kind: 'rejected',
  failureClass: 'device_terminal',
  reason: 'gone',
  removesDevice: true,
} as const;

let store: ReturnType<typeof createMemoryKeyedStore>;
let devices: Devices;
let subscriptions: Subscriptions;
let publishes: Publishes;
let repository: StoredPushRepository;
let metrics: PushMetrics;
const logger = pino({ level: 'silent' });

beforeEach(() => {
  store = createMemoryKeyedStore();
  metrics = new PushMetrics();
  devices = new Devices(store);
  subscriptions = new Subscriptions(store);
  publishes = new Publishes(store, 60_000);
  repository = new StoredPushRepository({
    store,
    publishes,
    devices,
    audience: new Audience(devices, subscriptions),
    reads: new Reads(store),
    metrics,
    logger,
    deadLetterTtlMs: 60_000,
  });
});

async function accepted(
  targets: readonly PublishTarget[],
  more: Partial<AcceptedPublish> = {},
): Promise<AcceptedPublish> {
  const publish: AcceptedPublish = {
    appId: APP,
    publishId: 'p',
    targets,
    rendered: [{ provider: 'fcm', payload: {}, usedOverride: false }],
    fanoutRegime: 'fastPath',
    acceptedAtMs: 0,
    ...more,
  };
  const status = {
    state: 'queued',
    counters: NO_COUNTS,
    fanoutRegime: 'fastPath',
    isPlanned: false,
  } as const;
  expect(await publishes.insert(publish, status)).toBe('inserted');
  return publish;
}

const register = async (id: string, more: Record<string, unknown> = {}) => {
  const device = parseDevice(registration(id, more), () => {});
  await devices.register(APP, device, { rotate: false, self: false });
  return device.recipient;
};
const result = (id: string, recipient: Parameters<typeof resultFor>[1], outcome: DeliveryResult['outcome']) =>
  resultFor({ kind: 'device', deviceId: id }, recipient, outcome);
const status = () => publishes.status(APP, 'p');

describe('results', () => {
  it('count once for each target, however often and in whatever portions they are told', async () => {
    await accepted([]);
    await repository.begin(APP, 'p');
    const refs = Array.from({ length: 1000 }, (_, index) => `d${index}`);
    const results = refs.map((id) => result(id, { transportType: 'gcm', registrationToken: id }, ACCEPTED));
    await Promise.all([
      repository.recordResults(APP, 'p', results.slice(0, 500)),
      repository.recordResults(APP, 'p', results.slice(250, 750)),
      repository.recordResults(APP, 'p', results.slice(600)),
    ]);
    await repository.recordResults(APP, 'p', [...results.slice(0, 3), ...results.slice(0, 3)]);
    expect(await status()).toMatchObject({ state: 'planning', counters: { succeeded: 1000 } });
    await repository.planned(APP, 'p', { planned: 1000, complete: true });
    expect(await status()).toMatchObject({ state: 'succeeded', counters: { planned: 1000 } });
    const first = refs.slice(0, 2).map((deviceId) => ({ kind: 'device' as const, deviceId }));
    expect(await repository.settled(APP, 'p', [...first, { kind: 'recipient', index: 0 }])).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('do not end a publish before all of its targets are known', async () => {
    await accepted([]);
    await repository.planned(APP, 'p', { planned: 1, complete: false });
    const recipient = { transportType: 'gcm', registrationToken: 'x' } as const;
    await repository.recordResults(APP, 'p', [result('d', recipient, ACCEPTED)]);
    expect(await status()).toMatchObject({ state: 'dispatching' });
    await repository.planned(APP, 'p', { planned: 2, complete: true });
    expect(await status()).toMatchObject({ state: 'dispatching', counters: { planned: 2 } });
    await repository.recordResults(APP, 'p', [result('e', recipient, ACCEPTED)]);
    expect(await status()).toMatchObject({ state: 'succeeded' });
  });

  it('remove a device that is gone, with its subscriptions, but not one that came back meanwhile', async () => {
    await accepted([]);
    const recipient = await register('gone');
    const { provider, tokenHash } = subscription('news', 'gone') as { provider: 'fcm'; tokenHash: string };
    await subscriptions.put(APP, { channel: 'news', deviceId: 'gone', provider, tokenHash });
    const old = await register('back');
    await register('back', {
      push: { recipient: { transportType: 'gcm', registrationToken: 'new' } },
    });
    await repository.recordResults(APP, 'p', [result('gone', recipient, GONE), result('back', old, GONE)]);
    expect(await devices.get(APP, 'gone')).toBeNull();
    expect((await subscriptions.ofChannel(APP, 'news', { limit: 10 })).subscriptions).toEqual([]);
    expect(await devices.get(APP, 'back')).not.toBeNull();
    expect(await status()).toMatchObject({ counters: { failed: 2, deadLettered: 0 } });
    expect([...metrics.of(APP).invalidations.all()]).toEqual([[['fcm'], 1]]);
  });

  it('let a device fail three times, and begin anew with one that arrives', async () => {
    await accepted([]);
    const recipient = await register('d');
    const fail = { kind: 'rejected', failureClass: 'device_transient', reason: 'r' } as const;
    const states: unknown[] = [];
    for (const outcome of [fail, ACCEPTED, fail, fail, fail]) {
      await repository.recordResults(APP, 'p', [result('d', recipient, outcome)]);
      states.push((await devices.get(APP, 'd'))?.state);
    }
    expect(states).toEqual(['FAILING', 'ACTIVE', 'FAILING', 'FAILING', 'FAILED']);
  });
});

describe('a publish', () => {
  it('is kept whole, whatever the size of its targets', async () => {
    const targets = Array.from(
      { length: 1024 },
      (_, index): PublishTarget => ({
        type: 'recipient',
        recipient: { transportType: 'gcm', registrationToken: `${index} `.padEnd(4096, 'x') },
      }),
    );
    const publish = await accepted(targets);
    expect(await repository.publish(APP, 'p')).toEqual(publish);
    const refs = [
      { kind: 'recipient' as const, index: 1023 },
      { kind: 'recipient' as const, index: 1024 },
      { kind: 'device' as const, deviceId: 'nobody' },
    ];
    const last = targets[1023];
    expect(await repository.recipients(publish, refs)).toEqual([
      last?.type === 'recipient' ? last.recipient : undefined,
      null,
      null,
    ]);
  });

  it('is begun again after a restart, and not after its end', async () => {
    const publish = await accepted([]);
    expect(await repository.begin(APP, 'p')).toEqual(publish);
    expect(await repository.begin(APP, 'p')).toEqual(publish);
    await repository.recordRetries(APP, 'p', { scheduled: 2, attempted: 1, nextAttemptAtMs: 7 });
    expect(await status()).toMatchObject({
      counters: { retryScheduled: 2, retryAttempted: 1 },
      retryAfterMs: 7,
    });
    await repository.fail(APP, 'p', 'unreadable');
    expect(await status()).toMatchObject({ state: 'failed', errorReason: 'unreadable' });
    expect(await repository.begin(APP, 'p')).toBeNull();
    expect(await repository.publish(APP, 'p')).toBeNull();
    expect(await repository.publishForReplay(APP, 'p')).toEqual(publish);
    await repository.planned(APP, 'p', { planned: 5, complete: true });
    expect(await status()).toMatchObject({ state: 'failed', counters: { planned: 0 } });
    expect(await repository.begin(APP, 'unknown')).toBeNull();
  });
});

describe('the repair', () => {
  const settings = { intervalMs: Number.POSITIVE_INFINITY, minAgeMs: 1000, batch: 2 };

  it('hands over what never came into the queue, once, when it is old enough', async () => {
    const dispatcher = new FakeDispatcher();
    const repair = new Repair({ store, publishes, dispatcher, metrics, logger, settings });
    const lost = await accepted([], { publishId: 'lost', acceptedAtMs: 5000 });
    await accepted([], { publishId: 'cancelled', acceptedAtMs: 5000 });
    await publishes.update(APP, 'cancelled', (before) => ({ status: { ...before, state: 'cancelled' } }));
    await accepted([], { publishId: 'queued', acceptedAtMs: 5000 });
    await publishes.isQueued(APP, 'queued');
    expect(await repair.run(5500)).toBe(0);
    expect(await repair.run(6500)).toBe(2);
    expect(dispatcher.accepted).toEqual([lost]);
    expect(await repair.run(6500)).toBe(0);
    await repair.close();
  });

  it('takes a limited number at a time', async () => {
    const dispatcher = new FakeDispatcher();
    const repair = new Repair({ store, publishes, dispatcher, metrics, logger, settings });
    for (const publishId of ['a', 'b', 'c']) await accepted([], { publishId });
    expect([await repair.run(), await repair.run(), await repair.run()]).toEqual([2, 1, 0]);
    await repair.close();
  });
});
