import { applyDelta, deltaMarksOf, parseDeltaNotice } from '@sockudo/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { V2_MESSAGEPACK, V2_PROTOBUF, V2_TEXT } from '../wire-format.ts';
import { ConnectionDeltas, type SubscriptionDelta } from './connection-deltas.ts';
import { DELTA_FRAME_MAX_BYTES, type DeltaMessageContext, deltaMessage } from './delta-message.ts';
import type { DeltaSettings } from './delta-policy.ts';
import { deltaContext, deltaSettings, seen, textIn, tick, tickText } from './testing/delta-fixture.ts';

afterEach(() => {
  vi.useRealTimers();
});

function subscriber(settings: Partial<DeltaSettings> = {}, algorithm: 'fossil' | 'xdelta3' | null = null) {
  const deltas = new ConnectionDeltas(deltaSettings(settings));
  return { deltas, algorithm } satisfies SubscriptionDelta;
}

/** Sends a message to subscribers as one delivery would. */
function deliver(
  message: Parameters<typeof deltaMessage>[0],
  subscribers: readonly SubscriptionDelta[],
  context: DeltaMessageContext = deltaContext({
    settings: subscribers[0]?.deltas.settings ?? deltaSettings(),
  }),
): readonly (Buffer | null)[] {
  const prepared = deltaMessage(message, context);
  return subscribers.map((one) => prepared?.frameFor(V2_TEXT, one) ?? null);
}

const feed = (one: SubscriptionDelta, count: number, context?: DeltaMessageContext) =>
  Array.from({ length: count }, (_, n) => seen(deliver(tick(n), [one], context)[0] ?? null));

describe('a series', () => {
  it('begins with two whole messages; after so many deltas there is another', () => {
    expect(feed(subscriber(), 8)).toEqual([
      'full 0',
      'full 1',
      'delta 2 of 1',
      'delta 3 of 2',
      'delta 4 of 3',
      'full 5',
      'delta 6 of 5',
      'delta 7 of 6',
    ]);
  });

  it('a delta makes the very text of the whole frame', () => {
    const one = subscriber();
    feed(one, 2);
    const [frame] = deliver(tick(99), [one]);
    const notice = parseDeltaNotice(JSON.parse(textIn(frame ?? Buffer.alloc(0))).data);
    if (notice === null) throw new Error('no delta');
    expect(notice.algorithm).toBe('fossil');
    const rebuilt = applyDelta('fossil', Buffer.from(tickText(1)), notice.delta);
    expect(Buffer.from(rebuilt).toString()).toBe(tickText(99));
  });

  it('is one of its event', () => {
    const one = subscriber();
    feed(one, 3);
    expect(deliver(tick(1, { event: 'trade' }), [one]).map(seen)).toEqual(['full 0']);
    expect(deliver(tick(9), [one]).map(seen)).toEqual(['delta 3 of 2']);
  });

  it('takes the whole message where a delta would not be smaller', () => {
    const one = subscriber();
    feed(one, 2);
    const random = JSON.stringify(
      Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 89) % 251)).toString('hex'),
    );
    expect(deliver(tick(2, { data: random }), [one]).map(seen)).toEqual(['full 2']);
    expect(deliver(tick(3, { data: random }), [one]).map(seen)).toEqual(['delta 3 of 2']);
  });

  it('does not use a base that is too old', () => {
    vi.useFakeTimers();
    const one = subscriber({ maxStateAgeMs: 1000 });
    feed(one, 2);
    vi.advanceTimersByTime(999);
    expect(deliver(tick(2), [one]).map(seen)).toEqual(['delta 2 of 1']);
    vi.advanceTimersByTime(1000);
    expect(deliver(tick(3), [one]).map(seen)).toEqual(['full 3']);
  });
});

describe('messages that stand outside', () => {
  it.each([
    ['not published over HTTP, or its publisher refused', { delta: false }],
    ['nothing said', { delta: undefined as never }],
    ['of the platform', { platform: true as const }],
    ['too small', { data: '"x"' }],
    ['too large', { data: JSON.stringify('x'.repeat(DELTA_FRAME_MAX_BYTES)) }],
    ['too large in bytes', { data: JSON.stringify('é'.repeat(DELTA_FRAME_MAX_BYTES / 2)) }],
    ['encrypted', { channel: 'private-encrypted-market' }],
    [
      'an edit',
      {
        version: {
          action: 'update' as const,
          messageSerial: 'm',
          versionSerial: 'v',
          timestampMs: 0,
          historySerial: 1,
        },
      },
    ],
  ])('%s', (_, changes) => {
    const one = subscriber();
    feed(one, 3);
    expect(deliver(tick(3, changes), [one])).toEqual([null]);
    expect(deliver(tick(4), [one]).map(seen)).toEqual(['delta 3 of 2']);
  });

  it('beyond the channels of one connection', () => {
    const one = subscriber({ maxChannelsPerConnection: 1 });
    feed(one, 3);
    expect(deliver(tick(0, { channel: 'another' }), [one])).toEqual([null]);
  });
});

