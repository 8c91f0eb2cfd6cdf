// Clients that say they are somebody else, hold what only a worker has, stop what is not theirs, or ask too often; and what the log
// of the server says of people's words and secrets.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from '../../ai-transport/server/runs/testing/runs-server.ts';
import { loadSettings } from '../../core/server/config/index.ts';
import { startServer } from '../../core/server/index.ts';
import { signToken } from '../support/ai-hostile.ts';
import { TEST_APP } from '../support/credentials.ts';
import { signedRequest, testConfig } from '../support/test-server.ts';
import { expectServing, WireClient, type WireFrame } from '../support/wire-client.ts';

const AI = {
  history: { enabled: true },
  versioned_messages: { enabled: true },
  ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] },
};

const NOT_ITS_OWN = { code: 4000, reason: 'mutable_not_permitted' };

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer();
});
afterEach(() => expectServing(server));
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

const WRITER = ['subscribe', 'publish', 'history', 'message-append-own'];

/** Connected with a token that lets its bearer write. */
async function enterAsWriter(channel: string, user: string): Promise<WireClient> {
  const token = signToken({ user, capability: { 'private-ai-*': WRITER } });
  const client = await WireClient.connect(server, { protocol: 2, query: { token } });
  await client.subscribe(channel);
  return client;
}

async function enter(channel: string, user: string, at: RunsServer = server): Promise<WireClient> {
  const client = await WireClient.connect(at, { protocol: 2 });
  await client.signIn(user);
  await client.subscribe(channel);
  return client;
}

const say = (client: WireClient, event: string, channel: string, transport: object, more = {}) =>
  client.send({ event, channel, data: 'x', extras: { ai: { transport }, ...more } });

const errorsOf = (client: WireClient): readonly unknown[] =>
  client.received('sockudo:error').map(({ data }) => data);

/** The answer to a request with an id. */
async function asked(client: WireClient, name: string, data: object): Promise<WireFrame> {
  client.request(name, { request_id: 'q', ...data });
  return client.frames.next(
    (frame) => frame.event === 'sockudo:error' || frame.event === `sockudo:${name}_ack`,
  );
}

describe('a client', () => {
  const channel = 'private-ai-forged';

  it.each([
    ['another author', { 'run-id': 'r', 'input-client-id': 'ann' }, {}, 104002],
    ['another owner', { 'run-id': 'r', 'run-client-id': 'ann' }, {}, 104002],
    ['a key that is none', JSON.parse('{"__proto__":"x"}'), {}, 104000],
    ['a key that objects have', { constructor: 'x' }, {}, 104000],
    ['a header of the server', { 'run-id': 'r' }, { headers: { sockudo_action: 'x' } }, 104000],
  ])('that says %s is refused', async (_, transport, more, code) => {
    const client = await enter(channel, 'eve');
    say(client, 'ai-input', channel, transport, more);
    expect(await client.next('error')).toMatchObject({ data: { code: 4000, ai_code: code } });
    expect((await server.get(`/channels/${channel}/runs`)).body.runs).toEqual([]);
    await client.close();
  });

  it('says nothing that is an agent’s, whichever way it asks', async () => {
    const client = await enter(channel, 'eve');
    say(client, 'ai-run-start', channel, { 'run-id': 'r' });
    expect(await client.next('error')).toMatchObject({ data: { code: 4000, ai_code: 104003 } });
    await client.close();
  });

  it('holds no claim, whatever fence it sends', async () => {
    const at = 'private-ai-fence';
    await server.say('ai-input', 'r', { channel: at });
    await server.post('/runs/claim', { channel_prefix: at, worker_id: 'w' });
    const client = await enterAsWriter(at, 'eve');
    const extras = { ai: { transport: { 'run-id': 'r' } } };
    const ack = await asked(client, 'publish', {
      channel: at,
      name: 'ai-input',
      data: 'x',
      extras,
      fence: 'r:7',
    });
    expect(ack).toMatchObject({ event: 'sockudo:publish_ack' });
    const note = { name: 'client-note', channel: at, data: 'x' };
    client.request('publish', { request_id: 'note', ...note, fence: 'r:7' });
    const noted = await client.frames.next(({ data }) => JSON.stringify(data ?? null).includes('"note"'));
    const { message_serial } = noted.data as { message_serial: string };
    const change = { channel: at, message_serial, action: 'append', data: '!', fence: 'r:7' };
    expect((await asked(client, 'mutate', change)).event).toBe('sockudo:mutate_ack');
    const { run } = (await server.get(`/channels/${at}/runs/r`)).body;
    expect(run).toMatchObject({ status: 'running', generation: 1, lease: { worker_id: 'w' } });
    await client.close();
  });

  it('changes no message of somebody else, with or without a fence', async () => {
    const at = 'private-ai-mutate';
    const published = await server.say('ai-output', 'r', { channel: at });
    const message = published.body.channels[at].message_serial;
    const client = await enterAsWriter(at, 'eve');
    const change = { channel: at, message_serial: message, action: 'append', data: '!' };
    const refusal = await asked(client, 'mutate', change);
    expect(refusal).toMatchObject({ event: 'sockudo:error', data: NOT_ITS_OWN });
    client.request('mutate', { request_id: 'fenced', ...change, fence: 'r:1' });
    const again = await client.frames.next(({ data }) => JSON.stringify(data).includes('"fenced"'));
    expect(again).toMatchObject({ event: 'sockudo:error', data: NOT_ITS_OWN });
    await client.close();
  });
});

