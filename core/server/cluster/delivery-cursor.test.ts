import { describe, expect, it } from 'vitest';
import { DeliveryCursor, type PlacedEnvelope } from './delivery-cursor.ts';

const key = { appId: 'app', channel: 'room' };
const at = (serial: number, streamId = 's'): PlacedEnvelope => ({
  key,
  message: { channel: 'room', event: 'e', publishedAtMs: 0, position: { streamId, serial } },
});
const serials = (envelopes: readonly PlacedEnvelope[]) =>
  envelopes.map(({ message }) => message.position.serial);
const state = (serial: number, oldestSerial: number | null, streamId = 's') => ({
  head: { streamId, serial },
  oldestSerial,
  newestSerial: oldestSerial === null ? null : serial,
  oldestPublishedAtMs: null,
  newestPublishedAtMs: null,
  messages: 0,
  bytes: 0,
});
const page = (from: number, to: number, more = false) => ({
  kind: 'page' as const,
  envelopes: Array.from({ length: to - from + 1 }, (_, index) => at(from + index)),
  more,
  head: { streamId: 's', serial: to },
});

describe('the delivery cursor', () => {
  it('lets successors out at once and drops what it had', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 3 });
    expect(serials(cursor.offer(at(3)))).toEqual([]);
    expect(serials(cursor.offer(at(4)))).toEqual([4]);
    expect(serials(cursor.offer(at(4)))).toEqual([]);
    expect(cursor.isBehind).toBe(false);
  });

  it('holds what comes after a hole until the bus or the log closes it', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 0 });
    expect(serials(cursor.offer(at(3)))).toEqual([]);
    expect(cursor.isBehind).toBe(true);
    expect(serials(cursor.offer(at(1)))).toEqual([1]);
    expect(serials(cursor.offer(at(2)))).toEqual([2, 3]);
    expect(cursor.isBehind).toBe(false);
    cursor.offer(at(6));
    expect(serials(cursor.filled(cursor.position, page(4, 5)))).toEqual([4, 5, 6]);
  });

  it('prefers the envelope of the bus, which knows whom to leave out', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 0 });
    cursor.offer({ ...at(2), exceptSocketId: '1.1' });
    const delivered = cursor.filled(cursor.position, page(1, 2));
    expect(delivered.map(({ exceptSocketId }) => exceptSocketId)).toEqual([undefined, '1.1']);
  });

  it('reads on where a page was not the last', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 0 });
    cursor.hint({ streamId: 's', serial: 4 });
    expect(
      serials(cursor.filled(cursor.position, { ...page(1, 2, true), head: { streamId: 's', serial: 4 } })),
    ).toEqual([1, 2]);
    expect(cursor.isBehind).toBe(true);
    expect(serials(cursor.filled(cursor.position, page(3, 4)))).toEqual([3, 4]);
    expect(cursor.isBehind).toBe(false);
  });

  it('skips what retention took, but nothing that it holds', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 0 });
    cursor.offer(at(5));
    const gap = { kind: 'gap' as const, reason: 'trimmed' as const, state: state(9, 8) };
    expect(serials(cursor.filled(cursor.position, gap))).toEqual([5]);
    expect(cursor.position.serial).toBe(7);
    expect(cursor.isBehind).toBe(true);
  });

  it('begins again with the stream that a reset made, and is not misled by late frames of the old one', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 7 });
    expect(cursor.offer(at(2, 'new'))).toEqual([]);
    const gap = { kind: 'gap' as const, reason: 'other-stream' as const, state: state(2, 1, 'new') };
    cursor.filled(cursor.position, gap);
    expect(cursor.position).toEqual({ streamId: 'new', serial: 0 });
    expect(cursor.isBehind).toBe(true);
    cursor.offer(at(8));
    const read = {
      ...page(1, 2),
      envelopes: [at(1, 'new'), at(2, 'new')],
      head: { streamId: 'new', serial: 2 },
    };
    expect(serials(cursor.filled(cursor.position, read))).toEqual([1, 2]);
    expect(cursor.isBehind).toBe(false);
  });

  it('ignores a gap that was found from an older place', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 0 });
    const from = cursor.position;
    cursor.offer(at(2));
    cursor.offer(at(1));
    cursor.filled(from, { kind: 'gap', reason: 'ahead', state: state(0, null) });
    expect(cursor.position.serial).toBe(2);
  });

  it('gives up on what the log does not have after some reads', () => {
    const cursor = new DeliveryCursor({ streamId: 's', serial: 0 });
    cursor.offer(at(2));
    const empty = { kind: 'page' as const, envelopes: [], more: false, head: { streamId: 's', serial: 0 } };
    const delivered = Array.from({ length: 5 }, () => cursor.filled(cursor.position, empty)).flat();
    expect(serials(delivered)).toEqual([2]);
    expect(cursor.isBehind).toBe(false);
  });
});
