// Counters of use over HTTP: each use once, whatever is repeated and whoever counts at the same time.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from '../runs/testing/runs-server.ts';

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer();
});
afterAll(() => server.close());

let channels = 0;
const freshChannel = (): string => `private-ai-usage-${++channels}`;

const use = (channel: string, more: object = {}) => ({
  channel,
  run_id: 'r1',
  usage_id: 'u1',
  input_tokens: 10,
  output_tokens: 5,
  cost_micros: 700,
  ...more,
});

const COUNTED = { calls: 1, input_tokens: 10, output_tokens: 5, cached_input_tokens: 0, cost_micros: 700 };

describe('a use', () => {
  it('counts for its run, its session and its user, in every period', async () => {
    const channel = freshChannel();
    const client_id = `ann-${channel}`;
    const { status, body } = await server.post('/usage', use(channel, { client_id }));
    expect(status).toBe(200);
    const periods = { total: COUNTED, month: COUNTED, day: COUNTED };
    expect(body).toMatchObject({ status: 'applied', run: COUNTED, session: periods, user: periods });
    await server.post('/usage', use(channel, { run_id: 'r2', usage_id: 'u2' }));
    const read = (await server.get('/usage', { channel, run_id: 'r1', client_id })).body;
    expect(read).toMatchObject({ run: { calls: 1 }, session: { day: { calls: 2, output_tokens: 10 } } });
    expect(read.user.total).toMatchObject(COUNTED);
  });

  it('counts once, however often it is reported', async () => {
    const channel = freshChannel();
    const all = await Promise.all(Array.from({ length: 5 }, () => server.post('/usage', use(channel))));
    const statuses = all.map(({ body }) => body.status);
    expect(statuses.toSorted()).toEqual(['applied', ...Array(4).fill('duplicate')]);
    expect((await server.get('/usage', { channel })).body.session.total).toMatchObject(COUNTED);
  });

  it('is lost among no others that come at once', async () => {
    const channel = freshChannel();
    const reports = Array.from({ length: 40 }, (_, n) =>
      server.post('/usage', use(channel, { usage_id: `u${n}`, run_id: `r${n % 4}` })),
    );
    await Promise.all(reports);
    const { session, run } = (await server.get('/usage', { channel, run_id: 'r0' })).body;
    expect([session.total.calls, session.total.output_tokens, run.calls]).toEqual([40, 200, 10]);
  });

  it('has ids of any length that ids may have', async () => {
    const channel = freshChannel();
    const run_id = 'é'.repeat(1000);
    const client_id = '/%'.repeat(100);
    await server.post('/usage', use(channel, { run_id, client_id }));
    const { run, user } = (await server.get('/usage', { channel, run_id, client_id })).body;
    expect([run.calls, user.total.calls]).toEqual([1, 1]);
    expect((await server.get('/usage', { channel, run_id: `${run_id.slice(0, -1)}e` })).body.run.calls).toBe(
      0,
    );
  });
});

describe('a report that cannot be read', () => {
  it.each([
    [{ usage_id: undefined }, 422],
    [{ input_tokens: -1 }, 400],
    [{ output_tokens: 1.5 }, 422],
    [{ output_tokens: 'many' }, 422],
    [{ usage_id: 'x'.repeat(65) }, 400],
    [{ client_id: '' }, 400],
    [{ channel: 'orders' }, 422],
  ])('%j is refused and counts nothing', async (more, status) => {
    const channel = freshChannel();
    const answer = await server.post('/usage', use(channel, more));
    expect([answer.status, typeof answer.body.error]).toEqual([status, 'string']);
    expect((await server.get('/usage', { channel })).body.session.total.calls).toBe(0);
  });

  it.each([[{}], [{ run_id: 'r1' }], [{ channel: '' }]])('%j is no question', async (query) => {
    expect((await server.get('/usage', query)).status).toBe(400);
  });
});
