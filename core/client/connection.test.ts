/** The connection's shell: what the table's effects do to sockets, timers and handlers. Virtual clock, scripted sockets. */
import { describe, expect, it } from 'vitest';
import type { ConnectionError } from './errors.ts';
import type { SockudoOptions } from './options.ts';
import { HANDSHAKE_TIMEOUT_MS, WAKE_PONG_TIMEOUT_MS } from './socket-link.ts';
import { Sockudo } from './sockudo.ts';
import { FakeRuntime, settled } from './testing/fake-runtime.ts';

function start(options: Partial<SockudoOptions> = {}, runtime = new FakeRuntime()) {
  const client = new Sockudo('app-key', { wsHost: 'localhost', forceTLS: false, ...options }, runtime);
  const { connection } = client;
  const states: string[] = [];
  const errors: ConnectionError[] = [];
  const delays: number[] = [];
  connection.bind('state_change', ({ previous, current }) => states.push(`${previous}->${current}`));
  connection.bind('error', (error) => errors.push(error));
  connection.bind('connecting_in', (seconds) => delays.push(seconds));
  return { client, connection, runtime, states, errors, delays };
}

function connected(options: Partial<SockudoOptions> = {}) {
  const setup = start(options);
  setup.runtime.socket.establish({ prefix: options.protocolVersion === 2 ? 'sockudo' : 'pusher' });
  setup.states.length = 0;
  return setup;
}

describe('connecting', () => {
  it('connects at once and tells its id', () => {
    const { connection, runtime, states } = start();
    expect(connection.state).toBe('connecting');
    expect(connection.socket_id).toBeUndefined();
    let seen: unknown;
    connection.bind('connected', (data) => {
      seen = data;
    });
    runtime.socket.establish({ socketId: '4815162342.1607' });
    expect(connection.state).toBe('connected');
    expect(connection.socket_id).toBe('4815162342.1607');
    expect(seen).toEqual({ socket_id: '4815162342.1607' });
    expect(states).toEqual(['connecting->connected']);
  });

  it('sends nothing before the handshake', () => {
    const { client, runtime } = start();
    expect(client.send_event('client-x', {}, 'private-a')).toBe(false);
    runtime.socket.establish();
    expect(client.send_event('client-x', {}, 'private-a')).toBe(true);
    expect(runtime.socket.sent).toEqual([{ event: 'client-x', data: {}, channel: 'private-a' }]);
  });

  it('goes to failed without WebSocket, and can be connected once there is one', () => {
    const runtime = new FakeRuntime();
    const { WebSocket } = runtime;
    runtime.WebSocket = undefined;
    const { client, connection } = start({}, runtime);
    expect(connection.state).toBe('failed');
    runtime.WebSocket = WebSocket;
    client.connect();
    runtime.socket.establish();
    expect(connection.state).toBe('connected');
  });

  it('goes to failed when the options leave no transport', () => {
    expect(start({ enabledTransports: ['xhr_streaming'] }).connection.state).toBe('failed');
  });

  it('stops with an error when the runtime refuses the URL', () => {
    const runtime = new FakeRuntime();
    runtime.WebSocket = class {
      constructor() {
        throw new Error('insecure');
      }
      onmessage = null;
      onerror = null;
      onclose = null;
      send() {}
      close() {}
    };
    const { connection } = start({}, runtime);
    expect(connection.state).toBe('disconnected');
    expect(runtime.timerCount).toBe(0);
  });
});

describe('handshake', () => {
  it.each(['pusher', 'sockudo'])(
    'understands a %s: error on either protocol and acts on its code',
    (prefix) => {
      for (const protocolVersion of [7, 2] as const) {
        const { connection, runtime, errors } = start({ protocolVersion });
        runtime.socket.receive({
          event: `${prefix}:error`,
          data: { code: 4001, message: 'Application does not exist' },
        });
        expect(connection.state).toBe('disconnected');
        expect(runtime.socket.isClosedByClient).toBe(true);
        const data = { code: 4001, message: 'Application does not exist' };
        expect(errors).toEqual([{ type: 'WebSocketError', data, error: { type: 'PusherError', data } }]);
        expect(runtime.timerCount).toBe(0);
      }
    },
  );

  it('reads the error whose data is JSON text', () => {
    const { connection, runtime } = start();
    runtime.socket.receive({ event: 'pusher:error', data: '{"code":4100,"message":"Over capacity"}' });
    expect(connection.state).toBe('connecting');
    expect(runtime.timerCount).toBe(2);
  });

  it('tries again after a first frame that is none of the protocol', () => {
    const { connection, runtime, errors } = start();
    runtime.socket.receive({ event: 'hello', data: {} });
    expect(connection.state).toBe('connecting');
    expect(errors.map(({ type }) => type)).toEqual(['HandshakeError']);
    runtime.advance(500);
    expect(runtime.sockets).toHaveLength(2);
  });

  it('does not wait for ever for a silent server', () => {
    const { runtime, errors } = start();
    runtime.advance(HANDSHAKE_TIMEOUT_MS);
    expect(errors.map(({ type }) => type)).toEqual(['HandshakeError']);
    expect(runtime.sockets[0]?.isClosedByClient).toBe(true);
    runtime.advance(500);
    expect(runtime.sockets).toHaveLength(2);
  });
});

