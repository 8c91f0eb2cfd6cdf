// Channels as Server-Sent Events: docs/server-sent-events.md.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Credentials, channelAuth, signedPath, TEST_APP } from '../support/credentials.ts';
import { type EventReader, readEvents } from '../support/event-reader.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../support/test-server.ts';

const page = readFileSync(new URL('../../docs/server-sent-events.md', import.meta.url), 'utf8');
const DURABLE = { policy: { history: { enabled: true }, connection_recovery: { enabled: true } } };
const SUBSCRIBED = 'sockudo_internal:subscription_succeeded';

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ app: DURABLE, ...options });
  onTestFinished(() => server.close());
  return server;
}

interface Reading {
  readonly id?: string;
  readonly query?: Record<string, string>;
  readonly as?: Credentials;
}

async function read(server: TestServer, channel: string, { id, query, as = TEST_APP }: Reading = {}) {
  const path = signedPath(as, 'GET', `/channels/${encodeURIComponent(channel)}/events`, '', query);
  return opened(`http://127.0.0.1:${server.port}${path}`, id);
}

async function readAsClient(server: TestServer, query: string, id?: string): Promise<EventReader> {
  return opened(`http://127.0.0.1:${server.port}/app/${TEST_APP.key}/events?${query}`, id);
}

async function opened(url: string, id: string | undefined): Promise<EventReader> {
  const reader = await readEvents(url, id === undefined ? {} : { 'last-event-id': id });
  onTestFinished(() => reader.close());
  return reader;
}

const frameOf = (data: string) => JSON.parse(data);

/** Data of the events of this name until the one that says `end`. */
async function collect(reader: EventReader, event: string, end: string): Promise<string[]> {
  const all: string[] = [];
  while (all.at(-1) !== end) all.push(frameOf((await reader.until(event)).data).data);
  return all;
}

