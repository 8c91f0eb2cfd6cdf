import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventBatch } from './delivery-job.ts';
import { EventBatcher, type EventBatcherOptions } from './event-batcher.ts';
import { endpoint, webhookApp } from './testing/webhook-app.ts';
import type { WebhookEvent } from './webhook-event.ts';

beforeEach(() => vi.useFakeTimers({ now: 1_000 }));
afterEach(() => vi.useRealTimers());

const app = webhookApp([endpoint()]);
const otherApp = webhookApp([endpoint()], 'other');
const event = (channel: string): WebhookEvent => ({ name: 'channel_occupied', channel });

function start(options: Partial<EventBatcherOptions> = {}) {
  const stored: string[] = [];
  const drops: [string, number][] = [];
  const show = ({ app: { id }, timeMs, events }: EventBatch) =>
    `${id}@${timeMs}:${events.map(({ channel }) => channel).join(',')}`;
  const batcher = new EventBatcher({
    durationMs: 50,
    maxEvents: 3,
    maxPendingEvents: 1_000,
    maxPendingChars: 1_000,
    store: async (batches) => void stored.push(...batches.map(show)),
    onDrop: ({ id }, events) => drops.push([id, events]),
    onStoreError: () => {},
    ...options,
  });
  return { batcher, stored, drops };
}

describe('EventBatcher', () => {
  it('sends the events of a short time together, with the time of the first', async () => {
    const { batcher, stored } = start();
    batcher.add(app, event('a'));
    await vi.advanceTimersByTimeAsync(40);
    batcher.add(app, event('b'));
    expect(stored).toEqual([]);
    await vi.advanceTimersByTimeAsync(11);
    expect(stored).toEqual(['4242@1000:a,b']);
  });

  it('keeps apps apart, and events of one app in order', async () => {
    const { batcher, stored } = start();
    for (const name of ['a', 'b']) {
      batcher.add(app, event(name));
      batcher.add(otherApp, event(name));
    }
    await vi.advanceTimersByTimeAsync(60);
    expect(stored).toEqual(['4242@1000:a,b', 'other@1000:a,b']);
  });

  it('does not wait once a batch is full, and does not store inside add', async () => {
    const { batcher, stored } = start();
    for (const name of ['a', 'b', 'c', 'd']) batcher.add(app, event(name));
    expect(stored).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(stored).toEqual(['4242@1000:a,b,c']);
    await vi.advanceTimersByTimeAsync(60);
    expect(stored).toEqual(['4242@1000:a,b,c', '4242@1000:d']);
  });

  it('begins a new batch when the record of the app has changed', async () => {
    const { batcher, stored } = start();
    batcher.add(app, event('a'));
    batcher.add({ ...app, secret: 'new' }, event('b'));
    await vi.advanceTimersByTimeAsync(60);
    expect(stored).toEqual(['4242@1000:a', '4242@1000:b']);
  });

  it('keeps batches and their order while the queue refuses', async () => {
    let refusals = 2;
    const seen: string[][] = [];
    const { batcher } = start({
      store: async (batches) => {
        seen.push(batches.flatMap(({ events }) => events.map(({ channel }) => channel)));
        refusals -= 1;
        if (refusals >= 0) throw new Error('full');
      },
    });
    for (const name of ['a', 'b', 'c', 'd']) batcher.add(app, event(name));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
    ]);
  });

  it('drops and counts what finds no room, by number and by size', async () => {
    const gate = Promise.withResolvers<void>();
    const { batcher, drops } = start({ maxPendingEvents: 4, store: () => gate.promise });
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) batcher.add(app, event(name));
    expect(drops).toEqual([
      ['4242', 1],
      ['4242', 1],
    ]);
    const large = start();
    const clientEvent = (data: string): WebhookEvent => {
      return { name: 'client_event', channel: 'private-a', event: 'client-x', data, socket_id: '1.2' };
    };
    large.batcher.add(app, clientEvent('x'.repeat(999)));
    large.batcher.add(app, clientEvent('xx'));
    large.batcher.add(app, event('a'));
    expect(large.drops).toEqual([['4242', 1]]);
    gate.resolve();
    await vi.advanceTimersByTimeAsync(100);
    batcher.add(app, event('room again'));
    expect(drops).toHaveLength(2);
  });

  it('stores at close without waiting for company', async () => {
    const { batcher, stored, drops } = start();
    batcher.add(app, event('a'));
    await batcher.close(1_000);
    expect(stored).toEqual(['4242@1000:a']);
    batcher.add(app, event('late'));
    expect(drops).toEqual([['4242', 1]]);
  });

  it.each<[string, EventBatcherOptions['store']]>([
    ['refuses', () => Promise.reject(new Error('full'))],
    ['does not answer', () => new Promise(() => {})],
  ])('ends at close in the time given when the queue %s', async (_, store) => {
    const { batcher, drops } = start({ store });
    batcher.add(app, event('a'));
    batcher.add(app, event('b'));
    const closing = batcher.close(300);
    await vi.advanceTimersByTimeAsync(300);
    await closing;
    expect(drops).toEqual([['4242', 2]]);
  });
});