describe('losing and retrying', () => {
  it('is connecting at once when the connection is gone, and backs off with jitter', () => {
    const { connection, runtime, states, delays } = connected();
    runtime.socket.drop(1006);
    expect(states).toEqual(['connected->connecting']);
    expect(connection.socket_id).toBeUndefined();
    expect(delays).toEqual([1]);
    runtime.advance(499);
    expect(runtime.sockets).toHaveLength(1);
    runtime.advance(1);
    expect(runtime.sockets).toHaveLength(2);
    runtime.socket.drop(1006);
    runtime.advance(999);
    expect(runtime.sockets).toHaveLength(2);
    runtime.advance(1);
    expect(runtime.sockets).toHaveLength(3);
  });

  it('goes on for ever, at most 30 s apart', () => {
    const { connection, runtime } = connected();
    runtime.chance = 0.999;
    for (let attempt = 0; attempt < 50; attempt++) {
      const before = runtime.sockets.length;
      runtime.socket.drop(1006);
      let waitedMs = 0;
      for (; runtime.sockets.length === before; waitedMs += 500) runtime.advance(500);
      expect(waitedMs).toBeLessThanOrEqual(30_000);
    }
    expect(connection.state).toBe('unavailable');
    runtime.socket.establish();
    expect(connection.state).toBe('connected');
  });

  it.each([4000, 4001, 4009, 4301, 4999])('stops on close %i, with an error', (code) => {
    const { connection, runtime, errors } = connected();
    runtime.socket.drop(code, 'no');
    expect(connection.state).toBe('disconnected');
    expect(errors.map((error) => error.data)).toEqual([{ code, message: 'no' }]);
    expect(runtime.timerCount).toBe(0);
    expect(runtime.wakeListeners).toBeUndefined();
  });

  it('comes back almost at once on 4200', () => {
    const { runtime } = connected();
    runtime.socket.drop(4200, 'Server shutting down');
    runtime.advance(250);
    expect(runtime.sockets).toHaveLength(2);
  });

  it('says nothing of a clean close', () => {
    const { runtime, errors, states } = connected();
    runtime.socket.drop(1000);
    expect(errors).toEqual([]);
    expect(states).toEqual(['connected->connecting']);
  });

  it('is unavailable after the time-out, goes on trying, and is connected directly', () => {
    const { connection, runtime, states } = start();
    runtime.socket.drop(1006);
    runtime.advance(10_000);
    expect(connection.state).toBe('unavailable');
    runtime.advance(HANDSHAKE_TIMEOUT_MS + 30_000);
    runtime.socket.establish();
    expect(states).toEqual(['connecting->unavailable', 'unavailable->connected']);
  });

  it('connect hurries a retry along', () => {
    const { client, runtime } = connected();
    runtime.socket.drop(1006);
    client.connect();
    expect(runtime.sockets).toHaveLength(2);
    client.connect();
    expect(runtime.sockets).toHaveLength(2);
  });

  it('hears nothing more from a socket it gave up', () => {
    const { client, connection, runtime } = connected();
    const old = runtime.socket;
    client.disconnect();
    expect(connection.state).toBe('disconnected');
    old.drop(1006);
    old.receive({ event: 'x' });
    expect(connection.state).toBe('disconnected');
    client.connect();
    runtime.socket.establish();
    expect(connection.state).toBe('connected');
  });

  it('leaves no timer and no listener behind after disconnect', () => {
    const { client, runtime } = connected();
    client.disconnect();
    expect(runtime.timerCount).toBe(0);
    expect(runtime.wakeListeners).toBeUndefined();
    expect(runtime.socket.isClosedByClient).toBe(true);
  });

  it('announces nothing that a handler has overtaken', () => {
    const { client, connection, runtime, states } = connected();
    const events: string[] = [];
    connection.bind('connecting', () => events.push('connecting'));
    connection.bind('disconnected', () => events.push('disconnected'));
    connection.bind('state_change', ({ current }) => {
      if (current === 'connecting') client.disconnect();
    });
    runtime.socket.drop(1006);
    expect(states).toEqual(['connected->connecting', 'connecting->disconnected']);
    expect(events).toEqual(['disconnected']);
  });
});

