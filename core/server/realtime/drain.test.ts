import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeAllConnections } from './drain.ts';
import type { TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

const GRACE_MS = 10_000;

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await realtime.close();
});

const clients = (count: number): TestClient[] => Array.from({ length: count }, () => realtime.client());
const closedOf = (all: readonly TestClient[]): number =>
  all.filter(({ webSocket }) => webSocket.closed !== null).length;

/** Answers every Close as a client does. */
function answerCloses(all: readonly TestClient[]): void {
  for (const client of all) {
    if (
      client.webSocket.closed !== null &&
      realtime.context.hub.app('app').connections.has(client.socketId)
    ) {
      client.disconnect({ cleanly: true });
    }
  }
}

describe('D85: sending everybody away', () => {
  it('spreads the closes over the grace period', async () => {
    const all = clients(1000);
    const done = closeAllConnections(realtime.context.hub, GRACE_MS);
    const progress = [];
    for (let step = 0; step < 10; step += 1) {
      progress.push(closedOf(all));
      await vi.advanceTimersByTimeAsync(GRACE_MS / 10);
      answerCloses(all);
    }
    await vi.advanceTimersByTimeAsync(GRACE_MS);
    await done;
    expect(progress[0]).toBeLessThan(20);
    for (const [index, count] of progress.entries()) {
      expect(count - (progress[index - 1] ?? 0)).toBeLessThanOrEqual(200);
    }
    expect(closedOf(all)).toBe(1000);
    expect(all[0]?.webSocket.closed).toEqual({ code: 4200, reason: 'Server shutting down' });
  });

  it('ends as soon as nobody is left', async () => {
    const all = clients(3);
    let isDone = false;
    const done = closeAllConnections(realtime.context.hub, GRACE_MS).then(() => {
      isDone = true;
    });
    for (let step = 0; step < 10; step += 1) {
      await vi.advanceTimersByTimeAsync(50);
      answerCloses(all);
    }
    await done;
    expect(isDone).toBe(true);
  });

  it('cuts at the end of the grace period whoever did not answer', async () => {
    const [client] = clients(1);
    client?.webSocket.on('close', () => client.disconnect());
    const done = closeAllConnections(realtime.context.hub, GRACE_MS);
    await vi.advanceTimersByTimeAsync(GRACE_MS - 100);
    expect(realtime.context.hub.connectionCount).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    await done;
    expect(realtime.context.hub.connectionCount).toBe(0);
  });

  it('is done at once when nobody is there', async () => {
    await closeAllConnections(realtime.context.hub, GRACE_MS);
  });
});
