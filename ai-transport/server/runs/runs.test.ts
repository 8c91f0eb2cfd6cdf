// What the events of a channel make of its runs, and how they are asked for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL, RUNS, type RunsServer, startRunsServer } from './testing/runs-server.ts';

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer();
});
afterAll(() => server.close());

const runOf = async (runId: string) => (await server.get(`${RUNS}/${runId}`)).body.run;

describe('a run', () => {
  it('is what its events have made of it', async () => {
    await server.say('ai-input', 'r1', { transport: { 'input-client-id': 'ann', 'event-id': 'e1' } });
    expect(await runOf('r1')).toMatchObject({
      run_id: 'r1',
      status: 'queued',
      generation: 0,
      input: { client_id: 'ann', event_id: 'e1' },
      queued_at_ms: expect.any(Number),
    });
    await server.say('ai-run-start', 'r1', { transport: { 'run-client-id': 'ann' } });
    expect(await runOf('r1')).toMatchObject({ status: 'running', client_id: 'ann' });
    await server.say('ai-step-start', 'r1', { transport: { 'step-id': 's1' } });
    expect(await runOf('r1')).toMatchObject({ step: 's1' });
    await server.say('ai-output', 'r1');
    await server.say('ai-run-end', 'r1', { transport: { 'run-reason': 'error', 'error-code': 'busy' } });
    const run = await runOf('r1');
    expect(run).toMatchObject({ status: 'error', error: { code: 'busy' } });
    expect(run).not.toHaveProperty('queued_at_ms');
    await server.say('ai-run-start', 'r1');
    expect(await runOf('r1')).toEqual(run);
  });

  it('is known by its old names', async () => {
    const legacy = (event: string, more = {}) =>
      server.post('/events', {
        name: event,
        channels: [CHANNEL],
        data: 'x',
        extras: { ai: { transport: { 'turn-id': 't1', ...more } } },
      });
    await legacy('ai-turn-start');
    expect(await runOf('t1')).toMatchObject({ status: 'running' });
    await legacy('ai-turn-end', { 'turn-reason': 'suspended' });
    expect(await runOf('t1')).toMatchObject({ status: 'suspended' });
  });
});

describe('the list of runs', () => {
  const ids = (body: { runs: { run_id: string }[] }): string[] => body.runs.map(({ run_id }) => run_id);

  it('goes page by page from the newest, with the position that it is of', async () => {
    const channel = 'private-ai-list';
    for (const run of ['a', 'b', 'c', 'd', 'e']) await server.say('ai-input', run, { channel });
    await server.say('ai-run-start', 'c', { channel });
    const first = (await server.get(`/channels/${channel}/runs`, { limit: '2' })).body;
    expect(first).toMatchObject({ channel, has_more: true, position: { serial: 6 } });
    expect(ids(first)).toEqual(['e', 'd']);
    const rest = (await server.get(`/channels/${channel}/runs`, { cursor: first.next_cursor })).body;
    expect(ids(rest)).toEqual(['c', 'b', 'a']);
    expect(rest).toMatchObject({ has_more: false, next_cursor: null });
    const busy = await server.get(`/channels/${channel}/runs`, { status: 'running,suspended' });
    expect(ids(busy.body)).toEqual(['c']);
  });

  it.each([
    ['/runs', { status: 'running,idle' }, 400, 'invalid_input'],
    ['/runs', { limit: '0' }, 400, 'invalid_input'],
    ['/runs', { cursor: 'x' }, 400, 'invalid_input'],
    ['/runs/unknown', {}, 404, 'not_found'],
  ])('refuses %s %j', async (path, query, status, code) => {
    expect(await server.get(`/channels/${CHANNEL}${path}`, query)).toMatchObject({ status, body: { code } });
  });

  it('is of AI channels only', async () => {
    expect(await server.get('/channels/private-x/runs')).toMatchObject({
      status: 422,
      body: { code: 'feature_disabled' },
    });
  });
});

describe('a fence', () => {
  it.each([
    ['no claim', 'r1', 400, 'invalid_input'],
    ['of a run that nobody has claimed', 'fresh:1', 409, 'fenced'],
    ['of another run', 'other:1', 400, 'invalid_input'],
  ])('%s is refused, and nothing is stored', async (_what, fence, status, code) => {
    const before = (await server.get(RUNS)).body.position;
    expect(await server.say('ai-run-start', 'fresh', { fence })).toMatchObject({ status, body: { code } });
    expect(await server.say('ai-output', 'fresh', { fence })).toMatchObject({ status, body: { code } });
    expect((await server.get(RUNS)).body.position).toEqual(before);
  });
});