describe('many subscribers', () => {
  it('share one frame as long as they have come equally far', () => {
    const context = deltaContext();
    const all = Array.from({ length: 3 }, () => subscriber());
    for (const n of [0, 1, 2, 3]) {
      const frames = deliver(tick(n), all, context);
      expect(new Set(frames).size).toBe(1);
      expect(frames[0]).not.toBeNull();
    }
  });

  it('share the bytes of a delta when only their numbers differ', () => {
    const context = deltaContext();
    const [early, late] = [subscriber(), subscriber()];
    feed(early, 2, context);
    for (const n of [2, 3]) deliver(tick(n), [early, late], context);
    const frames = deliver(tick(4), [early, late], context);
    expect(frames.map(seen)).toEqual(['delta 4 of 3', 'delta 2 of 1']);
    const [a, b] = frames.map((frame) => JSON.parse(textIn(frame ?? Buffer.alloc(0))).data.delta);
    expect(a).toBe(b);
  });

  it('each get the algorithm that they want', () => {
    const context = deltaContext();
    const all = [subscriber({}, 'xdelta3'), subscriber({}, null), subscriber({}, 'fossil')];
    for (const n of [0, 1]) deliver(tick(n), all, context);
    const named = deliver(tick(2), all, context).map(
      (frame) => JSON.parse(textIn(frame ?? Buffer.alloc(0))).data.algorithm,
    );
    expect(named).toEqual(['xdelta3', 'fossil', 'fossil']);
  });

  it('share the base with those that get the message later', () => {
    const context = deltaContext();
    const [live, held] = [subscriber(), subscriber()];
    feed(live, 2, context);
    const message = deltaMessage(tick(2), context);
    message?.frameFor(V2_TEXT, live);
    message?.letGo();
    expect(seen(message?.frameFor(V2_TEXT, held) ?? null)).toBe('full 0');
    const base = held.deltas.series('market', 'tick', 1)?.base;
    expect(base).toBeTruthy();
    expect(live.deltas.series('market', 'tick', 1)?.base).toBe(base);
  });

  it('are counted', () => {
    const context = deltaContext();
    const size = tickText(0).length;
    feed(subscriber(), 3, context);
    const { deltaFullMessages, deltaMessages, deltaOriginalBytes, deltaSavedBytes } = context.counters;
    expect({ deltaFullMessages, deltaMessages, deltaOriginalBytes }).toEqual({
      deltaFullMessages: 2,
      deltaMessages: 1,
      deltaOriginalBytes: 3 * size,
    });
    expect(deltaSavedBytes).toBeGreaterThan(0);
    expect(deltaSavedBytes).toBeLessThan(size);
  });
});

describe('the algorithm is left out of frames', () => {
  const named = (one: SubscriptionDelta) => {
    for (const n of [0, 1]) deliver(tick(n), [one]);
    const [frame] = deliver(tick(2), [one]);
    return JSON.parse(textIn(frame ?? Buffer.alloc(0))).data.algorithm;
  };

  it('where the client would take the same one', () => {
    expect(named(subscriber({ omitAlgorithm: true }))).toBeUndefined();
    const confirmed = subscriber({ omitAlgorithm: true, algorithm: 'xdelta3' });
    confirmed.deltas.enable([]);
    expect(named(confirmed)).toBeUndefined();
  });

  it('but not where it would take another', () => {
    expect(named(subscriber({ omitAlgorithm: true }, 'xdelta3'))).toBe('xdelta3');
    expect(named(subscriber({ omitAlgorithm: true, algorithm: 'xdelta3' }))).toBe('xdelta3');
  });
});

describe('conflation keys', () => {
  const of = (symbol: string | undefined, n: number) =>
    tick(n, { data: JSON.stringify(JSON.stringify({ symbol, price: n, note: 'padding '.repeat(12) })) });
  const marks = (frame: Buffer | null) => deltaMarksOf(JSON.parse(textIn(frame ?? Buffer.alloc(0))));

  it('have a series each, and are told in the frames', () => {
    const one = subscriber({ conflationPath: ['symbol'] });
    const frames = ['A', 'B', 'A', 'B', 'A'].map((symbol, n) => deliver(of(symbol, n), [one])[0] ?? null);
    expect(frames.map(seen)).toEqual(['full 0', 'full 0', 'full 1', 'full 1', 'delta 2 of 1']);
    expect(marks(frames[1] ?? null)).toEqual({ seq: 0, conflationKey: 'B' });
    const delta = JSON.parse(textIn(frames[4] ?? Buffer.alloc(0))).data;
    expect(parseDeltaNotice(delta)?.conflationKey).toBe('A');
  });

  it('a message without one has the empty key', () => {
    const one = subscriber({ conflationPath: ['symbol'] });
    expect(marks(deliver(of(undefined, 0), [one])[0] ?? null)).toEqual({ seq: 0, conflationKey: '' });
  });
});

describe('binary formats', () => {
  it.each([V2_MESSAGEPACK, V2_PROTOBUF] as const)('have frames of their own (class %d)', (deliveryClass) => {
    const one = subscriber();
    const frames = [0, 1, 2].map((n) => deltaMessage(tick(n), deltaContext())?.frameFor(deliveryClass, one));
    for (const frame of frames) expect(frame?.[0]).toBe(0x82);
    expect(frames[2]?.length).toBeLessThan(frames[1]?.length ?? 0);
  });

  it.each([
    ['extras', { extras: { headers: { a: 'b' } } }],
    ['tags', { tags: { '2': 'b', '1': 'a' } }],
  ])('%s are not told exactly enough there to be a base', (_, changes) => {
    const message = deltaMessage(tick(0, changes), deltaContext());
    expect(message?.frameFor(V2_MESSAGEPACK, subscriber())).toBeNull();
    expect(seen(message?.frameFor(V2_TEXT, subscriber()) ?? null)).toBe('full 0');
  });
});