describe('stopping a run', () => {
  const channel = 'private-ai-stop';
  const start = () =>
    server.say('ai-run-start', 'r', { channel, transport: { 'run-client-id': 'ann', 'run-id': 'r' } });
  const isStopped = async () => (await server.get(`/channels/${channel}/runs/r`)).body.run.cancel_requested;

  it('is for its owner, not for strangers, nobodies and protocol 1', async () => {
    await start();
    const eve = await enter(channel, 'eve');
    say(eve, 'ai-cancel', channel, { 'run-id': 'r' });
    expect(await eve.next('error')).toMatchObject({ data: { code: 4009, ai_code: 104003 } });

    const nobody = await WireClient.connect(server, { protocol: 2 });
    await nobody.subscribe(channel);
    say(nobody, 'ai-cancel', channel, { 'run-id': 'r' });
    expect(await nobody.next('error')).toMatchObject({ data: { code: 4009 } });

    const old = await WireClient.connect(server);
    await old.subscribe(channel);
    say(old, 'ai-cancel', channel, { 'run-id': 'r' });
    expect(await old.next('error')).toMatchObject({ data: { code: 4000, ai_code: 104003 } });
    expect(await isStopped()).toBe(false);

    const ann = await enter(channel, 'ann');
    say(ann, 'ai-cancel', channel, { 'run-id': 'r' });
    await ann.next('ai-cancel');
    expect(await isStopped()).toBe(true);
    for (const client of [eve, nobody, old, ann]) await client.close();
  });

  it('needs publish, where a token says what its bearer may do', async () => {
    await start();
    const token = signToken({ user: 'reader', capability: { [channel]: ['subscribe', 'history'] } });
    const reader = await WireClient.connect(server, { protocol: 2, query: { token } });
    await reader.subscribe(channel);
    say(reader, 'ai-cancel', channel, { 'run-id': 'r' });
    expect(await reader.next('error')).toMatchObject({ data: { code: 4009 } });
    await reader.close();
  });

  it.each(['none', 'HS512'])('with a token of algorithm %s does not begin', async (alg) => {
    const token = signToken({ user: 'ann', capability: { 'private-ai-*': WRITER }, alg });
    const client = new WireClient(server, { protocol: 2, query: { token } });
    expect((await client.closed).code).toBe(4009);
    expect(client.received('sockudo:connection_established')).toEqual([]);
  });
});

describe('a flood', () => {
  it('of AI events and moves is held to the limit on client events', async () => {
    const limited = await startRunsServer({ app: { max_client_events_per_second: 2 } });
    const channel = 'private-ai-flood';
    const client = await enter(channel, 'eve', limited);
    for (let index = 0; index < 50; index += 1) say(client, 'ai-input', channel, { 'run-id': `r${index}` });
    for (let index = 0; index < 50; index += 1)
      client.request('ai_runs_move', { channel, run_id: 'r0', before: null });
    await client.settled();
    const refusal = { code: 4301, message: 'Client event rejected due to rate limit' };
    expect(errorsOf(client)).toContainEqual(refusal);
    expect((await limited.get(`/channels/${channel}/runs`)).body.runs.length).toBeLessThan(50);
    await client.close();
    expect(limited.complaints).toEqual([]);
    await limited.close();
  });

  it('of sessions is answered, each bounded, however many runs wait', async () => {
    const channel = 'private-ai-many';
    for (let index = 0; index < 150; index += 1) await server.say('ai-input', `r${index}`, { channel });
    const client = await enter(channel, 'eve');
    for (let index = 0; index < 100; index += 1) client.request('ai_session', { channel, limit: 1 });
    await client.settled();
    const sessions = client.received('sockudo:ai_session');
    expect(sessions).toHaveLength(100);
    for (const { data } of sessions)
      expect(data).toMatchObject({ items: [{}], has_more: true, runs: { length: 100 } });
    await client.close();
  });
});

describe('the log of a server', () => {
  it('holds no words, tokens and secrets at its most talkative', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-ai-log-'));
    const flags = { 'database.sqlite.path': join(folder, 'sockudo.db') };
    const loaded = loadSettings({ config: testConfig({ config: AI }), env: {}, flags, cwd: folder });
    if (!loaded.ok) throw new Error('the settings are wrong');
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString('utf8'));
        done();
      },
    });
    const logger = pino({ level: 'trace' }, sink);
    logger.trace('the log is heard');
    const talkative = await startServer(loaded.settings, { logger });
    const { host, port } = talkative.address;
    const channel = 'private-ai-words';
    const token = signToken({ user: 'ann', capability: { 'private-ai-*': WRITER } });
    const client = await WireClient.connect({ host, port }, { protocol: 2, query: { token } });
    await client.subscribe(channel);
    say(client, 'ai-input', channel, { 'run-id': 'r' });
    client.send({
      event: 'ai-input',
      channel,
      data: 'WORDS',
      extras: { ai: { transport: { 'run-id': 'q' } } },
    });
    client.send({
      event: 'ai-input',
      channel,
      data: 'WORDS',
      extras: { ai: { transport: { WORDS: 'WORDS' } } },
    });
    client.send('{"event":"ai-input","data":"WORDS');
    await client.settled();
    const post = (path: string, body: unknown) =>
      signedRequest(`http://${host}:${port}`, TEST_APP, 'POST', path, { body });
    await post('/runs/claim', { channel_prefix: channel, worker_id: 'w', WORDS: 'WORDS' });
    await post('/events', { name: 'ai-output', channel, data: 'WORDS', fence: 'r:9' });
    await post('/events', '{"name":"ai-output","data":"WORDS');
    await client.close();
    await talkative.close();
    await rm(folder, { recursive: true, force: true });
    const text = lines.join('');
    expect(text).toContain('the log is heard');
    for (const secret of ['WORDS', token, token.split('.')[2] ?? token, TEST_APP.secret])
      expect(text).not.toContain(secret);
  });
});
