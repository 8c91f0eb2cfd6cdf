import { beforeEach, describe, expect, it } from 'vitest';
import { FlushTurn, Outbox, type OutboxBounds } from './outbox.ts';
import { FakeSocket, turn } from './testing/fake-socket.ts';

const WIDE: OutboxBounds = { maxMessages: 1000, maxBytes: 1_000_000 };
const frame = (text: string): Buffer => Buffer.from(text);
const texts = (socket: FakeSocket): string[] => socket.writes.map(String);

let turns: FlushTurn;
beforeEach(() => {
  turns = new FlushTurn();
});

interface Parts {
  readonly socket: FakeSocket;
  readonly outbox: Outbox;
  readonly overflows: () => number;
}

function outboxOf(bounds: OutboxBounds = WIDE): Parts {
  const socket = new FakeSocket();
  let overflows = 0;
  const outbox = new Outbox(socket, turns, bounds, () => {
    overflows += 1;
    outbox.close();
  });
  return { socket, outbox, overflows: () => overflows };
}

describe('one turn of the event loop', () => {
  it('writes a single frame as it is, without a copy', async () => {
    const { socket, outbox } = outboxOf();
    const only = frame('only');
    outbox.push(only);
    expect(socket.writes).toEqual([]);
    await turn();
    expect(socket.writes[0]).toBe(only);
  });

  it('writes all frames of the turn at once, in order', async () => {
    const { socket, outbox } = outboxOf();
    for (const text of ['a', 'b', 'c']) outbox.push(frame(text));
    await turn();
    outbox.push(frame('d'));
    await turn();
    expect(texts(socket)).toEqual(['abc', 'd']);
  });

  it('joins the same frames once for all who get them', async () => {
    const parts = [outboxOf(), outboxOf(), outboxOf()];
    const frames = [frame('a'), frame('b')];
    for (const { outbox } of parts) for (const one of frames) outbox.push(one);
    await turn();
    const [first, ...others] = parts.map(({ socket }) => socket.writes[0]);
    expect(String(first)).toBe('ab');
    for (const other of others) expect(other).toBe(first);
  });

  it('does not take other frames for the same: another order, another number, other bytes', async () => {
    const [a, b, c] = [frame('a'), frame('b'), frame('c')];
    const wishes = [
      [a, b],
      [b, a],
      [a, b, c],
      [a, c],
      [frame('a'), b],
    ];
    const parts = wishes.map((frames) => {
      const one = outboxOf();
      for (const each of frames) one.outbox.push(each);
      return one;
    });
    await turn();
    expect(parts.map(({ socket }) => texts(socket))).toEqual([['ab'], ['ba'], ['abc'], ['ac'], ['ab']]);
  });

  it('ends early when flushed by hand, and writes nothing twice', async () => {
    const { socket, outbox } = outboxOf();
    outbox.push(frame('before'));
    outbox.flush();
    expect(texts(socket)).toEqual(['before']);
    outbox.push(frame('after'));
    await turn();
    outbox.flush();
    expect(texts(socket)).toEqual(['before', 'after']);
  });

  it('ends early when as many frames wait as the bound allows', () => {
    const { socket, outbox } = outboxOf({ ...WIDE, maxMessages: 3 });
    for (let index = 0; index < 7; index += 1) outbox.push(frame(String(index)));
    expect(texts(socket)).toEqual(['012', '345']);
  });
});

describe('a reader that falls behind', () => {
  it('is over when more frames wait than the bound allows', async () => {
    const { socket, outbox, overflows } = outboxOf({ maxMessages: 3, maxBytes: 1_000_000 });
    socket.stall();
    for (let index = 0; index < 3; index += 1) {
      outbox.push(frame('x'.repeat(2000)));
      await turn();
    }
    expect(overflows()).toBe(0);
    outbox.push(frame('one too many'));
    await turn();
    expect(overflows()).toBe(1);
  });

  it('is over when more bytes wait than the bound allows', async () => {
    const { socket, outbox, overflows } = outboxOf({ maxMessages: Number.POSITIVE_INFINITY, maxBytes: 5000 });
    socket.stall();
    outbox.push(frame('x'.repeat(5000)));
    await turn();
    expect(overflows()).toBe(0);
    outbox.push(frame('x'));
    await turn();
    expect(overflows()).toBe(1);
  });

  it('counts what one turn brought together as the frames that they are', async () => {
    const { socket, outbox, overflows } = outboxOf({ maxMessages: 4, maxBytes: 1_000_000 });
    socket.stall();
    for (let index = 0; index < 4; index += 1) outbox.push(frame('x'.repeat(500)));
    await turn();
    expect(overflows()).toBe(0);
    outbox.push(frame('x'));
    await turn();
    expect(overflows()).toBe(1);
  });

  it('starts anew once it has caught up', async () => {
    const { socket, outbox, overflows } = outboxOf({ maxMessages: 2, maxBytes: 1_000_000 });
    for (let round = 0; round < 5; round += 1) {
      socket.stall();
      for (let index = 0; index < 2; index += 1) {
        outbox.push(frame('x'.repeat(2000)));
        await turn();
      }
      socket.resumeTaking();
      await turn();
    }
    expect(overflows()).toBe(0);
  });

  it('may stay behind for ever as long as it keeps taking: only what waits counts', async () => {
    const { socket, outbox, overflows } = outboxOf({ maxMessages: 5, maxBytes: 1_000_000 });
    socket.stall();
    for (let index = 0; index < 2; index += 1) {
      outbox.push(frame('x'.repeat(2000)));
      await turn();
    }
    for (let index = 0; index < 50; index += 1) {
      outbox.push(frame('x'.repeat(2000)));
      await turn();
      socket.takeOne();
      await turn();
      expect(socket.writableLength).toBeGreaterThan(0);
    }
    expect(overflows()).toBe(0);
  });

  it('is not behind when a large write was refused more but taken whole', async () => {
    const { outbox, overflows } = outboxOf({ maxMessages: 1, maxBytes: 10 });
    for (let index = 0; index < 5; index += 1) {
      outbox.push(frame('x'.repeat(5000)));
      await turn();
    }
    expect(overflows()).toBe(0);
  });
});

describe('waiting until the kernel has taken all', () => {
  it('is over at once when it has', async () => {
    const { socket, outbox } = outboxOf();
    outbox.push(frame('a'));
    expect(outbox.drained()).toBeNull();
    expect(texts(socket)).toEqual(['a']);
  });

  it('ends when it has taken what was queued before, also little', async () => {
    const { socket, outbox } = outboxOf();
    socket.stall();
    outbox.push(frame('a'));
    let isOver = false;
    const drained = outbox.drained()?.then(() => {
      isOver = true;
    });
    await turn();
    expect(isOver).toBe(false);
    socket.resumeTaking();
    await drained;
    expect(socket.writableLength).toBe(0);
  });

  it('ends when nobody will take it any more', async () => {
    const { socket, outbox } = outboxOf();
    socket.stall();
    outbox.push(frame('a'));
    const drained = outbox.drained();
    outbox.close();
    await drained;
    expect(outbox.drained()).toBeNull();
  });
});

describe('a closed outbox', () => {
  it('forgets what it had and takes nothing more', async () => {
    const { socket, outbox } = outboxOf();
    outbox.push(frame('unsent'));
    outbox.close();
    outbox.push(frame('late'));
    outbox.flush();
    await turn();
    expect(socket.writes).toEqual([]);
  });
});