describe('liveness', () => {
  it('pings after silence, takes any frame as the answer', () => {
    const { runtime } = connected();
    runtime.advance(119_999);
    expect(runtime.socket.sent).toEqual([]);
    runtime.advance(1);
    expect(runtime.socket.sent).toEqual([{ event: 'pusher:ping', data: {} }]);
    runtime.advance(29_999);
    runtime.socket.receive({ event: 'tick', channel: 'a', data: 1 });
    runtime.advance(1);
    expect(runtime.sockets).toHaveLength(1);
    runtime.advance(119_999);
    expect(runtime.socket.sentData('pusher:ping')).toHaveLength(2);
  });

  it('counts silence from the last frame', () => {
    const { runtime } = connected();
    runtime.advance(100_000);
    runtime.socket.receive({ event: 'tick', channel: 'a' });
    runtime.advance(100_000);
    expect(runtime.socket.sent).toEqual([]);
    runtime.advance(20_000);
    expect(runtime.socket.sentData('pusher:ping')).toHaveLength(1);
  });

  it('drops a connection that does not answer and reconnects at once', () => {
    const { runtime, states, errors } = connected();
    runtime.advance(150_000);
    expect(states[0]).toBe('connected->connecting');
    expect(errors[0]?.data?.message).toBe('Pong not received in time');
    runtime.advance(250);
    expect(runtime.sockets).toHaveLength(2);
  });

  it('takes the shorter of its own and the server time-out', () => {
    const short = start({ activityTimeout: 5_000 });
    short.runtime.socket.establish({ activityTimeout: 120 });
    short.runtime.advance(5_000);
    expect(short.runtime.socket.sentData('pusher:ping')).toHaveLength(1);
    const long = start();
    long.runtime.socket.establish({ activityTimeout: 7 });
    long.runtime.advance(7_000);
    expect(long.runtime.socket.sentData('pusher:ping')).toHaveLength(1);
  });

  it('answers the server with its own prefix', () => {
    const v1 = connected();
    v1.runtime.socket.receive({ event: 'pusher:ping' });
    expect(v1.runtime.socket.sent).toEqual([{ event: 'pusher:pong', data: {} }]);
    const v2 = connected({ protocolVersion: 2 });
    v2.runtime.socket.receive({ event: 'sockudo:ping' });
    expect(v2.runtime.socket.sent).toEqual([{ event: 'sockudo:pong', data: {} }]);
  });

  it('reports unreadable frames and lives on', () => {
    const { connection, runtime, errors } = connected();
    runtime.socket.receive('{"no json');
    expect(errors.map(({ type }) => type)).toEqual(['MessageParseError']);
    expect(connection.state).toBe('connected');
  });

  it('shows error frames to error handlers', () => {
    const { runtime, errors } = connected();
    runtime.socket.receive({ event: 'pusher:error', data: { code: 4301, message: 'too fast' } });
    expect(errors).toEqual([{ type: 'PusherError', data: { code: 4301, message: 'too fast' } }]);
  });
});

