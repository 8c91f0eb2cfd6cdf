import { afterEach, describe, expect, it } from 'vitest';
import { fakeApp } from '../http/fake-deps.ts';
import {
  CHANNEL,
  createFixture,
  type Fixture,
  type FixtureOptions,
  said,
} from './testing/history-fixture.ts';

const open: Fixture[] = [];
const fixtureOf = (options?: FixtureOptions): Fixture => {
  const fixture = createFixture(options);
  open.push(fixture);
  return fixture;
};
afterEach(async () => {
  for (const { history, log } of open.splice(0)) {
    await history.close();
    await log.close();
  }
});

describe('recording', () => {
  it('keeps the order of a channel over many batches', async () => {
    const fixture = fixtureOf();
    const expected: string[] = [];
    for (let i = 0; i < 700; i += 1) {
      fixture.record('member_added', `user-${i}`);
      expected.push(`member_added user-${i}`);
    }
    const transitions = await fixture.stored();
    expect(said(transitions)).toEqual(expected);
    expect(transitions.map(({ serial }) => serial)).toEqual(expected.map((_, index) => index + 1));
    expect(fixture.counters.of('4242').presenceHistoryWrites).toBe(700);
  });

  it('stores nothing in the turn in which it is called', async () => {
    const fixture = fixtureOf();
    fixture.record('member_added', 'ann');
    expect((await fixture.log.state(fixture.source.key)).messages).toBe(0);
    expect(fixture.history.counts().queueDepth).toBe(1);
    await fixture.stored();
    expect((await fixture.log.state(fixture.source.key)).messages).toBe(1);
    expect(fixture.history.counts().queueDepth).toBe(0);
  });

  it('skips what repeats the latest transition of a user', async () => {
    const fixture = fixtureOf();
    fixture.record('member_added', 'ann');
    fixture.record('member_added', 'ann');
    fixture.record('member_updated', 'ann');
    fixture.record('member_updated', 'ann');
    await fixture.stored();
    fixture.record('member_updated', 'ann');
    fixture.record('member_removed', 'ann', { cause: 'timeout' });
    fixture.record('member_removed', 'ann', { cause: 'orphan_cleanup', deadNodeId: 'n2' });
    fixture.record('member_added', 'ann');
    expect(said(await fixture.stored())).toEqual([
      'member_added ann',
      'member_updated ann',
      'member_removed ann',
      'member_added ann',
    ]);
  });

  it('skips a second report of one change by its key', async () => {
    const fixture = fixtureOf();
    fixture.record('member_removed', 'ann', { dedupeKey: 'node n2 died: ann' });
    fixture.record('member_added', 'ann');
    fixture.record('member_removed', 'ann', { dedupeKey: 'node n2 died: ann' });
    expect(said(await fixture.stored())).toEqual(['member_removed ann', 'member_added ann']);
  });

  it('keeps both visits of one socket', async () => {
    const fixture = fixtureOf();
    for (let visit = 0; visit < 2; visit += 1) {
      fixture.record('member_added', 'ann');
      fixture.record('member_removed', 'ann');
    }
    expect(said(await fixture.stored())).toHaveLength(4);
  });

  it('reads what it no longer knows: after a restart, a reset, a purge, another writer', async () => {
    const fixture = fixtureOf();
    fixture.record('member_added', 'ann');
    await fixture.stored();
    const restarted = fixture.restarted();
    restarted.record('member_added', 'ann');
    restarted.record('member_added', 'bob');
    expect(said(await restarted.stored())).toEqual(['member_added ann', 'member_added bob']);
    fixture.record('member_added', 'bob');
    expect(said(await fixture.stored())).toEqual(['member_added ann', 'member_added bob']);
    await fixture.log.purge(fixture.source.key);
    fixture.record('member_added', 'bob');
    expect(said(await fixture.stored())).toEqual(['member_added bob']);
    await restarted.history.reset(fixture.app, CHANNEL);
    fixture.record('member_added', 'bob');
    const [first] = await fixture.stored();
    expect(first).toMatchObject({ serial: 1, event: { user_id: 'bob' } });
  });

  it('reads a long history to its end', async () => {
    const fixture = fixtureOf();
    for (let i = 0; i < 1_200; i += 1) fixture.record('member_added', `user-${i}`);
    await fixture.history.close();
    const restarted = fixture.restarted();
    for (const i of [0, 999, 1_000, 1_199, 1_200]) restarted.record('member_added', `user-${i}`);
    await restarted.history.close();
    expect((await fixture.log.state(fixture.source.key)).messages).toBe(1_201);
  });

  it('counts retention when it asks what was said last', async () => {
    const fixture = fixtureOf({ retention: { messages: 2 } });
    fixture.record('member_added', 'ann');
    fixture.record('member_added', 'bob');
    fixture.record('member_added', 'cid');
    await fixture.stored();
    fixture.record('member_added', 'ann');
    expect(said(await fixture.stored())).toEqual(['member_added cid', 'member_added ann']);
  });

  it('records only where the policy says so', async () => {
    const fixture = fixtureOf();
    const app = fakeApp();
    const change = {
      event: 'member_added',
      cause: 'join',
      userId: 'a',
      connectionId: '1.1',
      info: '{}',
    } as const;
    fixture.history.record(app, CHANNEL, change);
    expect(await fixture.stored()).toEqual([]);
  });
});

