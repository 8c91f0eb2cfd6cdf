// Workers over HTTP: who gets a run, what a lost lease does, what a claim that is not held any more may not do.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from './testing/runs-server.ts';

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer();
});
afterAll(() => server.close());

let channels = 0;
/** A channel of its own for each test. */
const freshChannel = (): string => `private-ai-w${channels++}-`;
const pathOf = (channel: string, run: string): string =>
  `/channels/${encodeURIComponent(channel)}/runs/${run}`;
const runOf = async (channel: string, run: string) => (await server.get(pathOf(channel, run))).body.run;

function claim(prefix: string, more: Record<string, unknown> = {}) {
  return server.post('/runs/claim', { channel_prefix: prefix, worker_id: 'w', ...more });
}

interface Claim {
  readonly channel: string;
  readonly fence: string;
  readonly run: { readonly run_id: string };
}

async function claimsOf(prefix: string, more: Record<string, unknown> = {}): Promise<readonly Claim[]> {
  const { status, body } = await claim(prefix, more);
  expect(status).toBe(200);
  return body.claims;
}

async function claimedBy(prefix: string, more: Record<string, unknown> = {}): Promise<Claim> {
  const [first] = await claimsOf(prefix, more);
  if (first === undefined) throw new Error('no run was to be had');
  return first;
}

/** Waits for nothing but the server's own answer to a long poll. */
const lost = (prefix: string) => claimedBy(prefix, { worker_id: 'second', wait_ms: 20_000 });

describe('claims', () => {
  it('give each run to one of many workers', async () => {
    const prefix = freshChannel();
    const runs = Array.from({ length: 20 }, (_, index) => `r${index}`);
    for (const run of runs) await server.say('ai-input', run, { channel: prefix + run });
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, worker) => claimsOf(prefix, { worker_id: `w${worker}`, limit: 2 })),
    );
    expect(
      taken
        .flat()
        .map(({ run }) => run.run_id)
        .sort(),
    ).toEqual([...runs].sort());
  });

  it('come oldest first, and no more of a channel than may run at once', async () => {
    const channel = freshChannel();
    for (const run of ['a', 'b', 'c']) await server.say('ai-input', run, { channel });
    const [first, ...others] = await claimsOf(channel, { limit: 16 });
    expect(first).toMatchObject({
      channel,
      fence: 'a:1',
      run: { status: 'running', generation: 1, attempt: 1, lease: { worker_id: 'w' } },
    });
    expect(others).toEqual([]);
    expect(await claimsOf(channel, { per_channel: 2 })).toMatchObject([{ fence: 'b:1' }]);
    await server.say('ai-run-end', 'a', { channel, fence: 'a:1', transport: { 'run-reason': 'complete' } });
    expect(await claimsOf(channel, { per_channel: 2 })).toMatchObject([{ fence: 'c:1' }]);
  });

  it('wait for a run, and for a place in a channel', async () => {
    const channel = freshChannel();
    const first = claimedBy(channel, { wait_ms: 20_000 });
    await server.say('ai-input', 'a', { channel });
    expect(await first).toMatchObject({ fence: 'a:1' });
    await server.say('ai-input', 'b', { channel });
    const second = claimedBy(channel, { wait_ms: 20_000 });
    await server.say('ai-run-suspend', 'a', { channel, fence: 'a:1' });
    expect(await second).toMatchObject({ fence: 'b:1' });
  });

  it('end with none when there is nothing to do', async () => {
    expect(await claimsOf(freshChannel(), { wait_ms: 1 })).toEqual([]);
  });

  it('of one run make it where the channel has none', async () => {
    const channel = freshChannel();
    const own = await server.post(`${pathOf(channel, 'mine')}/claim`, { worker_id: 'w' });
    expect(own).toMatchObject({
      status: 200,
      body: { channel, fence: 'mine:1', run: { status: 'running' } },
    });
    expect(await server.post(`${pathOf(channel, 'mine')}/claim`, { worker_id: 'other' })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    const start = await server.say('ai-run-start', 'mine', { channel, fence: 'mine:1' });
    expect(start.status).toBe(200);
    expect(await runOf(channel, 'mine')).toMatchObject({ started_serial: 1, lease: { worker_id: 'w' } });
  });

  it.each([
    [{}, 422],
    [{ channel_prefix: 'private-ai-', worker_id: 7 }, 422],
    [{ channel_prefix: 'private-ai-', worker_id: '' }, 400],
    [{ channel_prefix: 'private-ai-', worker_id: 'ä'.repeat(65) }, 400],
    [{ channel_prefix: 'private-ai-', worker_id: 'w', limit: 17 }, 400],
    [{ channel_prefix: 'private-ai-', worker_id: 'w', lease_ms: 999 }, 400],
    [{ channel_prefix: 'private-ai-', worker_id: 'w', wait_ms: 20_001 }, 400],
    [[], 422],
  ])('refuse %j with %d', async (body, status) => {
    expect(await server.post('/runs/claim', body)).toMatchObject({ status, body: { code: 'invalid_input' } });
  });
});

