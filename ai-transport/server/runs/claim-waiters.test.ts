// Requests for runs that wait, on nodes that share a log.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CHANNEL, type RunNode, runNode } from './testing/run-nodes.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout'],
    now: Date.parse('2026-01-01T00:00:00Z'),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const wait = async ({ ask }: RunNode, more: Record<string, unknown> = {}): Promise<string[]> => {
  const wish = { channel_prefix: CHANNEL, worker_id: 'w', wait_ms: 20_000, lease_ms: 60_000, ...more };
  const { body } = await ask('POST', '/runs/claim', wish);
  return body.claims.map(({ fence }: { fence: string }) => fence);
};

it('hears of what another node queued within a second', async () => {
  const one = runNode();
  const other = runNode({ log: one.log });
  const waiting = wait(one);
  await vi.advanceTimersByTimeAsync(5_500);
  await other.say('ai-input', 'a');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await Promise.race([waiting, 'nothing'])).toEqual(['a:1']);
  await other.close();
  await one.close();
});

it('wakes those who waited longest, one for each run, in no time', async () => {
  const one = runNode({ isAlone: true });
  const answers: string[][] = [];
  const all = [0, 1, 2].map((index) =>
    wait(one, { per_channel: 16 }).then((fences) => {
      answers[index] = fences;
    }),
  );
  await vi.advanceTimersByTimeAsync(0);
  await Promise.all([one.say('ai-input', 'a'), one.say('ai-input', 'b')]);
  await vi.advanceTimersByTimeAsync(0);
  expect([answers[0], answers[1]].flat().sort()).toEqual(['a:1', 'b:1']);
  expect(answers[2]).toBeUndefined();
  await vi.advanceTimersByTimeAsync(20_000);
  await Promise.all(all);
  expect(answers[2]).toEqual([]);
  await one.close();
});

it('passes a run on to one that takes more of a channel than the woken one may', async () => {
  const one = runNode({ isAlone: true });
  await one.say('ai-input', 'a');
  expect(await wait(one)).toEqual(['a:1']);
  const strict = wait(one);
  const generous = wait(one, { per_channel: 2 });
  await vi.advanceTimersByTimeAsync(0);
  await one.say('ai-input', 'b');
  await vi.advanceTimersByTimeAsync(0);
  expect(await Promise.race([generous, 'nothing'])).toEqual(['b:1']);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await strict).toEqual([]);
  await one.close();
});

it('takes a run that was given back for later at its time', async () => {
  const one = runNode({ isAlone: true });
  await one.say('ai-input', 'a');
  const [fence] = await wait(one);
  const release = { fence, outcome: 'retry', error_code: 'busy', retry_after_ms: 7_000 };
  await one.ask('POST', `/channels/${CHANNEL}/runs/a/release`, release);
  const waiting = wait(one);
  await vi.advanceTimersByTimeAsync(6_999);
  expect(await Promise.race([waiting, 'nothing'])).toBe('nothing');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await Promise.race([waiting, 'nothing'])).toEqual(['a:2']);
  await one.close();
});

it('is answered when the server stops', async () => {
  const one = runNode({ isAlone: true });
  const waiting = wait(one);
  await vi.advanceTimersByTimeAsync(0);
  await one.close();
  expect(await waiting).toEqual([]);
});

it('takes a run that was put off when its time has come, whatever waits in channels that are busy', async () => {
  const one = runNode({ isAlone: true });
  const busy = 'private-ai-s2';
  for (const runId of ['runs', 'waits']) await one.say('ai-input', runId, { channel: busy });
  expect(await wait(one, { channel_prefix: busy, wait_ms: 0 })).toEqual(['runs:1']);
  await one.say('ai-input', 'a');
  expect(await wait(one, { wait_ms: 0 })).toEqual(['a:1']);
  const waiting = wait(one, { channel_prefix: 'private-ai-' });
  await vi.advanceTimersByTimeAsync(0);
  const body = { fence: 'a:1', outcome: 'retry', error_code: 'failed', retry_after_ms: 5_000 };
  await one.ask('POST', `/channels/${CHANNEL}/runs/a/release`, body);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await Promise.race([waiting, 'nothing'])).toEqual(['a:2']);
  await one.close();
});

it('gives back, uncounted, what it gave to a request that has ended meanwhile', async () => {
  const one = runNode({ isAlone: true });
  const patient = wait(one);
  await vi.advanceTimersByTimeAsync(0);
  await one.say('ai-input', 'b', { channel: 'private-ai-s2' });
  const wish = { channel_prefix: 'private-ai-s2', worker_id: 'gone' };
  const { body } = await one.ask('POST', '/runs/claim', wish, () => true);
  expect(body.claims).toEqual([]);
  const { body: after } = await one.ask('GET', '/channels/private-ai-s2/runs/b');
  expect(after.run).toMatchObject({ status: 'queued', generation: 1, attempt: 0 });
  expect(await wait(one, { channel_prefix: 'private-ai-s2' })).toEqual(['b:2']);
  await one.close();
  expect(await patient).toEqual([]);
});
