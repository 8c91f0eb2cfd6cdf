/** The hot buffer as a window over a channel: contiguous, bounded, and never wrong about what it has. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageFrames } from '../message-frames.ts';
import { HotBuffer, type HotEntry } from './hot-buffer.ts';

const STREAM = 's';
let order = 0;

function entry(serial: number, publishedAtMs = 0, streamId = STREAM): HotEntry {
  order += 1;
  const message = { channel: 'a', event: 'e', data: '"x"', publishedAtMs, position: { streamId, serial } };
  return { frames: new MessageFrames(message, { tagsInFrames: true }), exceptSocketId: undefined, order };
}

function buffer(
  maxMessages = 5,
  windowMs = 1000,
): {
  hot: HotBuffer;
  usage: { bytes: number };
  add(serial: number, atMs?: number, streamId?: string): boolean;
} {
  const usage = { bytes: 0 };
  const hot = new HotBuffer({ maxMessages, windowMs }, usage, { streamId: STREAM, serial: 0 });
  return {
    hot,
    usage,
    add: (serial, atMs = 0, streamId = STREAM) =>
      hot.append(entry(serial, atMs, streamId), { streamId, serial }),
  };
}

const serials = (run: readonly HotEntry[] | null): unknown =>
  run?.map(({ frames }) => frames.message.position?.serial);

describe('HotBuffer', () => {
  it('gives what lies between two serials, or nothing at all', () => {
    const { hot, add } = buffer(3);
    for (let serial = 1; serial <= 5; serial += 1) add(serial);
    expect(serials(hot.between(2, 5, 0))).toEqual([3, 4, 5]);
    expect(serials(hot.between(3, 4, 0))).toEqual([4]);
    expect(hot.between(1, 5, 0)).toBeNull();
    expect(hot.between(4, 6, 0)).toBeNull();
    expect(hot.oldestSerial).toBe(3);
  });

  it('begins anew after a hole and in another stream, and ignores what comes twice', () => {
    const { hot, add } = buffer();
    add(1);
    add(2);
    expect(add(2)).toBe(false);
    add(4);
    expect(hot.between(1, 4, 0)).toBeNull();
    expect(serials(hot.between(3, 4, 0))).toEqual([4]);
    add(1, 0, 'other');
    expect(hot.newest).toEqual({ streamId: 'other', serial: 1 });
    expect(hot.between(3, 4, 0)).toBeNull();
  });

  it('forgets what is too old, and still knows where the channel is', () => {
    const { hot, add, usage } = buffer();
    add(1, 0);
    add(2, 600);
    expect(serials(hot.between(1, 2, 1200))).toEqual([2]);
    expect(hot.between(0, 2, 1200)).toBeNull();
    expect(hot.between(1, 2, 5000)).toBeNull();
    expect(hot.newest.serial).toBe(2);
    expect(usage.bytes).toBe(0);
    expect([hot.isOver(1200), hot.isOver(5000)]).toEqual([false, true]);
  });

  it('is cut: nothing from before is shown, nor brought back by a message that was under way', () => {
    const { hot, add, usage } = buffer();
    add(1);
    add(2);
    hot.cut({ streamId: STREAM, serial: 3 }, 0);
    expect(usage.bytes).toBe(0);
    expect(hot.delivered).toBeNull();
    expect(add(3)).toBe(false);
    expect(add(4)).toBe(true);
    expect(serials(hot.between(3, 4, 0))).toEqual([4]);
    hot.cut({ streamId: 'new', serial: 0 }, 0);
    expect(add(5)).toBe(false);
    expect(add(1, 0, 'new')).toBe(true);
    expect(hot.newest).toEqual({ streamId: 'new', serial: 1 });
  });

  it('is not taken back by a cut that looked at the log before the last messages', () => {
    const { hot, add } = buffer();
    add(1);
    add(2);
    hot.cut({ streamId: STREAM, serial: 1 }, 0);
    expect(hot.newest.serial).toBe(2);
    expect(hot.between(1, 2, 0)).toBeNull();
  });

  it('tells what was delivered before a moment', () => {
    const { hot, add } = buffer();
    add(1);
    add(2);
    const moment = order;
    add(3);
    expect(hot.newestNotAfter(moment)).toBe(2);
    expect(hot.newestNotAfter(order)).toBe(3);
  });

  it('agrees with a plain list, and its bytes with what it keeps', () => {
    const step = fc.record({ skip: fc.nat(1).map((n) => (n === 0 ? 0 : 1)), lateMs: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(8), (steps, maxMessages) => {
        const { hot, add, usage } = buffer(maxMessages + 1);
        let kept: { serial: number; atMs: number }[] = [];
        let serial = 0;
        let nowMs = 0;
        for (const { skip, lateMs } of steps) {
          if (skip > 0 && lateMs < 20) {
            serial += 1;
            kept = [];
          }
          serial += 1;
          nowMs += lateMs;
          add(serial, nowMs);
          kept.push({ serial, atMs: nowMs });
          kept = kept.filter(({ atMs }) => atMs >= nowMs - 1000).slice(-(maxMessages + 1));
          const oldest = kept[0]?.serial ?? serial + 1;
          expect(hot.oldestSerial).toBe(kept[0]?.serial ?? null);
          expect(serials(hot.between(oldest - 1, serial, nowMs))).toEqual(kept.map((one) => one.serial));
          expect(hot.between(oldest - 2, serial, nowMs)).toBeNull();
        }
        expect(usage.bytes > 0).toBe(kept.length > 0);
        hot.clear();
        expect(usage.bytes).toBe(0);
      }),
    );
  });
});