describe('a lease', () => {
  it('is made longer by a heartbeat, whose answer shows a cancel', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel });
    const { fence } = await claimedBy(channel, { lease_ms: 1000 });
    const before = await runOf(channel, 'a');
    await server.say('ai-cancel', 'a', { channel });
    const beat = await server.post(`${pathOf(channel, 'a')}/heartbeat`, { fence, lease_ms: 60_000 });
    expect(beat).toMatchObject({ status: 200, body: { run: { status: 'running', cancel_requested: true } } });
    expect(beat.body.run.lease.expires_at_ms).toBeGreaterThan(before.lease.expires_at_ms + 30_000);
    await server.say('ai-run-end', 'a', { channel, fence, transport: { 'run-reason': 'cancelled' } });
    expect(await server.post(`${pathOf(channel, 'a')}/heartbeat`, { fence })).toMatchObject({
      status: 409,
      body: { code: 'fenced' },
    });
  });

  it('that runs out gives the run to another worker, closes its streams and shuts the first one out', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel });
    const { fence } = await claimedBy(channel, { lease_ms: 1000 });
    const stream = { 'stream-id': 's', stream: 'true', status: 'streaming' };
    const output = await server.say('ai-output', 'a', { channel, fence, transport: stream });
    const serial: string = output.body.channels[channel].message_serial;
    const message = `/channels/${encodeURIComponent(channel)}/messages/${serial}`;
    const append = (claim: string) => server.post(`${message}/append`, { data: '+', fence: claim });
    expect([(await append(fence)).status, (await append(fence)).status]).toEqual([200, 200]);

    expect(await lost(channel)).toMatchObject({ fence: 'a:2', run: { attempt: 2 } });
    for (const refused of [
      await append(fence),
      await server.say('ai-output', 'a', { channel, fence }),
      await server.say('ai-run-end', 'a', { channel, fence, transport: { 'run-reason': 'complete' } }),
      await server.post(`${pathOf(channel, 'a')}/release`, { fence, outcome: 'retry' }),
    ]) {
      expect(refused).toMatchObject({ status: 409, body: { code: 'fenced' } });
    }
    const shown = (await server.get(message)).body.item;
    expect(shown).toMatchObject({
      data: 'x++',
      extras: { ai: { transport: { status: 'cancelled', 'error-code': 'lease_expired' } } },
    });
    expect(await runOf(channel, 'a')).toMatchObject({ status: 'running', generation: 2 });
    expect(await append('a:2')).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect((await server.say('ai-output', 'a', { channel, fence: 'a:2' })).status).toBe(200);
  });
});

