import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryChannelLog } from '../memory/channel-log.ts';
import { createMemoryPresence } from '../memory/presence.ts';
import type { ChannelKey, ChannelLog } from '../ports/channel-log.ts';
import type { Presence } from '../ports/presence.ts';
import { turn } from './testing/fake-socket.ts';
import type { Frame, TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

/** Calls of one method, each of which waits until the test lets it look, and again until the test lets it answer. */
class Hold {
  #steps: (() => void)[] = [];
  isOn = false;

  async around<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.isOn) await this.#step();
    const result = await call();
    if (this.isOn) await this.#step();
    return result;
  }

  #step(): Promise<void> {
    return new Promise((resolve) => {
      this.#steps.push(resolve);
    });
  }

  /** Lets the first one that waits go on. */
  async goOn(): Promise<void> {
    this.#steps.shift()?.();
    await turn();
  }

  release(): void {
    this.isOn = false;
    for (const step of this.#steps) step();
    this.#steps = [];
  }
}

let head: Hold;
let join: Hold;
let realtime: TestRealtime;

beforeEach(() => {
  head = new Hold();
  join = new Hold();
  const log = createMemoryChannelLog();
  const presence = createMemoryPresence();
  const heldPresence: Presence = {
    ...presence,
    join: (request) => join.around(() => presence.join(request)),
  };
  realtime = testRealtime({ drivers: { durableLog: withHeldHead(log), presence: heldPresence } });
});
afterEach(async () => {
  head.release();
  join.release();
  await turn();
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

/** The log with a `head` that can be held. */
function withHeldHead<Log extends ChannelLog>(log: Log): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'head') return (key: ChannelKey) => head.around(() => target.head(key));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const publish = (channel: string, name: string): Promise<string> =>
  realtime.context.publisher.publishEvent(realtime.app, {
    name,
    data: '"x"',
    payloadBytes: 1,
    channels: [channel],
    info: null,
  });

interface Heard {
  readonly acknowledgedAt: unknown;
  readonly serials: readonly unknown[];
}

function heard(frames: readonly Frame[]): Heard {
  const acknowledgement = frames.find(({ event }) => event.endsWith(':subscription_succeeded'));
  const live = frames.filter(({ event }) => event.startsWith('e-'));
  return {
    acknowledgedAt: acknowledgement?.serial,
    serials: live.map(({ serial }) => serial),
  };
}

const events = (frames: readonly Frame[]): string[] => frames.map(({ event }) => event);

describe('between the head and the first live message', () => {
  it.each([
    ['before the head is read', 0, 3],
    ['after it was read, before it is told', 1, 2],
  ])('nothing is lost and nothing comes twice: published %s', async (_, steps, acknowledgedAt) => {
    await publish('x', 'e-1');
    await publish('x', 'e-2');
    const client = realtime.client({ protocol: 2 });
    head.isOn = true;
    const subscribing = client.subscribe('x');
    await subscribing;
    for (let step = 0; step < steps; step += 1) await head.goOn();
    await publish('x', 'e-3');
    head.release();
    await client.answers();
    await publish('x', 'e-4');
    await client.answers();
    const result = heard(client.frames);
    expect(result.acknowledgedAt).toBe(acknowledgedAt);
    expect(result.serials).toEqual([3, 4].filter((serial) => serial > acknowledgedAt));
  });

  it('the acknowledgement comes first, then what was held', async () => {
    const client = realtime.client({ protocol: 2 });
    head.isOn = true;
    await client.subscribe('x');
    await head.goOn();
    await publish('x', 'e-1');
    expect(await client.answers()).toEqual([]);
    head.release();
    expect(events(await client.answers())).toEqual(['sockudo_internal:subscription_succeeded', 'e-1']);
  });

  it('other subscribers wait for nobody', async () => {
    const other = realtime.client({ protocol: 2 });
    await other.subscribe('x');
    const client = realtime.client({ protocol: 2 });
    head.isOn = true;
    await client.subscribe('x');
    await publish('x', 'e-1');
    expect(events(await other.answers())).toEqual(['e-1']);
  });

  it('protocol 1 is subscribed and acknowledged at once: it has no position', async () => {
    head.isOn = true;
    const client = realtime.client({ protocol: 1 });
    expect(events(await client.subscribe('x'))).toEqual(['pusher_internal:subscription_succeeded']);
    await publish('x', 'e-1');
    expect(events(await client.answers())).toEqual(['e-1']);
  });

  it('a connection for which too much is held is closed with 4100, others are not', async () => {
    const small = await subscribed('x');
    const client = realtime.client({ protocol: 2 });
    head.isOn = true;
    await client.subscribe('x');
    for (let index = 0; index < 1001; index += 1) await publish('x', `e-${index}`);
    expect(client.webSocket.closed).toEqual({ code: 4100, reason: 'Outbound buffer full' });
    expect(small.connection.isOpen).toBe(true);
  });

  it('a filter holds for what was held too', async () => {
    const client = realtime.client({ protocol: 2 });
    head.isOn = true;
    await client.subscribe('x', { filter: { events: ['e-2'] } });
    await head.goOn();
    await publish('x', 'e-1');
    await publish('x', 'e-2');
    head.release();
    expect(heard(await client.answers()).serials).toEqual([2]);
  });
});

async function subscribed(channel: string): Promise<TestClient> {
  const client = realtime.client({ protocol: 2 });
  await client.subscribe(channel);
  return client;
}

describe('a connection that goes while it is attached', () => {
  it.each([
    ['by unsubscribing', (client: TestClient) => client.request('unsubscribe', { channel: 'presence-x' })],
    ['by its socket', (client: TestClient) => client.disconnect()],
  ])('leaves nothing behind: %s', async (_, go) => {
    const watcher = realtime.client();
    await watcher.join('presence-x', 'watcher');
    const client = realtime.client({ protocol: 2 });
    join.isOn = true;
    await client.join('presence-x', 'ghost');
    await join.goOn();
    go(client);
    join.release();
    await client.answers();
    await watcher.answers();
    expect(await realtime.context.presence.members('app', 'presence-x')).toEqual([
      { userId: 'watcher', info: '{}' },
    ]);
    expect(await realtime.context.occupancy.count('app', 'presence-x')).toBe(1);
  });
});

describe('members that come and go while one is attached', () => {
  it('are in the acknowledgement or announced after it, never both', async () => {
    const client = realtime.client();
    join.isOn = true;
    await client.join('presence-x', 'a');
    join.isOn = false;
    await realtime.client().join('presence-x', 'before');
    join.isOn = true;
    await join.goOn();
    join.isOn = false;
    await realtime.client().join('presence-x', 'after');
    await join.goOn();
    const frames = await client.answers();
    const data = JSON.parse(String(frames[0]?.data));
    expect(data.presence.ids.sort()).toEqual(['a', 'before']);
    expect(frames.slice(1).map(({ data: member }) => member)).toEqual(['{"user_id":"after","user_info":{}}']);
  });

  it('are told to the others only after the newcomer is there', async () => {
    const watcher = realtime.client();
    await watcher.join('presence-x', 'watcher');
    const client = realtime.client();
    join.isOn = true;
    await client.join('presence-x', 'a');
    expect(await watcher.answers()).toEqual([]);
    join.release();
    await client.answers();
    expect(events(await watcher.answers())).toEqual(['pusher_internal:member_added']);
  });
});

describe('a repeated subscribe', () => {
  it('is acknowledged with the head of now, and takes the new options', async () => {
    const client = await subscribed('x');
    await publish('x', 'e-1');
    await client.answers();
    const [acknowledgement] = await client.subscribe('x', { filter: { events: ['e-3'] } });
    expect(acknowledgement).toMatchObject({ serial: 1 });
    await publish('x', 'e-2');
    await publish('x', 'e-3');
    expect(heard(await client.answers()).serials).toEqual([3]);
    expect(await realtime.context.occupancy.count('app', 'x')).toBe(1);
  });

  it('loses nothing that was live: what the new head covers comes before it', async () => {
    const client = await subscribed('x');
    head.isOn = true;
    await client.subscribe('x');
    await publish('x', 'e-1');
    await head.goOn();
    await publish('x', 'e-2');
    head.release();
    const frames = await client.answers();
    expect(events(frames)).toEqual(['e-1', 'sockudo_internal:subscription_succeeded', 'e-2']);
  });

  it('D22: of a presence channel is acknowledged with the members and announced to nobody', async () => {
    const [watcher, client] = [realtime.client(), realtime.client()];
    await watcher.join('presence-x', 'watcher');
    await client.join('presence-x', 'a');
    await watcher.answers();
    const [acknowledgement, ...more] = await client.join('presence-x', 'a');
    expect(JSON.parse(String(acknowledgement?.data)).presence).toMatchObject({
      count: 2,
      ids: ['watcher', 'a'],
    });
    expect(more).toEqual([]);
    expect(await watcher.answers()).toEqual([]);
  });
});

describe('the member cap', () => {
  it('D23: counts users, so a further connection of a member is let in', async () => {
    const own = testRealtime({ app: { max_presence_members_per_channel: 2 } });
    const [a, b, again, c] = [own.client(), own.client(), own.client(), own.client()];
    await a.join('presence-x', 'a');
    await b.join('presence-x', 'b');
    expect(events(await again.join('presence-x', 'a'))).toEqual(['pusher_internal:subscription_succeeded']);
    expect(await c.join('presence-x', 'c')).toEqual([
      { event: 'pusher:error', data: { code: 4100, message: 'Over capacity' } },
    ]);
    expect(c.connection.subscriptions.size).toBe(0);
    await own.close();
  });
});
