import { describe, expect, it } from 'vitest';
import { Standings, StandingsCache } from './standings.ts';
import type { StoredTransition, Transition, TransitionEvent } from './transition.ts';

const transition = (event: TransitionEvent, userId: string, dedupeKey: string): Transition => ({
  event,
  cause: 'join',
  userId,
  connectionId: null,
  info: null,
  dedupeKey,
  publishedAtMs: 0,
});

const stored = (serial: number, event: TransitionEvent, userId: string, key: string): StoredTransition => ({
  streamId: 's',
  serial,
  publishedAtMs: 0,
  payloadBytes: 0,
  event: {
    published_at_ms: 0,
    event,
    cause: 'join',
    user_id: userId,
    connection_id: null,
    user_info: null,
    dead_node_id: null,
    dedupe_key: key,
  },
});

describe('standings', () => {
  it('admit what changes and refuse what was said last about a user', () => {
    const standings = new Standings();
    const admit = (event: TransitionEvent, userId: string, key: string): boolean =>
      standings.admit(transition(event, userId, key), 1);
    expect(admit('member_added', 'ann', 'a1')).toBe(true);
    expect(admit('member_added', 'ann', 'a2')).toBe(false);
    expect(admit('member_added', 'bob', 'b1')).toBe(true);
    expect(admit('member_updated', 'ann', 'a3')).toBe(true);
    expect(admit('member_updated', 'ann', 'a4')).toBe(false);
    expect(admit('member_removed', 'ann', 'a5')).toBe(true);
  });

  it('refuse a key that was seen, also when something else was said since', () => {
    const standings = new Standings();
    standings.observe(stored(1, 'member_added', 'ann', 'a1'));
    standings.observe(stored(2, 'member_removed', 'ann', 'a2'));
    expect(standings.admit(transition('member_added', 'ann', 'a1'), 1)).toBe(false);
    expect(standings.admit(transition('member_added', 'ann', 'a3'), 1)).toBe(true);
    expect(standings.position).toEqual({ streamId: 's', serial: 2 });
  });

  it('know nothing of what is no longer retained', () => {
    const standings = new Standings();
    standings.observe(stored(4, 'member_added', 'ann', 'a1'));
    expect(standings.admit(transition('member_added', 'ann', 'a1'), 5)).toBe(true);
  });

  it('drop forgotten users once there are many', () => {
    const standings = new Standings();
    for (let serial = 1; serial <= 2_000; serial += 1) {
      standings.observe(stored(serial, 'member_added', `user ${serial}`, `key ${serial}`));
    }
    standings.forgetBelow(1_901);
    expect(standings.size).toBe(100);
  });
});

describe('the cache of standings', () => {
  const known = (...users: string[]): Standings => {
    const standings = new Standings();
    users.forEach((user, index) => {
      standings.observe(stored(index + 1, 'member_added', user, user));
    });
    return standings;
  };

  it('drops the channels unused for longest beyond its bound, never the one just given', () => {
    const cache = new StandingsCache(3);
    cache.give('a', known('1', '2'));
    cache.give('b', known('3'));
    const a = cache.take('a');
    if (a !== undefined) cache.give('a', a);
    cache.give('c', known('4'));
    expect(cache.take('b')).toBeUndefined();
    cache.give('d', known('5', '6', '7', '8'));
    expect([cache.take('a'), cache.take('c')]).toEqual([undefined, undefined]);
    expect(cache.take('d')?.size).toBe(4);
    expect(cache.take('d')).toBeUndefined();
  });
});
