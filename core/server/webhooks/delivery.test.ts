import { Agent } from 'undici';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookRetry } from '../apps/app.ts';
import { createGuardedAgent } from '../net/guarded-agent.ts';
import type { Job } from '../ports/work-queue.ts';
import { deliver, originOf } from './delivery.ts';
import type { DeliveryJob } from './delivery-job.ts';
import { QUICK_RETRY, type Receiver, startReceiver } from './testing/webhook-app.ts';

const agent = new Agent();
afterAll(() => agent.destroy());
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

function delivery(fields: Partial<DeliveryJob> = {}): DeliveryJob {
  return {
    appId: '4242',
    url: receiver.url,
    headers: { 'X-Pusher-Key': 'k-demo', 'Content-Type': 'application/json' },
    body: '{"time_ms":1,"events":[]}',
    requestTimeoutMs: 5_000,
    retry: { ...QUICK_RETRY },
    ...fields,
  };
}

function job(fields: Partial<Job> = {}): Job {
  const nowMs = Date.now();
  const signal = new AbortController().signal;
  return {
    id: '1',
    payload: '',
    attempt: 1,
    enqueuedAtMs: nowMs,
    firstAttemptAtMs: nowMs,
    signal,
    ...fields,
  };
}

describe('deliver', () => {
  it('posts the body with its headers', async () => {
    expect(await deliver(delivery(), job(), agent)).toEqual({ kind: 'done' });
    expect(receiver.received[0]?.body).toBe('{"time_ms":1,"events":[]}');
    expect(receiver.received[0]?.headers).toMatchObject({
      'x-pusher-key': 'k-demo',
      'content-type': 'application/json',
      'content-length': '25',
    });
  });

  it.each([
    [204, { kind: 'done' }],
    [503, { kind: 'retry', delayMs: 1, reason: 'HTTP 503' }],
    [429, { kind: 'retry', delayMs: 1, reason: 'HTTP 429' }],
    [404, { kind: 'dead', reason: 'HTTP 404' }],
  ])('takes %i as %j', async (status, outcome) => {
    receiver.answer((response) => response.writeHead(status).end());
    expect(await deliver(delivery(), job(), agent)).toEqual(outcome);
  });

  it('does not follow a redirect', async () => {
    receiver.answer((response) => response.writeHead(307, { location: '/elsewhere' }).end());
    expect(await deliver(delivery(), job(), agent)).toEqual({ kind: 'dead', reason: 'HTTP 307' });
    expect(receiver.received).toHaveLength(1);
  });

  it('gives up with the attempts or the time of the policy', async () => {
    receiver.answer((response) => response.writeHead(500).end());
    const retry: WebhookRetry = { ...QUICK_RETRY, maxAttempts: 3, maxElapsedMs: 10_000 };
    const dead = { kind: 'dead', reason: 'HTTP 500' };
    expect(await deliver(delivery({ retry }), job({ attempt: 2 }), agent)).toMatchObject({ kind: 'retry' });
    expect(await deliver(delivery({ retry }), job({ attempt: 3 }), agent)).toEqual(dead);
    const firstAttemptAtMs = Date.now() - 20_000;
    expect(await deliver(delivery({ retry }), job({ firstAttemptAtMs }), agent)).toEqual(dead);
  });

  it('tries again after a time-out, a cut connection and a refused one', async () => {
    receiver.answer(() => {});
    const late = await deliver(delivery({ requestTimeoutMs: 20 }), job(), agent);
    expect(late).toMatchObject({ kind: 'retry', reason: 'no answer within 20 ms' });
    receiver.answer((response) => response.destroy());
    expect(await deliver(delivery(), job(), agent)).toMatchObject({
      kind: 'retry',
      reason: 'UND_ERR_SOCKET',
    });
    const { url } = receiver;
    await receiver.close();
    const fresh = new Agent();
    expect(await deliver(delivery({ url }), job(), fresh)).toMatchObject({
      kind: 'retry',
      reason: 'ECONNREFUSED',
    });
    await fresh.destroy();
  });

  it('takes the status for the answer, whatever the body does', async () => {
    receiver.answer((response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      response.write('x'.repeat(100_000), () => response.destroy());
    });
    expect(await deliver(delivery(), job(), agent)).toEqual({ kind: 'done' });
  });

  it('gives the job back when the worker closes', async () => {
    const abort = new AbortController();
    receiver.answer(() => abort.abort());
    expect(await deliver(delivery(), job({ signal: abort.signal }), agent)).toEqual({ kind: 'release' });
  });

  it.each<Partial<DeliveryJob>>([
    { url: 'ftp://example.test/' },
    { url: 'no url' },
    { headers: { 'X Env': 'x' } },
    { headers: { 'X-Env': 'euro \u20ac' } },
  ])('gives up on what can never be sent: %j', async (fields) => {
    expect(await deliver(delivery(fields), job(), agent)).toMatchObject({ kind: 'dead' });
  });

  it('gives up on a private address behind the guard', async () => {
    const guarded = createGuardedAgent({ allowPrivateNetworks: false });
    const outcome = await deliver(delivery(), job(), guarded);
    expect(outcome).toMatchObject({ kind: 'dead', reason: expect.stringContaining('not a public address') });
    expect(receiver.received).toHaveLength(0);
    await guarded.destroy();
  });
});

describe('originOf', () => {
  it('shows no path, query or credentials', () => {
    expect(originOf('https://user:pass@hooks.example.test:8443/T0/secret?x=1')).toBe(
      'https://hooks.example.test:8443',
    );
    expect(originOf('hush')).not.toContain('hush');
  });
});
