import { type BatchEvent, type BatchResponse, SockudoRequestError } from 'sockudo';
import { describe, expect, it, vi } from 'vitest';
import { PublishQueue } from './publish-queue.ts';

/** A server that is away until told otherwise. */
function fakeServer() {
  const attempts: (readonly BatchEvent[])[] = [];
  const server = {
    attempts,
    isAway: false,
    refusal: null as SockudoRequestError | null,
    async triggerBatch(batch: readonly BatchEvent[]): Promise<BatchResponse> {
      attempts.push(batch);
      if (server.refusal !== null) throw server.refusal;
      if (server.isAway) throw new Error('connection refused');
      return Object.assign(new Response('{}'), { idempotencyKeys: [] });
    },
  };
  return server;
}

const event = (data: number) => ({ channel: 'market', name: 'quote', data });

describe('PublishQueue', () => {
  it('keeps the order and gathers what waits', async () => {
    const server = fakeServer();
    const queue = new PublishQueue(server, () => {});
    for (let n = 1; n <= 25; n += 1) queue.add(event(n));
    await vi.waitFor(() => expect(server.attempts.flat()).toHaveLength(25));
    expect(server.attempts.flat().map(({ data }) => data)).toEqual(
      Array.from({ length: 25 }, (_, n) => n + 1),
    );
    expect(Math.max(...server.attempts.map((batch) => batch.length))).toBe(10);
  });

  it('sends the same keys again, so that nothing is doubled, and loses nothing', async () => {
    const server = fakeServer();
    server.isAway = true;
    const failed = new Promise<void>((resolve) => {
      const queue = new PublishQueue(server, () => {
        server.isAway = false;
        resolve();
      });
      queue.add(event(1));
      queue.add(event(2));
    });
    await failed;
    await vi.waitFor(() => expect(server.attempts.slice(1).flat()).toHaveLength(2), { timeout: 10_000 });
    const [first, ...later] = server.attempts;
    const again = later.flat();
    expect(again[0]?.idempotency_key).toBe(first?.[0]?.idempotency_key);
    expect(again.map(({ data }) => data)).toEqual([1, 2]);
    expect(new Set(again.map(({ idempotency_key }) => idempotency_key)).size).toBe(2);
  });

  it('keeps a bounded number, the newest', async () => {
    const server = fakeServer();
    server.isAway = true;
    const queue = new PublishQueue(server, () => {
      server.isAway = false;
    });
    for (let n = 1; n <= 2000; n += 1) queue.add(event(n));
    await vi.waitFor(() => expect(server.attempts.flat().at(-1)?.data).toBe(2000), { timeout: 10_000 });
    expect(server.attempts.slice(1).flat().length).toBeLessThanOrEqual(510);
    queue.close();
  });

  it('gives up a batch that the server refuses, and goes on with the next', async () => {
    const server = fakeServer();
    server.refusal = new SockudoRequestError('Bad request', { url: '', status: 413, isRetryable: false });
    const refused = new Promise<void>((resolve) => {
      const queue = new PublishQueue(server, () => {
        server.refusal = null;
        queue.add(event(2));
        resolve();
      });
      queue.add(event(1));
    });
    await refused;
    await vi.waitFor(() => expect(server.attempts).toHaveLength(2));
    expect(server.attempts.map((batch) => batch.map(({ data }) => data))).toEqual([[1], [2]]);
  });

  it('stops trying when it is closed', async () => {
    const server = fakeServer();
    server.isAway = true;
    const failed = new Promise<void>((resolve) => {
      const queue = new PublishQueue(server, () => {
        queue.close();
        resolve();
      });
      queue.add(event(1));
    });
    await failed;
    expect(server.attempts).toHaveLength(1);
  });
});
