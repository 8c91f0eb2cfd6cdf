import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryPresence } from '../memory/presence.ts';
import { snapshotAt } from './snapshot.ts';
import { CHANNEL, createFixture, type Fixture } from './testing/history-fixture.ts';

const NOW = { atSerial: null, atTimeMs: null } as const;
const whole = { isHealthy: true, pageRows: 3 } as const;

const refusalOf = async (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no refusal',
    (error: { httpStatus: number; message: string }) => `${error.httpStatus} ${error.message}`,
  );

describe('a snapshot', () => {
  it('of nothing is empty and complete', async () => {
    const { source } = createFixture();
    expect(await snapshotAt(source, NOW, whole)).toMatchObject({
      members: [],
      replayed: 0,
      last: null,
      isTruncated: false,
      isComplete: true,
    });
  });

  it('lists members by user id with their latest transition', async () => {
    const fixture = createFixture();
    for (const user of ['cid', 'ann', 'bob', 'dan']) fixture.record('member_added', user);
    fixture.record('member_updated', 'bob');
    fixture.record('member_removed', 'cid');
    await fixture.stored();
    const { members, replayed, last } = await snapshotAt(fixture.source, NOW, whole);
    expect(members.map(({ serial, event }) => [event.user_id, event.event, serial])).toEqual([
      ['ann', 'member_added', 2],
      ['bob', 'member_updated', 5],
      ['dan', 'member_added', 4],
    ]);
    expect([replayed, last?.serial]).toEqual([6, 6]);
  });

  it('ends at a serial, or at a time, which is inclusive too', async () => {
    const fixture = createFixture();
    const { log, source } = fixture;
    for (const [user, publishedAtMs] of [
      ['ann', 10],
      ['bob', 20],
      ['cid', 30],
    ] as const) {
      await log.commit({ entries: [rawDraft(fixture, 'member_added', user, publishedAtMs)], receipts: [] });
    }
    const users = async (point: object): Promise<string[]> => {
      const { members } = await snapshotAt(source, { ...NOW, ...point }, whole);
      return members.map(({ event }) => event.user_id);
    };
    expect(await users({ atSerial: 2 })).toEqual(['ann', 'bob']);
    expect(await users({ atSerial: 0 })).toEqual([]);
    expect(await users({ atSerial: 99 })).toEqual(['ann', 'bob', 'cid']);
    expect(await users({ atTimeMs: 20 })).toEqual(['ann', 'bob']);
    expect(await users({ atTimeMs: 19 })).toEqual(['ann']);
    expect(await users({ atTimeMs: 30, atSerial: 1 })).toEqual(['ann']);
  });

  it.each([
    ['member_added', 'serial 2 adds a member who was there already'],
    ['member_updated', 'serial 2 is about a user who had not joined'],
    ['member_removed', 'serial 2 is about a user who had not joined'],
  ] as const)('of a whole history refuses an impossible %s', async (event, why) => {
    const fixture = createFixture();
    const user = event === 'member_added' ? 'ann' : 'bob';
    const entries = [rawDraft(fixture, 'member_added', 'ann', 1), rawDraft(fixture, event, user, 2)];
    await fixture.log.commit({ entries, receipts: [] });
    const { source } = fixture;
    expect(await refusalOf(snapshotAt(source, NOW, whole))).toBe(
      `400 Presence snapshot is not available: ${why}`,
    );
    expect((await snapshotAt(source, { ...NOW, atTimeMs: 9 }, whole)).replayed).toBe(2);
    expect((await snapshotAt(source, { ...NOW, atSerial: 1 }, whole)).replayed).toBe(1);
    expect((await snapshotAt(source, NOW, { isHealthy: false })).isComplete).toBe(false);
  });

  it('of a trimmed history is truncated, and takes what it finds', async () => {
    const fixture = createFixture({ retention: { messages: 2 } });
    for (const user of ['ann', 'bob', 'cid']) fixture.record('member_added', user);
    fixture.record('member_removed', 'ann');
    await fixture.stored();
    const snapshot = await snapshotAt(fixture.source, NOW, whole);
    expect(snapshot).toMatchObject({ isTruncated: true, isComplete: false, replayed: 2 });
    expect(snapshot.members.map(({ event }) => event.user_id)).toEqual(['cid']);
  });

  it.each([
    ['reset', 'the stream changed'],
    ['purge', 'transitions were removed'],
  ] as const)('refuses a %s between two of its pages', async (change, why) => {
    const fixture = createFixture();
    for (let i = 0; i < 6; i += 1) fixture.record('member_added', `user-${i}`);
    await fixture.stored();
    const { log, key } = fixture.source;
    const source = {
      key,
      log: new Proxy(log, {
        get(target, name) {
          if (name !== 'read') return Reflect.get(target, name);
          return async (...args: Parameters<typeof log.read>) => {
            const page = await target.read(...args);
            await target[change](key);
            return page;
          };
        },
      }),
    };
    expect(await refusalOf(snapshotAt(source, NOW, whole))).toContain(why);
  });
});

