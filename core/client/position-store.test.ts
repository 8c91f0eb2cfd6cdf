/** Positions over page loads: what is stored when, what is made of it by the next page, and every way in which storage fails. */
import { describe, expect, it, vi } from 'vitest';
import type { SockudoOptions } from './options.ts';
import { type RecoveryStorage, STORED_POSITIONS_MAX } from './position-store.ts';
import { Sockudo } from './sockudo.ts';
import { connectedClient } from './testing/connected-client.ts';
import { FakeRuntime, settled } from './testing/fake-runtime.ts';

class Session {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    this.items.set(key, text);
  }
}

const OPTIONS = { protocolVersion: 2, connectionRecovery: true } as const;

/** A page of the tab: a client on a runtime of its own, and the tab's storage. */
function page(tab: Session, options: Partial<SockudoOptions> = {}) {
  const runtime = new FakeRuntime();
  runtime.sessionStorage = tab;
  const setup = connectedClient({ ...OPTIONS, recoveryStorage: 'session', ...options }, runtime);
  const message = (channel: string, serial: number) =>
    setup.socket().receive({
      event: 'tick',
      channel,
      data: String(serial),
      message_id: `${channel}-${serial}`,
      stream_id: 's1',
      serial,
    });
  const resumes = () =>
    setup
      .socket()
      .sentData('sockudo:resume')
      .map((data) => JSON.parse(String(data)).channel_positions);
  return { ...setup, message, resumes, at: (serial: number) => ({ stream_id: 's1', serial }) };
}

describe('recoveryStorage: session', () => {
  it('lets the next page go on from where the last one was', () => {
    const tab = new Session();
    const first = page(tab);
    first.client.subscribe('a');
    first.acknowledge('a', {}, first.at(41));
    first.message('a', 42);
    first.runtime.advance(300);
    const second = page(tab);
    expect(second.client.getRecoveryPosition('a')).toMatchObject({ stream_id: 's1', serial: 42 });
    second.client.subscribe('a', { rewind: 10 });
    expect(second.subscribes()).toEqual([{ auth: '', channel: 'a' }]);
    second.acknowledge('a', {}, second.at(45));
    expect(second.resumes()).toEqual([{ a: { ...second.at(42), last_message_id: 'a-42' } }]);
  });

  it('writes changes together, a moment later, and at once when the page goes away', () => {
    const tab = new Session();
    const save = vi.spyOn(tab, 'setItem');
    const { client, acknowledge, at, message, runtime } = page(tab);
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    for (const serial of [42, 43, 44]) message('a', serial);
    expect(save).not.toHaveBeenCalled();
    runtime.advance(250);
    expect(save).toHaveBeenCalledTimes(1);
    message('a', 45);
    runtime.hideListener?.();
    expect(save).toHaveBeenCalledTimes(2);
    expect(save.mock.lastCall?.[1]).toContain('"serial":45');
    runtime.advance(1_000);
    expect(save).toHaveBeenCalledTimes(2);
  });

  it('keeps the position from before a gap until the gap is filled', () => {
    const tab = new Session();
    const first = page(tab);
    first.client.subscribe('a');
    first.acknowledge('a', {}, first.at(41));
    first.reconnect();
    first.acknowledge('a', {}, first.at(60));
    first.runtime.hideListener?.();
    expect(page(tab).client.getRecoveryPosition('a')?.serial).toBe(41);
  });

  it('forgets a channel that was left', () => {
    const tab = new Session();
    const { client, acknowledge, at, runtime } = page(tab);
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    runtime.advance(300);
    client.unsubscribe('a');
    runtime.advance(300);
    expect(page(tab).client.getRecoveryPosition('a')).toBeUndefined();
  });

  it('writes what is left and watches no more after disconnect, and again after connect', () => {
    const tab = new Session();
    const { client, acknowledge, at, runtime } = page(tab);
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    client.disconnect();
    expect(runtime.hideListener).toBeUndefined();
    expect([...tab.items.values()].join()).toContain('"serial":41');
    client.connect();
    expect(runtime.hideListener).toBeDefined();
  });

  it('belongs to one app on one host', () => {
    const tab = new Session();
    const { client, acknowledge, at, runtime } = page(tab);
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    runtime.advance(300);
    expect(page(tab, { wsHost: 'other' }).client.getRecoveryPosition('a')).toBeUndefined();
  });

  it('is bounded: the newest channels are kept', () => {
    const tab = new Session();
    const { client, acknowledge, message, runtime } = page(tab);
    client.subscribe('c*');
    acknowledge('c*');
    for (let i = 0; i < STORED_POSITIONS_MAX + 5; i += 1) message(`c${i}`, 1);
    runtime.advance(300);
    const next = page(tab).client;
    expect(next.getRecoveryPosition('c4')).toBeUndefined();
    expect(next.getRecoveryPosition('c5')).toBeDefined();
    expect(next.getRecoveryPosition(`c${STORED_POSITIONS_MAX + 4}`)).toBeDefined();
  });

  it.each([
    '',
    'null',
    '[]',
    '{"positions":3}',
    '{"positions":[["a"],["a",{}],[1,{"stream_id":"s","serial":1}],null]}',
  ])('starts afresh from a text that is none of its own: %s', (text) => {
    const tab = new Session();
    tab.setItem('sockudo:positions:app-key@localhost', text);
    const { client, acknowledge, at, resumes } = page(tab);
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    expect(resumes()).toEqual([]);
  });

  it('does without where there is no storage', () => {
    const runtime = new FakeRuntime();
    const setup = connectedClient({ ...OPTIONS, recoveryStorage: 'session' }, runtime);
    setup.client.subscribe('a');
    setup.acknowledge('a', {}, { stream_id: 's', serial: 1 });
    runtime.advance(300);
    expect(runtime.reported).toEqual([]);
  });
});

