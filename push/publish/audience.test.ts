// Whom a publish reaches, against a model that knows everything: each device once, in pages of any size.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import type { AcceptedPublish, PublishTarget, TargetRef } from '../contracts.ts';
import { parseDevice } from '../devices/device.ts';
import { Devices } from '../devices/devices.ts';
import { keys } from '../store/keys.ts';
import { putOf } from '../store/records.ts';
import { scopeOf } from '../subscriptions/subscription.ts';
import { Subscriptions } from '../subscriptions/subscriptions.ts';
import { registration, subscription } from '../testing/push-server.ts';
import { Audience } from './audience.ts';
import { ExpectedRecipients } from './expected.ts';
import { targetName } from './targets.ts';

const APP = 'app';

interface World {
  /** Client of each device; null: none. */
  readonly devices: Readonly<Record<string, string | null>>;
  /** Devices, or whole clients as `@client`, on each channel. Some of no device. */
  readonly channels: Readonly<Record<string, readonly string[]>>;
}

async function inStore({ devices, channels }: World) {
  const store = createMemoryKeyedStore();
  const parts = { devices: new Devices(store), subscriptions: new Subscriptions(store) };
  for (const [id, clientId] of Object.entries(devices)) {
    const device = parseDevice(registration(id, { clientId }), () => {});
    // Written as `register` does it, without its costly token.
    await store.write([
      putOf(keys.device(APP, id), { ...device, identity: '' }),
      ...(clientId === null ? [] : [putOf(keys.clientDevice(APP, clientId, id), 1)]),
    ]);
  }
  for (const [channel, members] of Object.entries(channels)) {
    for (const member of members) {
      const clientId = member.startsWith('@') ? member.slice(1) : undefined;
      const deviceId = clientId === undefined ? member : scopeOf(clientId);
      const { provider, tokenHash } = subscription(channel, deviceId) as {
        provider: 'fcm';
        tokenHash: string;
      };
      const scope = clientId === undefined ? {} : { clientId };
      await parts.subscriptions.put(APP, { channel, deviceId, ...scope, provider, tokenHash });
    }
  }
  return { store, ...parts };
}

const publishTo = (targets: readonly PublishTarget[]): AcceptedPublish => ({
  appId: APP,
  publishId: 'p',
  targets,
  rendered: [],
  fanoutRegime: 'fastPath',
  acceptedAtMs: 0,
});

async function reached(world: World, targets: readonly PublishTarget[], size: number): Promise<string[]> {
  const { store, devices, subscriptions } = await inStore(world);
  const audience = new Audience(devices, subscriptions);
  const refs: TargetRef[] = [];
  let cursor: string | null = null;
  do {
    const page = await audience.page(publishTo(targets), cursor, size);
    expect(page.members.length).toBeLessThanOrEqual(size);
    refs.push(...page.members.map(({ ref }) => ref));
    cursor = page.next;
  } while (cursor !== null);
  await store.close();
  return refs.map(targetName);
}

/** What the targets mean, said the simple way. */
function meant({ devices, channels }: World, targets: readonly PublishTarget[]): Set<string> {
  const names = new Set<string>();
  const add = (id: string): void => {
    if (Object.hasOwn(devices, id)) names.add(`d:${id}`);
  };
  const addClient = (clientId: string): void => {
    for (const [id, owner] of Object.entries(devices)) if (owner === clientId) add(id);
  };
  for (const target of targets) {
    if (target.type === 'device') add(target.deviceId);
    if (target.type === 'client') addClient(target.clientId);
    if (target.type !== 'channel') continue;
    for (const member of channels[target.channel] ?? []) {
      if (member.startsWith('@')) addClient(member.slice(1));
      else add(member);
    }
  }
  return names;
}

const ids = ['d1', 'd2', 'd3', 'd4', 'd/5%'];
const clients = ['ann', 'ben'];
const channelNames = ['news', 'news!', 'news0', 'x/y'];

const world: fc.Arbitrary<World> = fc.record({
  devices: fc.dictionary(fc.constantFrom(...ids), fc.option(fc.constantFrom(...clients), { nil: null })),
  channels: fc.dictionary(
    fc.constantFrom(...channelNames),
    fc.uniqueArray(fc.constantFrom(...ids, 'nobody', ...clients.map((client) => `@${client}`))),
  ),
});
const target: fc.Arbitrary<PublishTarget> = fc.oneof(
  fc.record({ type: fc.constant('device' as const), deviceId: fc.constantFrom(...ids, 'nobody') }),
  fc.record({ type: fc.constant('client' as const), clientId: fc.constantFrom(...clients, 'nobody') }),
  fc.record({ type: fc.constant('channel' as const), channel: fc.constantFrom(...channelNames, 'empty') }),
);

describe('the audience of a publish', () => {
  it('is everybody whom its targets mean, each once', async () => {
    const targets = fc.array(target, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(world, targets, fc.integer({ min: 1, max: 6 }), async (given, wanted, size) => {
        const names = await reached(given, wanted, size);
        expect(names.toSorted()).toEqual([...meant(given, wanted)].toSorted());
      }),
      { numRuns: 300 },
    );
  });

  it('has each recipient that the publish itself names once', async () => {
    const recipient = (registrationToken: string): PublishTarget => ({
      type: 'recipient',
      recipient: { transportType: 'gcm', registrationToken },
    });
    const targets = [recipient('a'), recipient('b'), recipient('a')];
    expect(await reached({ devices: {}, channels: {} }, targets, 2)).toEqual(['r:0', 'r:1']);
  });

  it('is found where a device is on many channels of the publish', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const channels = Object.fromEntries(many.map((channel) => [channel, ['d1', 'd2', '@ann']]));
    const devices = { d1: null, d2: 'ann', d3: 'ann' };
    const targets = many.map((channel): PublishTarget => ({ type: 'channel', channel }));
    expect((await reached({ devices, channels }, targets, 2)).toSorted()).toEqual(['d:d1', 'd:d2', 'd:d3']);
  });
});

describe('expected recipients', () => {
  it('are counted by what the targets say, whole clients by their devices', async () => {
    const given = {
      devices: { d1: 'ann', d2: 'ann', d3: null },
      channels: { news: ['d3', 'nobody', '@ann'] },
    };
    const { devices, subscriptions } = await inStore(given);
    const expected = await new ExpectedRecipients(devices, subscriptions).of(APP, [
      { type: 'channel', channel: 'news' },
      { type: 'client', clientId: 'ann' },
      { type: 'device', deviceId: 'd1' },
      { type: 'device', deviceId: 'nobody' },
      { type: 'recipient', recipient: { transportType: 'apns', deviceToken: 'a' } },
    ]);
    expect(expected).toMatchObject({ total: 8, byProvider: { fcm: 7, apns: 1, webPush: 0 } });
    expect(expected.named.map(({ id }) => id)).toEqual(['d1']);
  });
});
