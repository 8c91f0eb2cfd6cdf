import { httpError, parseBatch, parsePublish } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryChannelLog } from '../memory/channel-log.ts';
import { type Commit, StoreUnavailable } from '../ports/channel-log.ts';
import type { RecordChange } from '../ports/channel-records.ts';
import { turn } from '../realtime/testing/fake-socket.ts';
import { type TestRealtime, testRealtime } from '../realtime/testing/test-realtime.ts';

/** What the log does with commits until the test says otherwise. */
class Store {
  readonly #log = createMemoryChannelLog();
  /** Commits that wait; null: none is held back. */
  #held: (() => void)[] | null = null;
  /** How many of the next commits fail. */
  failures = 0;
  /** What changes with the entries of the commits. */
  records: readonly RecordChange[] | null = null;

  get port() {
    const commit = async (request: Commit) => {
      if (this.#held !== null) await new Promise<void>((resolve) => this.#held?.push(resolve));
      if (this.failures > 0) {
        this.failures -= 1;
        throw new StoreUnavailable('the disk is full');
      }
      const { records } = this;
      if (records === null) return this.#log.commit(request);
      return this.#log.commit({
        ...request,
        entries: request.entries.map((entry) => ({ ...entry, records })),
      });
    };
    return new Proxy(this.#log, {
      get(target, name) {
        if (name === 'commit') return commit;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
  }

  async stored(channel: string): Promise<string[]> {
    const page = await this.#log.read({ appId: 'app', channel }, { direction: 'oldest-first', limit: 100 });
    return page.kind === 'page' ? page.entries.map(({ data }) => JSON.parse(data)) : [];
  }
}

let store: Store;
let realtime: TestRealtime;
beforeEach(() => {
  store = new Store();
  realtime = testRealtime({ drivers: { durableLog: store.port } });
});
afterEach(async () => {
  vi.useRealTimers();
  store.release();
  await realtime.close();
});

const event = (data: string, more: Record<string, unknown> = {}) => ({
  name: 'e',
  channel: 'x',
  data,
  ...more,
});
const publish = async (body: unknown, headerKey?: string): Promise<string> =>
  realtime.context.publisher.publishEvent(realtime.app, parsePublish(body), headerKey);
const publishBatch = async (items: unknown[], headerKey?: string): Promise<string> =>
  realtime.context.publisher.publishBatch(realtime.app, parseBatch({ batch: items }), headerKey);
const refused = (httpStatus: number, code: string, message?: string) =>
  expect.objectContaining({ httpStatus, code, ...(message !== undefined && { message }) });

/** Data of everything delivered on `x` so far. */
async function listen(): Promise<() => Promise<unknown[]>> {
  const client = realtime.client();
  await client.subscribe('x');
  return async () => (await client.answers()).map(({ data }) => data);
}

describe('answers', () => {
  it('are short, or long for who asks', async () => {
    expect(await publish(event('1'))).toBe('{"ok":true}');
    const long = JSON.parse(await publish(event('2', { info: 'subscription_count' })));
    expect(long).toEqual({
      channels: {
        x: {
          acknowledgement_id: expect.any(String),
          message_serial: expect.any(String),
          history_serial: 2,
          delivery_serial: 2,
          version_serial: expect.any(String),
          subscription_count: 0,
        },
      },
    });
    expect(await publishBatch([event('3'), event('4')])).toBe('{}');
    expect(JSON.parse(await publishBatch([event('5'), event('6', { info: '' })]))).toEqual({
      batch: [{}, expect.objectContaining({ history_serial: 6 })],
    });
  });

  it('come only when the store has kept its promise, and so does the delivery', async () => {
    const delivered = await listen();
    store.hold();
    const answered = vi.fn();
    const publishing = publish(event('1')).then(answered);
    expect(await delivered()).toEqual([]);
    expect(answered).not.toHaveBeenCalled();
    store.release();
    await publishing;
    expect(await delivered()).toEqual(['1']);
  });

  it('of a failed store are 500, nothing is delivered, and the next publish gets the number', async () => {
    const delivered = await listen();
    store.failures = 2;
    await expect(publish(event('lost'))).rejects.toEqual(refused(500, 'internal_error'));
    await expect(publishBatch([event('lost')])).rejects.toEqual(refused(500, 'internal_error'));
    expect(JSON.parse(await publish(event('kept', { info: '' }))).channels.x.history_serial).toBe(1);
    expect(await delivered()).toEqual(['kept']);
  });

  it('are what the change of a record refused with, and nothing is delivered', async () => {
    const delivered = await listen();
    const error = httpError('invalid_input', 'not now');
    const apply = (): never => {
      throw error;
    };
    store.records = [{ kind: 'run', id: 'r1', apply }];
    await expect(publish(event('lost'))).rejects.toBe(error);
    await expect(publish(event('lost', { idempotency_key: 'k' }))).rejects.toBe(error);
    await expect(publishBatch([event('lost'), event('lost', { message_id: 'm' })])).rejects.toBe(error);
    store.records = null;
    expect(await publish(event('kept', { idempotency_key: 'k' }))).toBe('{"ok":true}');
    expect(await delivered()).toEqual(['kept']);
    expect(await store.stored('x')).toEqual(['kept']);
  });
});

describe('order', () => {
  it('of delivery is the order of the serials, however many publish at once', async () => {
    const client = realtime.client({ protocol: 2 });
    await client.subscribe('x');
    await Promise.all(Array.from({ length: 50 }, (_, index) => publish(event(String(index)))));
    const frames = await client.answers();
    expect(frames.map(({ serial }) => serial)).toEqual(frames.map((_, index) => index + 1));
    expect(frames).toHaveLength(50);
  });
});

describe('ephemeral events', () => {
  it('are delivered and never stored: no serial, no id', async () => {
    const client = realtime.client({ protocol: 2 });
    await client.subscribe('x');
    await publish(event('1', { extras: { ephemeral: true } }));
    const [frame] = await client.answers();
    expect(frame).toMatchObject({ event: 'e', data: '1' });
    expect(frame).not.toHaveProperty('serial');
    expect(await store.stored('x')).toEqual([]);
  });
});

describe('D52: an event for several channels', () => {
  it('is published on all or on none', async () => {
    const delivered = await listen();
    const body = { name: 'e', channels: ['x', 'not allowed', 'also not'], data: '1' };
    await expect(publish(body)).rejects.toEqual(refused(400, 'invalid_input'));
    expect(await delivered()).toEqual([]);
    expect(await store.stored('x')).toEqual([]);
  });
});

describe('D53: a batch', () => {
  it('with an invalid item answers the first one’s error and publishes nothing', async () => {
    const delivered = await listen();
    const items = [event('1'), event('2', { channel: '' }), event('3', { channel: 'not allowed' })];
    await expect(publishBatch(items)).rejects.toEqual(
      refused(400, 'invalid_input', 'Channel name must not be empty'),
    );
    expect(await delivered()).toEqual([]);
    expect(await store.stored('x')).toEqual([]);
  });

  it('with a key that is too long publishes nothing', async () => {
    const items = [event('1'), event('2', { idempotency_key: 'k'.repeat(129) })];
    await expect(publishBatch(items)).rejects.toEqual(refused(400, 'invalid_input'));
    expect(await store.stored('x')).toEqual([]);
  });

  it('whose store fails can be repeated with its keys', async () => {
    const items = [event('1', { idempotency_key: 'a' }), event('2', { idempotency_key: 'b' })];
    store.failures = 1;
    await expect(publishBatch(items, 'whole')).rejects.toEqual(refused(500, 'internal_error'));
    expect(await publishBatch(items, 'whole')).toBe('{}');
    expect(await publishBatch(items, 'whole')).toBe('{}');
    expect(await store.stored('x')).toEqual(['1', '2']);
  });

  it('is delivered in the order of its items', async () => {
    const delivered = await listen();
    await publishBatch(['1', '2', '3'].map((data) => event(data)));
    expect(await delivered()).toEqual(['1', '2', '3']);
  });
});

describe('D54: an idempotency key', () => {
  it('publishes once and answers what it answered first, also to a different body', async () => {
    const delivered = await listen();
    const first = await publish(event('1', { info: '' }), 'k');
    expect(await publish(event('1', { info: '' }), 'k')).toBe(first);
    expect(await publish(event('other'), 'k')).toBe(first);
    expect(await delivered()).toEqual(['1']);
  });

  it('of the body wins over the header’s', async () => {
    await publish(event('1', { idempotency_key: 'body' }), 'header');
    await publish(event('2'), 'header');
    await publish(event('3'), 'body');
    expect(await store.stored('x')).toEqual(['1', '2']);
  });

  it('is free again after any failure', async () => {
    await expect(publish(event('1', { channel: 'not allowed' }), 'k')).rejects.toEqual(
      refused(400, 'invalid_input'),
    );
    store.failures = 1;
    await expect(publish(event('1'), 'k')).rejects.toEqual(refused(500, 'internal_error'));
    expect(await publish(event('1'), 'k')).toBe('{"ok":true}');
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('used by many at once publishes once, and all get the one answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => publish(event('1', { info: '' }), 'k')),
    );
    expect(new Set(answers).size).toBe(1);
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('in progress makes others wait a moment and then come back: 503, Retry-After 1', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    store.hold();
    const first = publish(event('1'), 'k');
    const second = publish(event('1'), 'k');
    const third = expect(publish(event('1'), 'k')).rejects.toMatchObject({
      httpStatus: 503,
      code: 'backpressure',
      retryAfterSeconds: 1,
    });
    await turn();
    second.catch(() => {});
    await vi.advanceTimersByTimeAsync(300);
    await third;
    store.release();
    expect(await first).toBe('{"ok":true}');
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('whose first request fails is taken by one of those who waited', async () => {
    store.hold();
    store.failures = 1;
    const first = publish(event('1'), 'k').catch((error: unknown) => error);
    await turn();
    const others = [publish(event('1'), 'k'), publish(event('1'), 'k')];
    await turn();
    store.release();
    expect(await first).toEqual(refused(500, 'internal_error'));
    expect(await Promise.all(others)).toEqual(['{"ok":true}', '{"ok":true}']);
    expect(await store.stored('x')).toEqual(['1']);
  });

  it.each(['', 'k'.repeat(129)])('of a wrong length is refused', async (key) => {
    await expect(publish(event('1'), key)).rejects.toEqual(refused(400, 'invalid_input'));
  });

  it('means nothing where the app has them off', async () => {
    const own = testRealtime({ app: { idempotency: { enabled: false } } });
    const { publisher } = own.context;
    for (let times = 0; times < 2; times += 1)
      await publisher.publishEvent(own.app, parsePublish(event('1')), 'k');
    expect((await own.context.logs.head(own.app, 'x'))?.serial).toBe(2);
    await own.close();
  });
});

describe('D55: keys of batch items', () => {
  it('that are done are left out and answered with nothing', async () => {
    await publishBatch([event('1', { idempotency_key: 'a' })]);
    const answer = await publishBatch([
      event('1', { idempotency_key: 'a', info: '' }),
      event('2', { idempotency_key: 'b', info: '' }),
    ]);
    expect(JSON.parse(answer)).toEqual({ batch: [{}, expect.objectContaining({ history_serial: 2 })] });
    expect(await store.stored('x')).toEqual(['1', '2']);
  });

  it('answer /events with what that would have answered', async () => {
    await publishBatch([
      event('1', { idempotency_key: 'short' }),
      event('2', { idempotency_key: 'long', info: '' }),
    ]);
    expect(await publish(event('1', { idempotency_key: 'short' }))).toBe('{"ok":true}');
    expect(JSON.parse(await publish(event('2', { idempotency_key: 'long' })))).toMatchObject({
      channels: { x: { history_serial: 2 } },
    });
    expect(await store.stored('x')).toEqual(['1', '2']);
  });

  it('that failed are free', async () => {
    const items = [event('1', { idempotency_key: 'a' }), event('2', { channel: '' })];
    await expect(publishBatch(items)).rejects.toEqual(refused(400, 'invalid_input'));
    await publishBatch([event('1', { idempotency_key: 'a' })]);
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('in progress refuse the batch before anything is published', async () => {
    store.hold();
    const first = publish(event('1', { idempotency_key: 'a' }));
    await turn();
    const batch = publishBatch([event('2'), event('1', { idempotency_key: 'a' })]);
    await expect(batch).rejects.toEqual(refused(503, 'backpressure'));
    store.release();
    await first;
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('twice in one batch publish once', async () => {
    const item = event('1', { idempotency_key: 'a', info: '' });
    const answer = JSON.parse(await publishBatch([item, item]));
    expect(answer.batch[1]).toEqual({});
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('of the whole batch live apart from those of events', async () => {
    await publishBatch([event('1')], 'k');
    await publishBatch([event('1')], 'k');
    await publish(event('2'), 'k');
    expect(await store.stored('x')).toEqual(['1', '2']);
  });
});

describe('D56: the identity of a message', () => {
  it.each<[string, Record<string, unknown>]>([
    ['message_id', { message_id: 'm' }],
    ['extras.idempotencyKey', { extras: { idempotencyKey: 'm' }, info: '' }],
    ['extras.idempotency_key', { extras: { idempotency_key: 'm' }, info: '' }],
  ])('%s: the same payload again is acknowledged as before and not sent', async (_, identity) => {
    const delivered = await listen();
    const first = await publish(event('1', identity));
    expect(await publish(event('1', identity))).toBe(first);
    expect(await delivered()).toEqual(['1']);
    await expect(publish(event('2', identity))).rejects.toEqual(
      refused(400, 'invalid_input', 'idempotency key was already used with a different payload'),
    );
  });

  it('camelCase wins', async () => {
    await publish(event('1', { extras: { idempotencyKey: 'camel', idempotency_key: 'snake' } }));
    await publish(event('2', { extras: { idempotencyKey: 'snake' } }));
    await expect(publish(event('3', { extras: { idempotencyKey: 'camel' } }))).rejects.toEqual(
      refused(400, 'invalid_input'),
    );
  });

  it('counts for each channel', async () => {
    await publish(event('1', { message_id: 'm' }));
    await publish({ name: 'e', channels: ['x', 'y'], data: '1', message_id: 'm' });
    expect([await store.stored('x'), await store.stored('y')]).toEqual([['1'], ['1']]);
  });

  it('twice in one batch is one message, or a conflict when the payloads differ', async () => {
    const item = event('1', { message_id: 'm' });
    const answer = JSON.parse(await publishBatch([item, item]));
    expect(answer.batch[1]).toEqual(answer.batch[0]);
    const clash = [event('2', { message_id: 'n' }), event('3', { message_id: 'n' })];
    await expect(publishBatch(clash)).rejects.toEqual(refused(400, 'invalid_input'));
    expect(await store.stored('x')).toEqual(['1']);
  });

  it('used by many at once is one message', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => publish(event('1', { message_id: 'm' }))),
    );
    expect(new Set(answers).size).toBe(1);
    expect(await store.stored('x')).toEqual(['1']);
  });
});

describe('client events', () => {
  it('whose store fails are not delivered', async () => {
    const [sender, receiver] = [realtime.client(), realtime.client()];
    for (const client of [sender, receiver]) await client.subscribe('private-x');
    store.failures = 1;
    sender.receive({ event: 'client-x', channel: 'private-x', data: 1 });
    expect(await sender.answers()).toMatchObject([{ event: 'pusher:error' }]);
    expect(await receiver.answers()).toEqual([]);
    expect(realtime.errors).toHaveLength(1);
  });
});

describe('D57: cached events', () => {
  it('are kept for their own time', async () => {
    await publish(event('1', { channel: 'cache-x' }));
    await turn();
    const cached = await realtime.context.cache.get('cached-event:app:cache-x');
    expect(cached?.value).toBe('{"event":"e","channel":"cache-x","data":"1"}');
    const leftMs = (cached?.expiresAtMs ?? 0) - Date.now();
    expect(leftMs).toBeGreaterThan(3_590_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
  });
});