describe('recoveryStorage: an own one', () => {
  const stored = (serial: number) => JSON.stringify({ positions: [['a', { stream_id: 's1', serial }]] });

  function start(recoveryStorage: RecoveryStorage, lines: string[] = []) {
    const runtime = new FakeRuntime();
    const options = { ...OPTIONS, recoveryStorage, log: (line: string) => lines.push(line) };
    const client = new Sockudo('app-key', { wsHost: 'localhost', forceTLS: false, ...options }, runtime);
    return { client, runtime };
  }

  it('is waited for before the client connects', async () => {
    let answer: (text: string) => void = () => {};
    const load = () => new Promise<string>((resolve) => (answer = resolve));
    const { client, runtime } = start({ load, save: () => {} });
    await settled();
    expect(runtime.sockets).toHaveLength(0);
    answer(stored(7));
    await settled();
    expect(runtime.sockets).toHaveLength(1);
    expect(client.getRecoveryPosition('a')?.serial).toBe(7);
  });

  it('is not waited for too long, and not used when it comes too late', async () => {
    let answer: (text: string) => void = () => {};
    const load = () => new Promise<string>((resolve) => (answer = resolve));
    const lines: string[] = [];
    const { client, runtime } = start({ load, save: () => {} }, lines);
    await settled();
    runtime.advance(2_000);
    await settled();
    expect(runtime.sockets).toHaveLength(1);
    answer(stored(7));
    await settled();
    expect(client.getRecoveryPosition('a')).toBeUndefined();
    expect(lines.join()).toContain('recoveryStorage: did not answer');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no room');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no room'))],
  ])('may fail: it %s', async (_how, fail) => {
    const lines: string[] = [];
    const { client, runtime } = start({ load: fail, save: fail }, lines);
    await settled();
    runtime.socket.establish({ prefix: 'sockudo' });
    client.subscribe('a');
    runtime.socket.receive({
      event: 'sockudo_internal:subscription_succeeded',
      channel: 'a',
      data: '{}',
      stream_id: 's',
      serial: 1,
    });
    runtime.advance(300);
    await settled();
    expect(lines.filter((line) => line.includes('recoveryStorage: no room'))).toHaveLength(2);
    expect(runtime.reported).toEqual([]);
  });

  it('needs recovery', () => {
    const storage = { load: () => null, save: () => {} };
    const make = (options: Partial<SockudoOptions>) => () =>
      new Sockudo('k', { wsHost: 'localhost', ...options }, new FakeRuntime());
    expect(make({ recoveryStorage: storage })).toThrow('recoveryStorage needs connectionRecovery');
    expect(make({ ...OPTIONS, connectionRecovery: false, recoveryStorage: 'session' })).toThrow(
      'recoveryStorage needs',
    );
    // CAST: what a program without types may pass.
    expect(make({ ...OPTIONS, recoveryStorage: 'local' as 'session' })).toThrow(
      "must be 'session' or an object",
    );
  });
});
