// The stages of plug-ins on a whole server, with one that sells tickets: an event `order` takes one of those that its channel has
// left, a message `closed` takes no more changes, and `secret` is nothing that anybody may say.
import { httpError } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/test-server.ts';
import { dataOf, WireClient } from '../../../test/support/wire-client.ts';
import type { RecordChange } from '../ports/channel-records.ts';
import type { RealtimeContext } from '../realtime/context.ts';
import type { Plugin } from './plugin.ts';
import { PluginStages } from './stages.ts';

const CHANNEL = 'private-shop';
const TICKETS = 2;

/** Takes a ticket, and refuses when there is none. */
const takeTicket: RecordChange = {
  kind: 'tickets',
  id: 'sold',
  apply(current) {
    const sold = Number(current?.value ?? 0);
    if (sold >= TICKETS) throw httpError('limit_exceeded', 'sold out');
    return { value: String(sold + 1), state: 'selling' };
  },
};

interface Shop extends Plugin {
  /** Stages that ran, in their order. */
  readonly ran: string[];
}

function shop(): Shop {
  let context: RealtimeContext | null = null;
  const ran: string[] = [];
  const ticketsSold = async (appId: string, channel: string): Promise<number> => {
    const app = context?.settings.apps.find(({ id }) => id === appId);
    const log = app === undefined ? null : context?.logs.of(app);
    const record = await log?.record({ appId, channel }, 'tickets', 'sold');
    return Number(record?.value ?? 0);
  };
  return {
    name: 'shop',
    ran,
    start: (started) => {
      context = started;
      ran.push('start');
    },
    close: async () => void ran.push('close'),
    checkPublish(_app, _channel, { event }) {
      if (event === 'secret') throw httpError('forbidden', 'nobody may say this');
    },
    checkMutation(_app, _channel, { extras }) {
      if (extras?.includes('secret') === true) throw httpError('forbidden', 'nobody may write this');
    },
    checkClientMutation(_connection, _channel, { kind }) {
      if (kind === 'delete') throw httpError('forbidden', 'clients delete nothing');
    },
    beforeCommit(_app, publications) {
      const asked = publications.filter(({ event }) => event === 'reserve');
      if (asked.length === 0) return undefined;
      ran.push(`reserve ${asked.map(({ channel }) => channel).join(' ')}`);
      return Promise.reject(httpError('forbidden', 'nothing can be reserved'));
    },
    recordsOfCreate: ({ event }) => (event === 'order' ? [takeTicket] : []),
    guardVersion(_app, _channel, current) {
      if (current.event === 'closed') throw httpError('invalid_input', 'it is closed');
    },
    recordsOfVersion: (_app, _channel, _current, { event }) => (event === 'order' ? [takeTicket] : []),
    published: ({ event, source }) => void ran.push(`published ${event} by ${source}`),
    versionCreated: (_app, { action }) => void ran.push(`version ${action}`),
    conflictCode: (channel) => (channel === CHANNEL ? 104006 : undefined),
    acknowledges: (event) => event === 'order',
    clientEvents: new Map([
      [
        'order',
        ({ app, socketId }, frame, { publisher }) =>
          publisher.publishAcknowledged({
            app,
            channel: frame.channel ?? '',
            event: 'order',
            data: JSON.stringify(frame.data),
            senderSocketId: socketId,
          }),
      ],
    ]),
    platformRequests: new Map([
      [
        'tickets',
        async (connection) => {
          const data = { sold: await ticketsSold(connection.app.id, CHANNEL) };
          connection.sendText(JSON.stringify({ event: 'sockudo:tickets', data }));
        },
      ],
    ]),
    routes: [
      {
        kind: 'app',
        path: '/apps/:appId/tickets/:channel',
        methods: {
          async GET({ app, request }) {
            const sold = await ticketsSold(app.id, request.params.channel ?? '');
            return { status: 200, contentType: 'application/json', body: JSON.stringify({ sold }) };
          },
        },
      },
    ],
    async channelFacts(app, channel) {
      return channel === CHANNEL ? { tickets: TICKETS - (await ticketsSold(app.id, channel)) } : {};
    },
  };
}

let plugin: Shop;
let server: TestServer;

beforeEach(async () => {
  plugin = shop();
  server = await startTestServer({
    plugins: [plugin],
    config: { history: { enabled: true, backend: 'memory' }, versioned_messages: { enabled: true } },
  });
});

afterEach(async () => {
  await server.close();
  expect(plugin.ran.at(-1)).toBe('close');
  expect(server.complaints).toEqual([]);
});

const publish = async (body: object) => {
  const { status, text } = await server.request('POST', '/events', {
    body: { channel: CHANNEL, data: 'x', ...body },
  });
  return { status, body: JSON.parse(text) };
};

/** Changes a message, and answers the body of the answer. */
const change = async (serial: string, action: string, body: object) => {
  const path = `/channels/${CHANNEL}/messages/${serial}/${action}`;
  return JSON.parse((await server.request('POST', path, { body })).text);
};

const create = async (name: string): Promise<string> =>
  (await publish({ name, info: '' })).body.channels[CHANNEL].message_serial;