function rawDraft(
  { source }: Fixture,
  event: 'member_added' | 'member_updated' | 'member_removed',
  userId: string,
  publishedAtMs: number,
) {
  const data = JSON.stringify({
    published_at_ms: publishedAtMs,
    event,
    cause: 'join',
    user_id: userId,
    connection_id: null,
    user_info: null,
    dead_node_id: null,
    dedupe_key: `${event} ${userId} ${publishedAtMs}`,
  });
  return { key: source.key, event, data, publishedAtMs, retention: {} };
}

type Step =
  | { readonly kind: 'connect' | 'disconnect'; readonly socketId: string; readonly userId: string }
  | { readonly kind: 'update'; readonly userId: string }
  | { readonly kind: 'repeat' | 'restart' | 'settle' };

const user = fc.constantFrom('ann', 'bob', 'cid', 'dan');
const socket = fc.constantFrom('1.1', '2.2', '3.3', '4.4', '5.5', '6.6');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('connect' as const), socketId: socket, userId: user }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('disconnect' as const), socketId: socket, userId: user }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('update' as const), userId: user }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('repeat' as const, 'restart' as const, 'settle' as const) }),
  },
);

/** What the history must come to: one membership for every serial. */
class Model {
  readonly memberships: ReadonlyMap<string, string>[] = [new Map()];
  readonly #latest = new Map<string, string>();

  say(event: string, userId: string): void {
    if (this.#latest.get(userId) === event) return;
    this.#latest.set(userId, event);
    const membership = new Map(this.memberships.at(-1));
    if (event === 'member_removed') membership.delete(userId);
    else membership.set(userId, event);
    this.memberships.push(membership);
  }
}

describe('replayed snapshots', () => {
  it('equal the member list at every serial, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const model = new Model();
        const fixture = await play(steps, model);
        for (const [atSerial, expected] of model.memberships.entries()) {
          const { members } = await snapshotAt(fixture.source, { ...NOW, atSerial }, whole);
          const actual = members.map(({ event }) => [event.user_id, event.event]);
          expect(actual).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
        }
        expect((await fixture.stored()).length).toBe(model.memberships.length - 1);
        await fixture.log.close();
      }),
      { numRuns: 300 },
    );
  });
});

async function play(steps: readonly Step[], model: Model): Promise<Fixture> {
  const presence = createMemoryPresence();
  const appId = 'app';
  let fixture = createFixture({ bounds: { maxKnownUsers: 1 } });
  let report = (): void => {};
  let repetitions = 0;
  const say = (event: 'member_added' | 'member_updated' | 'member_removed', userId: string): void => {
    model.say(event, userId);
    repetitions += 1;
    const dedupeKey = `change ${repetitions}`;
    report = () => fixture.record(event, userId, { dedupeKey });
    report();
  };
  for (const step of steps) {
    if (step.kind === 'connect') {
      const { socketId, userId } = step;
      const joined = await presence.join({
        appId,
        channel: CHANNEL,
        socketId,
        member: { userId, info: '{}' },
      });
      if (joined.kind === 'joined' && joined.isFirst) say('member_added', userId);
    } else if (step.kind === 'disconnect') {
      const left = await presence.leave(appId, CHANNEL, step.socketId);
      if (left?.isLast === true) say('member_removed', left.userId);
    } else if (step.kind === 'update') {
      const { userId } = step;
      if (await presence.update(appId, CHANNEL, { userId, info: '{}' })) say('member_updated', userId);
    } else if (step.kind === 'repeat') {
      report();
    } else {
      await fixture.stored();
      if (step.kind === 'restart') fixture = fixture.restarted();
    }
  }
  await fixture.stored();
  return fixture;
}