describe('wake triggers', () => {
  it('probes when the page is seen again, and waits only a little for the answer', () => {
    const { runtime, states } = connected();
    runtime.wakeListeners?.wake();
    expect(runtime.socket.sentData('pusher:ping')).toHaveLength(1);
    runtime.advance(WAKE_PONG_TIMEOUT_MS - 1);
    expect(states).toEqual([]);
    runtime.advance(1);
    expect(states).toEqual(['connected->connecting']);
  });

  it('does not put off the deadline by waking again', () => {
    const { runtime, states } = connected();
    runtime.wakeListeners?.wake();
    runtime.advance(WAKE_PONG_TIMEOUT_MS - 1);
    runtime.wakeListeners?.wake();
    runtime.wakeListeners?.online();
    runtime.advance(1);
    expect(states).toEqual(['connected->connecting']);
  });

  it.each(['wake', 'online'] as const)('%s reconnects at once while a retry waits', (trigger) => {
    const { runtime } = connected();
    runtime.socket.drop(1006);
    runtime.wakeListeners?.[trigger]();
    expect(runtime.sockets).toHaveLength(2);
    runtime.socket.establish();
    runtime.advance(60_000);
    expect(runtime.sockets).toHaveLength(2);
  });

  it('is unavailable when the network goes, and back at once when it comes', () => {
    const { connection, runtime, states } = connected();
    runtime.wakeListeners?.offline();
    expect(connection.state).toBe('unavailable');
    expect(runtime.socket.isClosedByClient).toBe(true);
    runtime.wakeListeners?.online();
    expect(connection.state).toBe('connecting');
    runtime.socket.establish();
    expect(states).toEqual(['connected->unavailable', 'unavailable->connecting', 'connecting->connected']);
  });

  it('tries even while offline: browsers are wrong about it', () => {
    const { runtime } = connected();
    runtime.wakeListeners?.offline();
    runtime.advance(30_000);
    expect(runtime.sockets.length).toBeGreaterThan(1);
  });
});

describe('capability token', () => {
  const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

  it('is fetched before each attempt and sent in the URL', async () => {
    let count = 0;
    const { runtime } = start({ protocolVersion: 2, tokenProvider: async () => `t-${++count}` });
    expect(runtime.sockets).toHaveLength(0);
    await settled();
    expect(new URL(runtime.socket.url).searchParams.get('token')).toBe('t-1');
    runtime.socket.drop(1006);
    runtime.advance(1000);
    await settled();
    expect(new URL(runtime.socket.url).searchParams.get('token')).toBe('t-2');
  });

  it('a provider that fails counts as a failed attempt', async () => {
    let isDown = true;
    const { connection, runtime, errors } = start({
      protocolVersion: 2,
      tokenProvider: () => (isDown ? Promise.reject(new Error('down')) : 't'),
    });
    await settled();
    expect(errors).toEqual([{ type: 'AuthError', error: new Error('down') }]);
    expect(connection.state).toBe('connecting');
    isDown = false;
    runtime.advance(1000);
    await settled();
    expect(runtime.sockets).toHaveLength(1);
  });

  it('a token that comes after disconnect opens nothing', async () => {
    const { client, runtime } = start({ protocolVersion: 2, tokenProvider: async () => 't' });
    client.disconnect();
    await settled();
    expect(runtime.sockets).toHaveLength(0);
  });

  it('is renewed at 80 % of its life and when the server says it expired', async () => {
    let count = 0;
    const runtime = new FakeRuntime();
    const iat = runtime.now() / 1000;
    const provider = () => jwt({ iat: iat, exp: iat + 1000, n: ++count });
    start({ protocolVersion: 2, tokenProvider: provider, activityTimeout: 10_000_000 }, runtime);
    await settled();
    runtime.socket.establish({ prefix: 'sockudo', activityTimeout: 10_000 });
    runtime.advance(799_999);
    expect(count).toBe(1);
    runtime.advance(1);
    await settled();
    expect(runtime.socket.sentData('sockudo:auth')).toEqual([{ token: jwt({ iat, exp: iat + 1000, n: 2 }) }]);
    runtime.socket.receive({ event: 'sockudo:token_expired', data: { code: 40142, reason: 'expired' } });
    await settled();
    expect(runtime.socket.sentData('sockudo:auth')).toHaveLength(2);
    runtime.socket.receive({ event: 'sockudo:token_expired', data: { code: 40160, reason: 'revoked' } });
    await settled();
    expect(runtime.socket.sentData('sockudo:auth')).toHaveLength(2);
  });

  it('comes back after its token ran out, but not after it was revoked', async () => {
    for (const [reason, state] of [
      ['capability token expired', 'connecting'],
      ['capability token revoked', 'disconnected'],
    ] as const) {
      const { connection, runtime } = start({ protocolVersion: 2, tokenProvider: () => 't' });
      await settled();
      runtime.socket.establish({ prefix: 'sockudo' });
      runtime.socket.drop(4009, reason);
      expect(connection.state).toBe(state);
    }
  });

  it('with a fixed token stops when it ran out', async () => {
    const { connection, runtime } = start({ protocolVersion: 2, token: 't' });
    await settled();
    runtime.socket.establish({ prefix: 'sockudo' });
    runtime.socket.drop(4009, 'capability token expired');
    expect(connection.state).toBe('disconnected');
  });
});