describe('a channel for a trusted reader', () => {
  it('brings live events with their names, frames and ids', async () => {
    const server = await start();
    const reader = await read(server, 'private-room');
    expect([reader.status, reader.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect((await reader.next())?.event).toBe('sockudo:connection_established');
    const told = await reader.until(SUBSCRIBED);
    await server.publish('private-room', 'tick', 'one');
    const tick = await reader.until('tick');
    const frame = frameOf(tick.data);
    expect(frame).toMatchObject({ event: 'tick', channel: 'private-room', data: 'one', serial: 1 });
    expect(tick.id).toBe(`${frame.stream_id}:1`);
    expect(told.id).toBe(`${frame.stream_id}:0`);
    expect(server.complaints).toEqual([]);
  });

  it('goes on after Last-Event-ID without a hole and without repeating, while events come', async () => {
    const server = await start();
    const first = await read(server, 'room');
    await first.until(SUBSCRIBED);
    const heard: string[] = [];
    let id = first.lastEventId();
    first.close();
    const publishing = (async () => {
      for (let i = 0; i < 120; i += 1) await server.publish('room', 'tick', String(i));
      await server.publish('room', 'tick', 'end');
    })();
    while (heard.at(-1) !== 'end') {
      const reader = await read(server, 'room', { id });
      for (let count = 0; count < 10 && heard.at(-1) !== 'end'; count += 1) {
        heard.push(frameOf((await reader.until('tick')).data).data);
        id = reader.lastEventId();
      }
      reader.close();
    }
    await publishing;
    expect(heard).toEqual([...Array.from({ length: 120 }, (_, i) => String(i)), 'end']);
  });

  it('does not count the acknowledgement while it catches up', async () => {
    const server = await start();
    const first = await read(server, 'room');
    const { id } = await first.until(SUBSCRIBED);
    for (const data of ['a', 'b', 'end']) await server.publish('room', 'tick', data);
    const second = await read(server, 'room', { id });
    expect((await second.until(SUBSCRIBED)).id).toBe(id);
    expect(await collect(second, 'tick', 'end')).toEqual(['a', 'b', 'end']);
  });

  it('tells of a stream that was reset, and goes on from there', async () => {
    const server = await start();
    const reader = await read(server, 'room', { id: 'another-stream:7' });
    const failed = await reader.until('sockudo:resume_failed');
    const told = JSON.parse(frameOf(failed.data).data);
    expect(told).toMatchObject({
      channel: 'room',
      code: 'stream_reset',
      expected_stream_id: 'another-stream',
    });
    expect(failed.id).toBe(`${told.current_stream_id}:0`);
  });

  it('tells that nothing can be recovered where the app has it off', async () => {
    const server = await start({
      app: { policy: { history: { enabled: true }, connection_recovery: { enabled: false } } },
    });
    await server.publish('room', 'tick');
    const reader = await read(server, 'room', { id: 's:0' });
    const failed = frameOf((await reader.until('sockudo:resume_failed')).data);
    expect(JSON.parse(failed.data)).toMatchObject({ code: 'continuity_unverifiable' });
  });

  it('brings versions of mutable messages', async () => {
    const server = await start();
    const reader = await read(server, 'room');
    await reader.until(SUBSCRIBED);
    const answer = JSON.parse(await server.publish('room', 'answer', 'Hel', { info: 'message_serial' }));
    const serial = encodeURIComponent(answer.channels.room.message_serial);
    await server.request('POST', `/channels/room/messages/${serial}/append`, { body: { data: 'lo' } });
    const append = frameOf((await reader.until('sockudo:message.append')).data);
    expect(append).toMatchObject({ name: 'answer', data: 'lo', serial: 2 });
  });

  it('filters', async () => {
    const server = await start();
    const filter = JSON.stringify({ events: ['wanted'] });
    const reader = await read(server, 'room', { query: { filter } });
    await reader.until(SUBSCRIBED);
    await server.publish('room', 'other');
    await server.publish('room', 'wanted');
    expect((await reader.next())?.event).toBe('wanted');
  });

  it('is refused like any other request', async () => {
    const server = await start();
    const status = async (channel: string, reading: Reading = {}) =>
      (await read(server, channel, reading)).status;
    expect(await status('room', { as: { ...TEST_APP, secret: 'wrong' } })).toBe(401);
    expect(await status('room', { id: 'nonsense' })).toBe(400);
    expect(await status('room', { id: 's:1 s:2' })).toBe(400);
    expect(await status('room', { query: { filter: '{' } })).toBe(400);
    expect(await status('room*')).toBe(400);
    const { status: head } = await server.request('HEAD', '/channels/room/events');
    expect(head).toBe(405);
  });

  it('ends with a hint to come back when the server stops', async () => {
    const server = await startTestServer({ app: DURABLE });
    const reader = await read(server, 'room');
    await reader.until(SUBSCRIBED);
    const closing = server.close();
    const close = await reader.until('sockudo:close');
    expect(JSON.parse(close.data)).toEqual({ code: 4200, reason: 'Server shutting down', reconnect: true });
    expect(await reader.next()).toBeNull();
    await closing;
  });

  it('lets a reader go that is too slow', async () => {
    const server = await start({ config: { websocket: { max_messages: 50, max_bytes: 100_000 } } });
    const reader = await read(server, 'room');
    await reader.until(SUBSCRIBED);
    reader.pause();
    let isGone = false;
    while (!isGone) {
      await Promise.all(Array.from({ length: 20 }, () => server.publish('room', 'big', 'x'.repeat(60_000))));
      const { text } = await server.request('GET', '/channels/room');
      isGone = !JSON.parse(text).occupied;
    }
    reader.resume();
    expect(JSON.parse((await reader.until('sockudo:close')).data)).toMatchObject({
      code: 4100,
      reconnect: true,
    });
  });
});

describe('the channels of a client', () => {
  const ticketOf = async (server: TestServer) => {
    const url = `http://127.0.0.1:${server.port}/app/${TEST_APP.key}/events/ticket`;
    const response = await fetch(url, { method: 'POST' });
    return (await response.json()) as { socket_id: string; ticket: string };
  };
  const privately = async (server: TestServer, channel: string, member?: string) => {
    const { socket_id, ticket } = await ticketOf(server);
    const auth = channelAuth(TEST_APP, socket_id, channel, member);
    const subscribe = JSON.stringify({
      channel,
      auth,
      ...(member !== undefined && { channel_data: member }),
    });
    return new URLSearchParams({ socket_id, ticket, subscribe }).toString();
  };

  it('reads public channels and goes on in all of them with one id', async () => {
    const server = await start();
    const query = 'channel=a&channel=b';
    const first = await readAsClient(server, query);
    await first.until(SUBSCRIBED);
    await first.until(SUBSCRIBED);
    await server.publish('a', 'tick', '1');
    await first.until('tick');
    const id = first.lastEventId();
    expect(id).toMatch(/^\S+:1 \S+:0$/);
    first.close();
    await server.publish('b', 'tick', '2');
    await server.publish('a', 'tick', '3');
    const second = await readAsClient(server, query, id);
    expect(await collect(second, 'tick', '2')).toEqual(['3', '2']);
    expect(server.complaints).toEqual([]);
  });

  it('lets into private and presence channels whoever has a signature for the issued socket id', async () => {
    const server = await start();
    const reader = await readAsClient(server, await privately(server, 'private-a'));
    await reader.until(SUBSCRIBED);
    await server.publish('private-a', 'secret', 's');
    expect(frameOf((await reader.until('secret')).data).data).toBe('s');
    const member = JSON.stringify({ user_id: 'ann', user_info: { n: 1 } });
    const present = await readAsClient(server, await privately(server, 'presence-a', member));
    expect(JSON.parse(frameOf((await present.until(SUBSCRIBED)).data).data).presence.ids).toEqual(['ann']);
    const { text } = await server.request('GET', '/channels/presence-a/users');
    expect(JSON.parse(text).users).toEqual([{ id: 'ann' }]);
  });

  it('refuses a signature for another socket id, a forged ticket and none', async () => {
    const server = await start();
    const { socket_id, ticket } = await ticketOf(server);
    const auth = channelAuth(TEST_APP, '1.1', 'private-a');
    const subscribe = JSON.stringify({ channel: 'private-a', auth });
    const wrong = await readAsClient(
      server,
      new URLSearchParams({ socket_id, ticket, subscribe }).toString(),
    );
    await wrong.until('sockudo:error');
    expect(JSON.parse((await wrong.until('sockudo:close')).data)).toMatchObject({
      code: 4009,
      reconnect: false,
    });
    const forged = new URLSearchParams({ socket_id: '1.1', ticket, subscribe });
    expect((await readAsClient(server, forged.toString())).status).toBe(401);
    const none = await readAsClient(server, 'channel=private-a');
    await none.until('sockudo:error');
  });

  it('says in a status what can never be a stream', async () => {
    const server = await start({ app: { ...DURABLE, allowed_origins: [] } });
    const status = async (query: string) => (await readAsClient(server, query)).status;
    expect(await status('')).toBe(400);
    expect(await status('channel=a&channel=a')).toBe(400);
    expect(await status('channel=a*')).toBe(400);
    expect(await status('subscribe=nonsense')).toBe(400);
    expect(await status(new URLSearchParams({ subscribe: '{"channel":"a","rewind":1}' }).toString())).toBe(
      400,
    );
    expect(await status('channel=a&token=x')).toBe(401);
    const url = `http://127.0.0.1:${server.port}/app/nobody/events?channel=a`;
    expect((await opened(url, undefined)).status).toBe(404);
  });
});

describe('docs/server-sent-events.md', () => {
  it('reads with curl as shown', async () => {
    const server = await start();
    for (const data of ['a', 'b']) await server.publish('room-1', 'tick', data);
    const { text } = await server.request('GET', '/channels/room-1/history/state');
    const { stream_id: streamId } = JSON.parse(text).stream;
    const script = /```sh\n(.*?)```/s.exec(page)?.[1] ?? '';
    const curl = spawn('bash', ['-c', script], {
      env: {
        PATH: process.env.PATH,
        APP_ID: TEST_APP.id,
        KEY: TEST_APP.key,
        SECRET: TEST_APP.secret,
        LAST_EVENT_ID: `${streamId}:1`,
        ORIGIN: `http://127.0.0.1:${server.port}`,
      },
    });
    onTestFinished(() => void curl.kill());
    const ticks: string[] = [];
    for await (const line of createInterface({ input: curl.stdout })) {
      if (!line.startsWith('data: {"event":"tick"')) continue;
      ticks.push(frameOf(line.slice('data: '.length)).data);
      if (ticks.length === 1) await server.publish('room-1', 'tick', 'live');
      else break;
    }
    expect(ticks).toEqual(['b', 'live']);
  });
});