describe('a history that loses transitions', () => {
  it('says that it does, without failing anybody, until it is reset', async () => {
    const fixture = fixtureOf();
    fixture.isBroken = true;
    fixture.record('member_added', 'ann');
    const condition = async () => (await fixture.history.state(fixture.app, CHANNEL)).condition;
    expect((await condition()).ailment).toMatchObject({
      state: 'degraded',
      reason: 'presence_history_write_failed',
    });
    fixture.isBroken = false;
    fixture.record('member_added', 'bob');
    expect(said(await fixture.stored())).toEqual(['member_added bob']);
    fixture.isBroken = true;
    fixture.record('member_removed', 'bob');
    await fixture.stored();
    expect((await condition()).ailment?.state).toBe('reset_required');
    expect(fixture.history.counts()).toMatchObject({ degradedChannels: 1, resetRequiredChannels: 1 });
    expect(fixture.counters.of('4242').presenceHistoryWriteFailures).toBe(2);
    expect(fixture.logged).toHaveLength(1);
    fixture.isBroken = false;
    await fixture.history.reset(fixture.app, CHANNEL);
    expect((await condition()).ailment).toBeNull();
    expect(fixture.history.counts()).toMatchObject({ degradedChannels: 0, resetRequiredChannels: 0 });
  });

  it('does not take for stored what was not', async () => {
    const fixture = fixtureOf();
    fixture.isBroken = true;
    fixture.record('member_added', 'ann');
    await fixture.stored();
    fixture.isBroken = false;
    fixture.record('member_added', 'ann');
    expect(said(await fixture.stored())).toEqual(['member_added ann']);
  });

  it('loses what is beyond the bound of the queue, and nothing else', async () => {
    const fixture = fixtureOf({ bounds: { maxWaitingChars: 2_000 } });
    for (let i = 0; i < 20; i += 1) fixture.record('member_added', `user-${i}`);
    const accepted = fixture.history.counts().queueDepth;
    expect(accepted).toBeGreaterThan(3);
    expect(await fixture.stored()).toHaveLength(accepted);
    expect(fixture.counters.of('4242').presenceHistoryWriteFailures).toBe(20 - accepted);
    fixture.record('member_added', 'late');
    expect((await fixture.stored()).at(-1)?.event.user_id).toBe('late');
    const { condition } = await fixture.history.state(fixture.app, CHANNEL);
    expect(condition.ailment?.reason).toBe('presence_history_queue_full');
  });

  it('stores what waits when it is closed', async () => {
    const fixture = fixtureOf();
    for (let i = 0; i < 600; i += 1) fixture.record('member_added', `user-${i}`);
    await fixture.history.close();
    expect((await fixture.log.state(fixture.source.key)).messages).toBe(600);
    fixture.record('member_added', 'late');
    await fixture.history.close();
    expect((await fixture.log.state(fixture.source.key)).messages).toBe(600);
  });
});
