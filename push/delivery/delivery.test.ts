// The stages together on the memory queue, with a provider that does what a test tells it.
import { describe, expect, it, vi } from 'vitest';
import type { Delivery, SendResult } from '../contracts.ts';
import { browsers, runDelivery } from '../testing/running-delivery.ts';

const ACCEPTED: SendResult = { kind: 'accepted' };
const UNAVAILABLE: SendResult = { kind: 'retry', failureClass: 'provider_transient', reason: 'down' };

function endpointOf({ recipient }: Delivery): string {
  return recipient.transportType === 'web' ? recipient.endpoint : '';
}

describe('delivery', () => {
  it('sends once to each device of a large audience, page by page', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ACCEPTED);
    repository.subscribe('news', browsers(2500));
    repository.subscribe('news', { phone: { transportType: 'gcm', registrationToken: 't' } });
    await dispatcher.accept(repository.accept('p', { fanoutRegime: 'shardPath' }));
    await repository.ended('p');
    expect(repository.of('p').planned).toBe(2501);
    expect(repository.outcomes('p')).toEqual({ accepted: 2501 });
    expect(new Set(sent.map(({ delivery }) => JSON.stringify(delivery.recipient))).size).toBe(2501);
    expect(sent).toHaveLength(2501);
    // Many results in a write, or the store would be the bottleneck.
    expect(repository.writes).toBeLessThan(100);
  });

  it('gives each provider its payload, and recipients that the publish names their push', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ACCEPTED);
    repository.subscribe('news', browsers(1));
    const recipient = { transportType: 'gcm', registrationToken: 'raw' } as const;
    const targets = [
      { type: 'channel', channel: 'news' } as const,
      { type: 'recipient', recipient } as const,
    ];
    await dispatcher.accept(repository.accept('p', { targets, collapseKey: 'k' }));
    await repository.ended('p');
    expect(sent.toSorted((a, b) => a.provider.localeCompare(b.provider))).toMatchObject([
      { provider: 'fcm', delivery: { recipient, payload: { message: {} } } },
      { provider: 'webPush', delivery: { payload: { notification: { title: 'News' } }, collapseKey: 'k' } },
    ]);
  });

  it('ends a publish to nobody', async () => {
    const { repository, dispatcher } = runDelivery(() => ACCEPTED);
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    expect(repository.of('p').planned).toBe(0);
  });

  it('tries again what may pass, and only that', async () => {
    const failures = new Map([['https://push.example.com/1', 2]]);
    const { repository, dispatcher, sent } = runDelivery((delivery) => {
      const left = failures.get(endpointOf(delivery)) ?? 0;
      failures.set(endpointOf(delivery), left - 1);
      return left > 0 ? UNAVAILABLE : ACCEPTED;
    });
    repository.subscribe('news', browsers(3));
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    expect(repository.outcomes('p')).toEqual({ accepted: 3 });
    expect(sent).toHaveLength(5);
    await repository.until(() => repository.of('p').attempted === 2);
    expect(repository.of('p').scheduled).toBe(2);
    const results = [...repository.of('p').results.values()];
    expect(results.map(({ attempt }) => attempt).toSorted()).toEqual([1, 1, 3]);
  });

  it('gives up after the last attempt, with what the provider said', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => UNAVAILABLE);
    repository.subscribe('news', browsers(1));
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    expect(sent).toHaveLength(3);
    expect([...repository.of('p').results.values()]).toMatchObject([
      { attempt: 3, outcome: { kind: 'dead', failureClass: 'provider_transient', reason: 'down' } },
    ]);
  });

  it('passes on that a device is gone', async () => {
    const gone = {
      kind: 'rejected',
      failureClass: 'device_terminal',
      reason: '410',
      removesDevice: true,
    } as const;
    const { repository, dispatcher } = runDelivery(() => gone);
    repository.subscribe('news', browsers(1));
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    const [result] = repository.of('p').results.values();
    expect(result?.outcome).toEqual(gone);
    expect(result?.tokenHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('shrinks to a pointer what is too large, once', async () => {
    const { repository, dispatcher, sent } = runDelivery(({ payload }) => {
      return JSON.stringify(payload).length > 500 ? { kind: 'too-large' } : ACCEPTED;
    });
    repository.subscribe('news', browsers(1));
    const payload = {
      headers: { topic: 't' },
      notification: { title: 'x'.repeat(900), body: 'b' },
      data: { big: 'x'.repeat(900) },
    };
    const rendered = [{ provider: 'webPush', payload, usedOverride: false } as const];
    await dispatcher.accept(repository.accept('p', { rendered }));
    await repository.ended('p');
    expect(repository.outcomes('p')).toEqual({ accepted: 1 });
    expect(sent[1]?.delivery.payload).toEqual({
      headers: { topic: 't' },
      notification: { title: `${'x'.repeat(79)}…`, body: 'b' },
      data: { publishId: 'p', truncated: 'true' },
    });
  });

  it('rejects what is too large as a pointer, too', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ({ kind: 'too-large' }));
    repository.subscribe('news', browsers(1));
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    expect(sent).toHaveLength(2);
    expect([...repository.of('p').results.values()]).toMatchObject([
      { outcome: { kind: 'rejected', failureClass: 'caller_payload', reason: 'payload_too_large' } },
    ]);
  });

  it('sends nothing that has expired, and no longer lived than the publish', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ACCEPTED);
    repository.subscribe('news', browsers(3));
    await dispatcher.accept(repository.accept('old', { expiresAtMs: Date.now() - 1 }));
    await repository.ended('old');
    expect(repository.outcomes('old')).toEqual({ expired: 3 });
    expect(sent).toEqual([]);
    await dispatcher.accept(repository.accept('new', { expiresAtMs: Date.now() + 60_000 }));
    await repository.ended('new');
    const { ttlSeconds = 0 } = sent[0]?.delivery ?? {};
    expect(ttlSeconds).toBeGreaterThan(50);
    expect(ttlSeconds).toBeLessThanOrEqual(60);
  });

  it('does not wait beyond the end of a publish', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ({ ...UNAVAILABLE, retryAfterMs: 120_000 }), {
      retry: { maxElapsedMs: 600_000 },
    });
    repository.subscribe('news', browsers(1));
    await dispatcher.accept(repository.accept('p', { expiresAtMs: Date.now() + 60_000 }));
    await repository.ended('p');
    expect(sent).toHaveLength(1);
    expect(repository.outcomes('p')).toEqual({ expired: 1 });
  });

  it('stops in the middle when the publish is cancelled', async () => {
    const { repository, dispatcher, sent, queue } = runDelivery(() => {
      repository.cancel('p');
      return ACCEPTED;
    });
    repository.subscribe('news', browsers(2000));
    await dispatcher.accept(repository.accept('p'));
    await repository.until(() => repository.of('p').results.size > 0);
    await repository.until(() => repository.of('p').results.size === sent.length);
    expect(sent.length).toBeLessThan(2000);
    expect((await queue.counts('push.delivery.webpush.v1')).dead).toBe(0);
  });

  it('keeps a scheduled publish back', async () => {
    const { repository, dispatcher, queue } = runDelivery(() => ACCEPTED);
    await dispatcher.accept(repository.accept('p', { notBeforeMs: Date.now() + 3_600_000 }));
    expect(await queue.counts('push.publish.v1')).toMatchObject({ waiting: 1, running: 0 });
    expect(await dispatcher.backlog()).toBe(1);
  });

  it('finds devices where they are now', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ACCEPTED);
    repository.subscribe('news', browsers(3));
    const { recipients } = repository;
    let asked = 0;
    repository.recipients = async (publish, refs) => {
      asked += 1;
      if (asked === 1) {
        repository.devices.delete('b-0');
        repository.devices.set('b-1', { transportType: 'gcm', registrationToken: 'moved' });
      }
      return recipients.call(repository, publish, refs);
    };
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    expect(repository.outcomes('p')).toEqual({ gone: 1, accepted: 2 });
    expect(sent.map(({ provider }) => provider).toSorted()).toEqual(['fcm', 'webPush']);
  });

  it('sends a replay although there is a result, and tells it apart', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ACCEPTED);
    repository.subscribe('news', browsers(1));
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    repository.cancel('p');
    const ref = { kind: 'device', deviceId: 'b-0' } as const;
    await dispatcher.replay({ appId: 'shop', publishId: 'p', ref, replayId: 'dl-1' });
    await repository.until(() => repository.of('p').replays.length === 1);
    expect(repository.of('p').replays).toMatchObject([{ replayId: 'dl-1', outcome: { kind: 'accepted' } }]);
    expect(sent).toHaveLength(2);
  });

  it('costs a provider that throws its own target and no other', async () => {
    const { repository, dispatcher } = runDelivery((delivery) => {
      if (endpointOf(delivery).endsWith('/1')) throw new Error('a defect');
      return ACCEPTED;
    });
    repository.subscribe('news', browsers(3));
    await dispatcher.accept(repository.accept('p'));
    await repository.ended('p');
    expect(repository.outcomes('p')).toEqual({ accepted: 2, dead: 1 });
  });

  it('leaves a service alone that fails again and again, and no other', async () => {
    const { repository, dispatcher, sent, queue } = runDelivery((delivery) => {
      return endpointOf(delivery).includes('broken') ? UNAVAILABLE : ACCEPTED;
    });
    const broken = Object.entries(browsers(100, 'broken.example.com'));
    repository.subscribe('news', Object.fromEntries(broken.map(([id, web]) => [`broken-${id}`, web])));
    repository.subscribe('news', browsers(100));
    await dispatcher.accept(repository.accept('p'));
    await repository.until(() => repository.of('p').results.size === 100);
    expect(repository.outcomes('p')).toEqual({ accepted: 100 });
    const asked = sent.filter(({ delivery }) => endpointOf(delivery).includes('broken')).length;
    // Five in a row, and those that were under way.
    expect(asked).toBeLessThanOrEqual(9);
    await vi.waitFor(async () => {
      expect((await queue.counts('push.delivery.webpush.v1')).waiting).toBeGreaterThan(0);
    });
  });

  it('keeps a small publish of one app from waiting behind a large one of another', async () => {
    const { repository, dispatcher, sent } = runDelivery(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return ACCEPTED;
    });
    repository.subscribe('all', browsers(6000));
    repository.subscribe('one', {
      'other-app': Object.values(browsers(1, 'other.example.com'))[0] ?? never(),
    });
    await dispatcher.accept(repository.accept('large', { targets: [{ type: 'channel', channel: 'all' }] }));
    await repository.until(() => repository.of('large').isComplete);
    await dispatcher.accept(
      repository.accept('small', { appId: 'other', targets: [{ type: 'channel', channel: 'one' }] }),
    );
    await repository.ended('small');
    expect(sent.length).toBeLessThan(6000);
    await repository.ended('large');
    expect(repository.outcomes('large')).toEqual({ accepted: 6000 });
  });

  it('does nothing twice when it is told twice', async () => {
    const { repository, dispatcher, sent } = runDelivery(() => ACCEPTED);
    repository.subscribe('news', browsers(10));
    const publish = repository.accept('p');
    await dispatcher.accept(publish);
    await repository.ended('p');
    await dispatcher.accept(publish);
    await repository.until(() => repository.of('p').isComplete);
    await dispatcher.accept(repository.accept('after'));
    await repository.ended('after');
    expect(sent).toHaveLength(20);
  });
});

function never(): never {
  throw new Error('not reached');
}