const sold = async (): Promise<number> =>
  JSON.parse((await server.request('GET', `/tickets/${CHANNEL}`)).text).sold;

const head = async (): Promise<number> => {
  const { text } = await server.request('GET', `/channels/${CHANNEL}/history`);
  return JSON.parse(text).items.length;
};

describe('a publish over HTTP', () => {
  it('is refused by a check, with everything else of its request', async () => {
    const refused = { error: 'nobody may say this', code: 'forbidden', status: 403 };
    expect(await publish({ name: 'secret' })).toEqual({ status: 403, body: refused });
    const batch = [
      { name: 'fine', channel: CHANNEL, data: 'x' },
      { name: 'secret', channel: CHANNEL, data: 'x' },
    ];
    const answer = await server.request('POST', '/batch_events', { body: { batch } });
    expect(JSON.parse(answer.text)).toEqual(refused);
    expect(await head()).toBe(0);
    expect(plugin.ran).toEqual(['start']);
  });

  it('changes records in its step, and is refused with it', async () => {
    for (const _ of [1, 2]) expect(await publish({ name: 'order' })).toMatchObject({ status: 200 });
    expect(await sold()).toBe(TICKETS);
    expect(await publish({ name: 'order' })).toEqual({
      status: 400,
      body: { error: 'sold out', code: 'limit_exceeded', status: 400 },
    });
    expect(await head()).toBe(TICKETS);
    expect(plugin.ran).toEqual(['start', 'published order by http', 'published order by http']);
  });

  it('takes all or nothing of its records: what fits alone may not fit together', async () => {
    const batch = [1, 2, 3].map(() => ({ name: 'order', channel: CHANNEL, data: 'x' }));
    const { status } = await server.request('POST', '/batch_events', { body: { batch } });
    expect(status).toBe(400);
    expect(await sold()).toBe(0);
    expect(await head()).toBe(0);
  });

  it('is answered with serials where a plug-in says so', async () => {
    expect((await publish({ name: 'other' })).body).toEqual({ ok: true });
    expect((await publish({ name: 'order' })).body).toMatchObject({
      channels: { [CHANNEL]: { delivery_serial: 2 } },
    });
  });
});

describe('what a plug-in waits for before the commit', () => {
  const refused = { error: 'nothing can be reserved', code: 'forbidden', status: 403 };

  it('refuses a whole request, however it comes', async () => {
    const [channel, other] = [CHANNEL, 'private-other'];
    expect((await publish({ name: 'reserve' })).body).toEqual(refused);
    expect((await publish({ name: 'reserve', info: 'subscription_count' })).body).toEqual(refused);
    const batch = [
      { name: 'x', channel, data: 'x' },
      { name: 'reserve', channel: other, data: 'x' },
    ];
    const answer = await server.request('POST', '/batch_events', { body: { batch } });
    expect(JSON.parse(answer.text)).toEqual(refused);
    expect(await head()).toBe(0);
    expect(plugin.ran).toEqual(['start', ...[channel, channel, other].map((name) => `reserve ${name}`)]);
  });

  it('is not asked for what was published before', async () => {
    const headers = { 'x-idempotency-key': 'k' };
    const body = { name: 'x', channels: [CHANNEL], data: 'x' };
    expect((await server.request('POST', '/events', { body, headers })).status).toBe(200);
    const again = { ...body, name: 'reserve' };
    expect((await server.request('POST', '/events', { body: again, headers })).status).toBe(200);
    expect(plugin.ran).toEqual(['start', 'published x by http']);
  });
});

