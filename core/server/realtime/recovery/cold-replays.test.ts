/** Pages of the log for many clients at once: read once, encoded once, never old. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryChannelLog } from '../../memory/channel-log.ts';
import type { Position } from '../../ports/channel-log.ts';
import { StoreUnavailable } from '../../ports/channel-log.ts';
import type { DurableLog } from '../../ports/index.ts';
import { V2_TEXT } from '../wire-format.ts';
import { ColdReplays } from './cold-replays.ts';

const KEY = { appId: 'app', channel: 'room' };
let behind: DurableLog;
let log: DurableLog;
let reads: number;
let isFailing: boolean;
let nowMs: number;
let cold: ColdReplays;

beforeEach(() => {
  behind = createMemoryChannelLog();
  reads = 0;
  isFailing = false;
  nowMs = 1_000_000;
  log = new Proxy(behind, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'replay') return member.bind(target);
      return (...given: unknown[]) => {
        reads += 1;
        return isFailing
          ? Promise.reject(new StoreUnavailable('no disk'))
          : Reflect.apply(member, target, given);
      };
    },
  });
  cold = new ColdReplays({ frameOptions: { tagsInFrames: true }, now: () => nowMs });
});
afterEach(async () => {
  cold.close();
  await behind.close();
});

async function publish(count: number): Promise<Position> {
  for (let i = 0; i < count; i += 1) {
    const draft = { key: KEY, event: 'tick', data: `"${i}"`, publishedAtMs: i, retention: {} };
    await behind.commit({ entries: [draft], receipts: [] });
  }
  return behind.head(KEY);
}

describe('ColdReplays', () => {
  it('read a page once for everybody who asks at the same time, and encode it once', async () => {
    const { streamId, serial } = await publish(5);
    const pages = await Promise.all(
      Array.from({ length: 50 }, () => cold.after(log, KEY, { streamId, serial: 2 }, serial)),
    );
    expect(reads).toBe(1);
    const frames = pages.map((page) => (page.kind === 'page' ? page.messages[0]?.of(V2_TEXT) : null));
    expect(new Set(frames).size).toBe(1);
  });

  it('read again for who knows of a later message', async () => {
    const { streamId } = await publish(3);
    const from = { streamId, serial: 0 };
    await cold.after(log, KEY, from, 3);
    await publish(2);
    const page = await cold.after(log, KEY, from, 5);
    expect([reads, page.kind === 'page' && page.messages.length]).toEqual([2, 5]);
    await cold.after(log, KEY, from, 4);
    expect(reads).toBe(2);
  });

  it('keep a page for a moment only', async () => {
    const { streamId, serial } = await publish(3);
    await cold.after(log, KEY, { streamId, serial: 0 }, serial);
    nowMs += 2_500;
    await cold.after(log, KEY, { streamId, serial: 0 }, serial);
    expect(reads).toBe(2);
  });

  it('keep no failure, and nothing that was cut', async () => {
    const { streamId, serial } = await publish(3);
    const from = { streamId, serial: 0 };
    isFailing = true;
    await expect(cold.after(log, KEY, from, serial)).rejects.toThrow('no disk');
    isFailing = false;
    await cold.after(log, KEY, from, serial);
    cold.cut(KEY);
    await cold.after(log, KEY, from, serial);
    expect(reads).toBe(3);
  });

  it('say when the log cannot go on from a position', async () => {
    const { streamId } = await publish(3);
    await behind.purge(KEY);
    expect(await cold.after(log, KEY, { streamId, serial: 1 }, 3)).toMatchObject({
      kind: 'gap',
      reason: 'trimmed',
    });
  });

  it('keep a bounded number of pages, whatever is asked for', async () => {
    const { streamId, serial } = await publish(400);
    for (let from = 0; from < 400; from += 1) await cold.after(log, KEY, { streamId, serial: from }, serial);
    const before = reads;
    for (let from = 0; from < 100; from += 1) await cold.after(log, KEY, { streamId, serial: from }, serial);
    expect(reads - before).toBe(100);
  });
});
