import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import type { AcceptedPublish, TargetRef } from '../contracts.ts';
import { Collapse } from './collapse.ts';

let collapse: Collapse;
beforeEach(() => {
  collapse = new Collapse(createMemoryKeyedStore());
});

const phone: TargetRef = { kind: 'device', deviceId: 'phone' };
const laptop: TargetRef = { kind: 'device', deviceId: 'laptop' };

function publish(
  publishId: string,
  acceptedAtMs: number,
  rest: Partial<AcceptedPublish> = {},
): AcceptedPublish {
  const common = { appId: 'shop', targets: [], rendered: [], fanoutRegime: 'fastPath' } as const;
  return { ...common, collapseKey: 'run-1', publishId, acceptedAtMs, ...rest };
}

describe('Collapse', () => {
  it('lets the newer of two replace the older at the targets that both reach', async () => {
    const [older, newer] = [publish('a', Date.now()), publish('b', Date.now() + 1)];
    await collapse.claim(older, [phone, laptop]);
    await collapse.claim(newer, [phone]);
    expect(await collapse.replaced(older, [phone, laptop])).toEqual([true, false]);
    expect(await collapse.replaced(newer, [phone])).toEqual([false]);
  });

  it('does not mind in which order they are planned', async () => {
    const [older, newer] = [publish('b', Date.now()), publish('a', Date.now() + 1)];
    await collapse.claim(newer, [phone]);
    await collapse.claim(older, [phone]);
    expect(await collapse.replaced(older, [phone])).toEqual([true]);
    expect(await collapse.replaced(newer, [phone])).toEqual([false]);
  });

  it('takes a scheduled publish for as new as its turn', async () => {
    const nowMs = Date.now();
    const scheduled = publish('a', nowMs - 1000, { notBeforeMs: nowMs + 1000 });
    await collapse.claim(publish('b', nowMs), [phone]);
    await collapse.claim(scheduled, [phone]);
    expect(await collapse.replaced(scheduled, [phone])).toEqual([false]);
  });

  it('keeps keys, apps and publishes without a key apart', async () => {
    const nowMs = Date.now();
    const first = publish('a', nowMs);
    await collapse.claim(first, [phone]);
    await collapse.claim(publish('b', nowMs + 1, { collapseKey: 'run-2' }), [phone]);
    await collapse.claim(publish('c', nowMs + 1, { appId: 'other' }), [phone]);
    const { collapseKey: _, ...plain } = publish('d', nowMs + 1);
    await collapse.claim(plain, [phone]);
    expect(await collapse.replaced(first, [phone])).toEqual([false]);
    expect(await collapse.replaced(plain, [phone, laptop])).toEqual([false, false]);
  });

  it('knows a recipient by its token, wherever a publish names it', async () => {
    const target = {
      type: 'recipient',
      recipient: { transportType: 'gcm', registrationToken: 't' },
    } as const;
    const older = publish('a', Date.now(), { targets: [target] });
    const newer = publish('b', Date.now() + 1, { targets: [{ type: 'device', deviceId: 'x' }, target] });
    await collapse.claim(older, [{ kind: 'recipient', index: 0 }]);
    await collapse.claim(newer, [{ kind: 'recipient', index: 1 }]);
    expect(await collapse.replaced(older, [{ kind: 'recipient', index: 0 }])).toEqual([true]);
  });

  it('comes to one newest when many claim at once', async () => {
    const nowMs = Date.now();
    const all = Array.from({ length: 5 }, (_, index) => publish(`p${index}`, nowMs + index));
    await Promise.all(all.map((one) => collapse.claim(one, [phone])));
    const replaced = await Promise.all(all.map((one) => collapse.replaced(one, [phone])));
    expect(replaced.flat()).toEqual([true, true, true, true, false]);
  });
});
