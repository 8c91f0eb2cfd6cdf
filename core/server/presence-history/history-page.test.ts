import { historyQueryOf, NO_BOUNDS, nextCursor } from '@sockudo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHistoryPage } from './history-page.ts';
import { createFixture, type Fixture } from './testing/history-fixture.ts';

const scope = { appId: '4242', channel: 'presence-room', maxLimit: 100, noun: 'Presence history' } as const;

async function serialsOf(
  { source }: Fixture,
  direction: 'newest_first' | 'oldest_first',
  limit: number,
  between?: () => Promise<unknown>,
): Promise<number[]> {
  const serials: number[] = [];
  let cursor: string | undefined;
  for (;;) {
    const wish = { direction, limit, bounds: NO_BOUNDS, ...(cursor !== undefined && { cursor }) };
    const query = historyQueryOf(wish, scope);
    const { transitions, next } = await readHistoryPage(source, query);
    serials.push(...transitions.map(({ serial }) => serial));
    if (next === null) return serials;
    cursor = nextCursor(scope, query, next.streamId, next.serial);
    await between?.();
  }
}

async function filled(count: number): Promise<Fixture> {
  const fixture = createFixture();
  for (let i = 0; i < count; i += 1) fixture.record('member_added', `user-${i}`);
  await fixture.stored();
  return fixture;
}

describe('pages', () => {
  it('put together are the whole history, in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(25), fc.integer({ min: 1, max: 9 }), async (count, limit) => {
        const fixture = await filled(count);
        const all = Array.from({ length: count }, (_, index) => index + 1);
        expect(await serialsOf(fixture, 'oldest_first', limit)).toEqual(all);
        expect(await serialsOf(fixture, 'newest_first', limit)).toEqual(all.toReversed());
        await fixture.log.close();
      }),
      { numRuns: 60 },
    );
  });

  it('refuse a cursor after a reset, and one of a place that was trimmed', async () => {
    const fixture = await filled(6);
    const { log, key } = fixture.source;
    await expect(serialsOf(fixture, 'newest_first', 2, () => log.reset(key))).rejects.toThrow(
      'Expired presence history cursor: the channel has another stream now',
    );
    const trimmed = await filled(6);
    await expect(
      serialsOf(trimmed, 'oldest_first', 2, () => trimmed.log.purge(trimmed.source.key)),
    ).rejects.toMatchObject({ httpStatus: 400, code: 'invalid_input' });
  });
});