describe('a conflict of ids', () => {
  const conflict = (text: string) => ({ error: text, code: 'invalid_input', ai_code: 104006, status: 400 });
  const ofMessages = 'idempotency key was already used with a different payload';

  it('carries the code that a plug-in gives it', async () => {
    await publish({ name: 'a', message_id: 'm' });
    expect((await publish({ name: 'b', message_id: 'm' })).body).toEqual(conflict(ofMessages));
    const { ai_code: _, ...plain } = conflict(ofMessages);
    const other = { channel: 'private-other', message_id: 'm' };
    await publish({ name: 'a', ...other });
    expect((await publish({ name: 'b', ...other })).body).toEqual(plain);
  });

  it('carries it within one request, and where two requests meet in the log', async () => {
    const of = (name: string) => ({ name, channel: CHANNEL, data: 'x', message_id: 'm' });
    const batch = [of('a'), of('b')];
    const answer = await server.request('POST', '/batch_events', { body: { batch } });
    expect(JSON.parse(answer.text)).toEqual(conflict(ofMessages));
    const both = await Promise.all([publish(of('a')), publish(of('b'))]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    expect(both.find(({ status }) => status === 400)?.body).toEqual(conflict(ofMessages));
  });

  it('carries it for changes, too', async () => {
    const serial = await create('other');
    await change(serial, 'append', { data: '.', op_id: 'o' });
    expect(await change(serial, 'append', { data: '!', op_id: 'o' })).toEqual(
      conflict("op_id 'o' was already used with a different payload"),
    );
  });
});

describe('a mutation', () => {
  it('is refused by a check, before anything is read', async () => {
    const answer = await change('00000000000000000001:n.1:00000000000000000001', 'update', {
      extras: { headers: { a: 'secret' } },
    });
    expect(answer).toEqual({ error: 'nobody may write this', code: 'forbidden', status: 403 });
  });

  it('is refused by a guard, which sees what the message is', async () => {
    const serial = await create('closed');
    expect(await change(serial, 'append', { data: '.' })).toMatchObject({ error: 'it is closed' });
    expect(plugin.ran).toEqual(['start', 'published closed by http']);
  });

  it('changes records in its step, and is refused with it', async () => {
    const serial = await create('order');
    expect(await change(serial, 'append', { data: '.' })).toMatchObject({ status: 'applied' });
    expect(await change(serial, 'append', { data: '.' })).toMatchObject({ error: 'sold out' });
    expect(await change(serial, 'delete', {})).toMatchObject({ error: 'sold out' });
    expect(await sold()).toBe(TICKETS);
    expect(plugin.ran).toEqual(['start', 'published order by http', 'version append']);
  });
});

describe('a client', () => {
  let client: WireClient;

  beforeEach(async () => {
    client = await WireClient.connect(server, { protocol: 2 });
    await client.subscribe(CHANNEL);
  });

  afterEach(() => client.close());

  it('may send the events of a plug-in, and is told why not', async () => {
    for (const _ of [1, 2]) {
      client.send({ event: 'order', channel: CHANNEL, data: 'me' });
      expect(await client.next('order')).toMatchObject({ data: 'me' });
    }
    client.send({ event: 'order', channel: CHANNEL, data: 'me' });
    expect(dataOf(await client.next('error'))).toEqual({ code: 4000, message: 'sold out' });
    expect(plugin.ran).toContain('published order by client');
  });

  it('may have them acknowledged, under the rules of publishing', async () => {
    const order = { request_id: 'q', channel: CHANNEL, name: 'order', data: 'x' };
    client.request('publish', order);
    expect(dataOf(await client.next('error'))).toMatchObject({ request_id: 'q', reason: 'auth_failed' });
    await client.signIn('ann', { capabilities: { publish: ['private-*'] } });
    client.request('publish', order);
    const ack = dataOf(await client.next('publish_ack'));
    expect(ack).toMatchObject({ request_id: 'q', delivery_serial: 1, status: 'applied' });
  });

  it('is refused a change of its own by a check for clients', async () => {
    const capabilities = { publish: ['*'], message_delete_any: ['*'], message_append_any: ['*'] };
    await client.signIn('ann', { capabilities });
    const request = { request_id: 'q', channel: CHANNEL, message_serial: await create('other') };
    client.request('mutate', { ...request, action: 'delete' });
    expect(dataOf(await client.next('error'))).toMatchObject({ message: 'clients delete nothing' });
    client.request('mutate', { ...request, action: 'append', data: '.' });
    expect(dataOf(await client.next('mutate_ack'))).toMatchObject({ status: 'applied' });
  });

  it('may ask what a plug-in answers, with any prefix of the platform', async () => {
    client.request('tickets', {});
    expect(await client.next('tickets')).toMatchObject({ data: { sold: 0 } });
    client.send({ event: 'pusher:tickets', data: {} });
    expect(await client.next('tickets')).toMatchObject({ data: { sold: 0 } });
  });
});

describe('a backend', () => {
  it('asks the routes of a plug-in, signed', async () => {
    expect(await sold()).toBe(0);
    const { host, port, app } = server;
    const unsigned = await fetch(`http://${host}:${port}/apps/${app.id}/tickets/${CHANNEL}`);
    expect(unsigned.status).toBe(400);
    await unsigned.text();
  });

  it('is told of a channel what a plug-in knows', async () => {
    await publish({ name: 'order' });
    const facts = async (channel: string) =>
      JSON.parse((await server.request('GET', `/channels/${channel}`)).text);
    expect(await facts(CHANNEL)).toEqual({ occupied: false, tickets: 1 });
    expect(await facts('private-other')).toEqual({ occupied: false });
  });
});

describe('several plug-ins', () => {
  const handler = () => {};
  const events = (name: string): Plugin => ({ name, clientEvents: new Map([['e', handler]]) });
  const rolling = (name: string): Plugin => ({
    name,
    rollup: { covers: () => true, defaultWindowMs: 40, maxMessages: 1 },
  });

  it('run in their order', () => {
    const ran: string[] = [];
    const saying = (name: string): Plugin => ({ name, checkPublish: () => void ran.push(name) });
    const stages = new PluginStages([saying('one'), { name: 'two' }, saying('three')]);
    // CAST: neither plug-in looks at the app.
    stages.checkPublish({} as never, CHANNEL, { event: 'e', data: '1' });
    expect(ran).toEqual(['one', 'three']);
  });

  it('cannot both have what only one can', () => {
    expect(() => new PluginStages([events('a'), events('b')])).toThrow("two plug-ins want to answer 'e'");
    expect(() => new PluginStages([rolling('a'), rolling('b')])).toThrow(
      'two plug-ins want to roll up appends',
    );
  });
});