describe('a release', () => {
  const give = (channel: string, fence: string, more: Record<string, unknown>) =>
    server.post(`${pathOf(channel, 'a')}/release`, { fence, ...more });
  const ends = async (channel: string) => {
    const path = `/channels/${encodeURIComponent(channel)}/history`;
    const { items } = (await server.get(path)).body;
    return items
      .filter(({ message }: { message: { name: string } }) => message.name === 'ai-run-end')
      .map(({ message }: { message: { extras: object } }) => message.extras);
  };

  it('by a worker that has lost the run leaves the streams of the next one open', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel });
    const { fence } = await claimedBy(channel);
    await give(channel, fence, { outcome: 'retry' });
    await claimedBy(channel);
    const transport = { stream: 'true', status: 'streaming' };
    const { body } = await server.say('ai-output', 'a', { channel, fence: 'a:2', transport });
    expect(await give(channel, fence, { outcome: 'retry' })).toMatchObject({ status: 409 });
    const message = `/channels/${channel}/messages/${body.channels[channel].message_serial}`;
    expect((await server.post(`${message}/append`, { data: '+', fence: 'a:2' })).status).toBe(200);
  });

  it('puts the run back, at no cost where nothing failed', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel });
    const { fence } = await claimedBy(channel);
    expect(await give(channel, fence, { outcome: 'retry' })).toMatchObject({
      status: 200,
      body: { run: { status: 'queued', attempt: 0, generation: 1 } },
    });
    expect(await claimedBy(channel)).toMatchObject({ fence: 'a:2', run: { attempt: 1 } });
    expect(await ends(channel)).toEqual([]);
  });

  it('after the last attempt ends the run, and says so in the channel once', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel, transport: { 'run-client-id': 'ann' } });
    for (const attempt of [1, 2, 3]) {
      const { fence } = await claimedBy(channel);
      const { body } = await give(channel, fence, {
        outcome: 'retry',
        error_code: 'busy',
        error_message: 'no',
      });
      expect(body.run.status).toBe(attempt === 3 ? 'error' : 'queued');
    }
    const run = await runOf(channel, 'a');
    expect(run).toMatchObject({ error: { code: 'busy', message: 'no' }, ended_serial: 2 });
    expect(await ends(channel)).toMatchObject([
      {
        ai: {
          transport: {
            'run-id': 'a',
            'run-client-id': 'ann',
            'run-reason': 'error',
            'error-code': 'busy',
          },
        },
      },
    ]);
  });

  it('can declare it dead', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel });
    const { fence } = await claimedBy(channel);
    expect(await give(channel, fence, { outcome: 'dead', error_code: 'poison' })).toMatchObject({
      body: { run: { status: 'error', error: { code: 'poison' }, ended_serial: 2 } },
    });
    expect(await ends(channel)).toHaveLength(1);
  });

  it('for later is not taken before its time', async () => {
    const channel = freshChannel();
    await server.say('ai-input', 'a', { channel });
    const { fence } = await claimedBy(channel);
    await give(channel, fence, { outcome: 'retry', error_code: 'busy', retry_after_ms: 600_000 });
    expect(await claimsOf(channel)).toEqual([]);
    await server.say('ai-input', 'b', { channel });
    expect(await claimsOf(channel)).toMatchObject([{ fence: 'b:1' }]);
  });
});

describe('the order of a queue', () => {
  it('is the one that it was given', async () => {
    const channel = freshChannel();
    for (const run of ['a', 'b', 'c', 'd']) await server.say('ai-input', run, { channel });
    const move = (run: string, before: string | null) =>
      server.post(`${pathOf(channel, run)}/move`, { before });
    await move('d', 'a');
    await move('c', 'a');
    expect((await move('a', null)).body.run).toMatchObject({ run_id: 'a', status: 'queued' });
    const order: string[] = [];
    for (let left = 4; left > 0; left -= 1) {
      const claimed = await claimedBy(channel, { wait_ms: 20_000 });
      order.push(claimed.run.run_id);
      const end = { channel, fence: claimed.fence, transport: { 'run-reason': 'complete' } };
      await server.say('ai-run-end', claimed.run.run_id, end);
    }
    expect(order).toEqual(['d', 'c', 'b', 'a']);
    expect(await move('a', null)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await move('nobody', null)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
