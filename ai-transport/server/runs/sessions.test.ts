// Runs as clients see them on a socket: the session in one frame, what becomes of its runs, and who may stop them.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WireClient, type WireFrame } from '../../../test/support/wire-client.ts';
import { type RunsServer, startRunsServer } from './testing/runs-server.ts';

let server: RunsServer;
const clients: WireClient[] = [];
beforeAll(async () => {
  server = await startRunsServer();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.webSocket.close();
});
afterAll(() => server.close());

let channels = 0;
const freshChannel = (): string => `private-ai-c${channels++}-`;

async function connect(channel: string, user?: string, more: Record<string, unknown> = {}) {
  const client = await WireClient.connect(server, { protocol: 2 });
  clients.push(client);
  if (user !== undefined) await client.signIn(user, more);
  await client.subscribe(channel);
  return client;
}

interface Session {
  readonly position: { readonly serial: number };
  readonly runs: readonly { readonly run_id: string; readonly status: string }[];
  readonly items: readonly { readonly serial: number; readonly message: { readonly data: string } }[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

async function sessionOf(client: WireClient, channel: string, limit = 10): Promise<Session> {
  client.request('ai_session', { channel, limit });
  // CAST: the data of the answer.
  return (await client.next('ai_session', channel)).data as Session;
}

/** The run in the next frame about one. */
async function nextRun(client: WireClient): Promise<Record<string, unknown>> {
  const { data } = await client.next('ai_run');
  return (data as { run: Record<string, unknown> }).run;
}

const cancel = (client: WireClient, channel: string, run: string): void =>
  client.send({
    event: 'ai-cancel',
    channel,
    data: {},
    extras: { ai: { transport: { 'run-id': run } } },
  });

const runOf = async (channel: string, run: string) =>
  (await server.get(`/channels/${channel}/runs/${run}`)).body.run;

const endsOf = (frames: readonly WireFrame[]): number =>
  frames.filter(({ event }) => event === 'ai-run-end').length;

describe('a session', () => {
  it('is shown in one frame: position, runs, the newest messages', async () => {
    const channel = freshChannel();
    for (const run of ['a', 'b']) await server.say('ai-input', run, { channel, data: run });
    await server.say('ai-run-start', 'a', { channel });
    await server.say('ai-run-end', 'a', { channel, transport: { 'run-reason': 'complete' } });
    await server.say('ai-run-start', 'b', { channel });
    const client = await connect(channel);
    const session = await sessionOf(client, channel, 2);
    expect(session).toMatchObject({ channel, position: { serial: 5 }, has_more: true });
    expect(session.runs).toMatchObject([
      { run_id: 'b', status: 'running' },
      { run_id: 'a', status: 'complete' },
    ]);
    expect(session.items.map(({ serial }) => serial)).toEqual([5, 4]);
    client.request('channel_history', { channel, limit: 10, cursor: session.next_cursor });
    const rest = (await client.next('channel_history')).data as Session;
    expect(rest.items.map(({ serial }) => serial)).toEqual([3, 2, 1]);
  });

  it('tells of every change of a run from then on, and only those who asked', async () => {
    const channel = freshChannel();
    const [asking, other] = [await connect(channel), await connect(channel)];
    await sessionOf(asking, channel);
    await server.say('ai-input', 'a', { channel });
    expect(await nextRun(asking)).toMatchObject({ run_id: 'a', status: 'queued' });
    const { body } = await server.post('/runs/claim', { channel_prefix: channel, worker_id: 'w' });
    expect(await nextRun(asking)).toMatchObject({ status: 'running', lease: { worker_id: 'w' } });
    const { fence } = body.claims[0];
    await server.post(`/channels/${channel}/runs/a/heartbeat`, { fence });
    await server.say('ai-run-end', 'a', { channel, fence, transport: { 'run-reason': 'complete' } });
    expect(await nextRun(asking)).toMatchObject({ status: 'complete' });
    await other.settled();
    expect(other.frames.all.filter(({ event }) => event === 'sockudo:ai_run')).toEqual([]);
    expect(other.frames.all.map(({ event }) => event)).toContain('ai-run-end');
  });

  it('comes before everything that happens while it is read', async () => {
    const channel = freshChannel();
    const client = await connect(channel);
    client.request('ai_session', { channel });
    const publishes = Array.from({ length: 20 }, (_, index) =>
      server.say('ai-input', `r${index}`, { channel }),
    );
    const { position, items } = (await client.next('ai_session')).data as Session;
    await Promise.all(publishes);
    await client.settled();
    const live = client.frames.all
      .filter(({ event }) => event === 'ai-input')
      .map(({ serial = 0 }) => serial);
    const known = new Set([...items.map(({ serial }) => serial), ...live]);
    expect([...known].sort((one, two) => one - two)).toEqual(publishes.map((_, index) => index + 1));
    const after = client.frames.all.map(({ event }) => event);
    const events = after.slice(after.indexOf('sockudo:ai_session'));
    expect(events.filter((event) => event === 'ai-input')).toHaveLength(
      live.filter((at) => at > position.serial).length,
    );
  });

  it.each([
    ['of a channel without subscription', { channel: 'private-ai-else' }, { code: 4301 }],
    ['without a channel', {}, { code: 4000 }],
    ['with a limit that is none', { channel: 'OWN', limit: 'x' }, { code: 4000 }],
    ['with no limit at all', { channel: 'OWN', limit: 0 }, { code: 4000 }],
  ])('%s is refused', async (_what, data, error) => {
    const channel = freshChannel();
    const client = await connect(channel);
    client.request('ai_session', {
      ...data,
      ...('channel' in data && data.channel === 'OWN' && { channel }),
    });
    expect((await client.next('error')).data).toMatchObject(error);
  });
});

describe('a cancel', () => {
  /** A worker asks, so that the server knows of one. */
  const askForRuns = async (channel: string) => {
    const { body } = await server.post('/runs/claim', { channel_prefix: channel, worker_id: 'w' });
    expect(body.claims).toEqual([]);
  };

  it('of a run that waits ends it, and the server says so', async () => {
    const channel = freshChannel();
    await askForRuns(channel);
    const client = await connect(channel, 'ann');
    await sessionOf(client, channel);
    await server.say('ai-input', 'a', { channel });
    expect(await nextRun(client)).toMatchObject({ status: 'queued' });
    cancel(client, channel, 'a');
    expect(await nextRun(client)).toMatchObject({ status: 'cancelled', cancel_requested: true });
    const end = await client.next('ai-run-end', channel);
    expect(end).toMatchObject({ serial: 3, extras: { ai: { transport: { 'run-reason': 'cancelled' } } } });
    const claims = await server.post('/runs/claim', { channel_prefix: channel, worker_id: 'w' });
    expect(claims.body.claims).toEqual([]);
  });

  it('of a run at work asks its worker, who ends it', async () => {
    const channel = freshChannel();
    const client = await connect(channel, 'ann');
    await server.say('ai-input', 'a', { channel });
    const { body } = await server.post('/runs/claim', { channel_prefix: channel, worker_id: 'w' });
    cancel(client, channel, 'a');
    await client.settled();
    expect(await runOf(channel, 'a')).toMatchObject({ status: 'running', cancel_requested: true });
    const end = { channel, fence: body.claims[0].fence, transport: { 'run-reason': 'cancelled' } };
    await server.say('ai-run-end', 'a', end);
    expect(await runOf(channel, 'a')).toMatchObject({ status: 'cancelled' });
    await client.settled();
    expect(endsOf(client.frames.all)).toBe(1);
  });

  it('of a run that no worker would claim is left to its agent to tell', async () => {
    const channel = freshChannel();
    const client = await connect(channel, 'ann');
    await server.say('ai-input', 'a', { channel });
    cancel(client, channel, 'a');
    await client.settled();
    expect(await runOf(channel, 'a')).toMatchObject({ status: 'cancelled' });
    await server.say('ai-run-end', 'a', { channel, transport: { 'run-reason': 'cancelled' } });
    await client.settled();
    expect(endsOf(client.frames.all)).toBe(1);
  });

  it('of a suspended run, twice, and after the end, ends it once', async () => {
    const channel = freshChannel();
    await askForRuns(channel);
    const client = await connect(channel, 'ann');
    await server.say('ai-run-start', 'a', { channel, transport: { 'run-client-id': 'ann' } });
    await server.say('ai-run-suspend', 'a', { channel });
    cancel(client, channel, 'a');
    cancel(client, channel, 'a');
    await client.next('ai-run-end', channel);
    const run = await runOf(channel, 'a');
    expect(run).toMatchObject({ status: 'cancelled' });
    cancel(client, channel, 'a');
    await client.settled();
    expect(await runOf(channel, 'a')).toEqual(run);
    expect(endsOf(client.frames.all)).toBe(1);
  });

  it('by a stranger is refused, also of a run that has ended, and changes nothing', async () => {
    const channel = freshChannel();
    const stranger = await connect(channel, 'eve');
    await server.say('ai-run-start', 'a', { channel, transport: { 'run-client-id': 'ann' } });
    const before = await runOf(channel, 'a');
    const refused = {
      code: 4009,
      message: "Authentication error: Connection is not allowed to control run 'a'",
      ai_code: 104003,
    };
    cancel(stranger, channel, 'a');
    expect((await stranger.next('error')).data).toEqual(refused);
    stranger.send({
      event: 'ai-input',
      channel,
      data: 'steer',
      extras: { ai: { transport: { 'run-id': 'a', 'run-continue': 'true' } } },
    });
    expect((await stranger.next('error')).data).toEqual(refused);
    expect(await runOf(channel, 'a')).toEqual(before);
    await server.say('ai-run-end', 'a', { channel, transport: { 'run-reason': 'complete' } });
    cancel(stranger, channel, 'a');
    expect((await stranger.next('error')).data).toEqual(refused);
  });

  it("is for the owner, for members of the session, and of nobody's run for everybody", async () => {
    const channel = freshChannel();
    const owner = await connect(channel, 'ann');
    const member = await connect(channel, 'bob', { capabilities: { subscribe: ['*'], publish: [channel] } });
    const stranger = await connect(channel, 'eve');
    for (const run of ['a', 'b']) {
      await server.say('ai-run-start', run, { channel, transport: { 'run-client-id': 'ann' } });
    }
    await server.say('ai-run-start', 'c', { channel, transport: { 'run-client-id': '' } });
    cancel(owner, channel, 'a');
    cancel(member, channel, 'b');
    cancel(stranger, channel, 'c');
    await Promise.all([owner.settled(), member.settled(), stranger.settled()]);
    for (const run of ['a', 'b', 'c'])
      expect(await runOf(channel, run)).toMatchObject({ cancel_requested: true });
  });
});

describe('the order of the queue', () => {
  it('is changed by those who may control the run', async () => {
    const channel = freshChannel();
    for (const run of ['a', 'b']) {
      await server.say('ai-input', run, { channel, transport: { 'run-client-id': 'ann' } });
    }
    const [owner, stranger] = [await connect(channel, 'ann'), await connect(channel, 'eve')];
    stranger.request('ai_runs_move', { channel, run_id: 'b', before: 'a' });
    expect((await stranger.next('error')).data).toMatchObject({ code: 4009, ai_code: 104003 });
    owner.request('ai_runs_move', { channel, run_id: 'b', before: 'a' });
    expect((await owner.next('ai_runs_move')).data).toMatchObject({ channel, run: { run_id: 'b' } });
    const { body } = await server.post('/runs/claim', { channel_prefix: channel, worker_id: 'w' });
    expect(body.claims).toMatchObject([{ run: { run_id: 'b' } }]);
    owner.request('ai_runs_move', { channel, run_id: 'b', before: null });
    expect((await owner.next('error')).data).toMatchObject({ code: 4000 });
  });

  it('comes back with the id that the client gave its request, refused or not', async () => {
    const channel = freshChannel();
    for (const run of ['a', 'b']) {
      await server.say('ai-input', run, { channel, transport: { 'run-client-id': 'ann' } });
    }
    const client = await connect(channel, 'ann');
    client.request('ai_runs_move', { channel, run_id: 'none', before: 'a', request_id: 'r1' });
    expect((await client.next('error')).data).toMatchObject({ request_id: 'r1', retryable: false });
    client.request('ai_runs_move', { channel, run_id: 'b', before: 'a', request_id: 'r2' });
    expect((await client.next('ai_runs_move')).data).toMatchObject({ request_id: 'r2', channel });
    client.request('ai_session', { channel, request_id: 'r3' });
    expect((await client.next('ai_session')).data).toMatchObject({ request_id: 'r3', channel });
    client.request('ai_session', { channel: 'private-elsewhere', request_id: 'r4' });
    expect((await client.next('error')).data).toMatchObject({ request_id: 'r4', code: 4301 });
    // Without an id that can be used, a refusal is an ordinary error.
    client.request('ai_session', { channel, limit: 'x', request_id: 5 });
    expect((await client.next('error')).data).not.toHaveProperty('request_id');
  });
});
