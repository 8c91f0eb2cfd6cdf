// Rows taken from kept texts against the same rows read and encoded by the ordinary way.
import { parseAppend } from '@sockudo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadRange } from '../ports/channel-log.ts';
import { readRows, readUnchangedRows } from './history-rows.ts';
import { RowTexts } from './row-texts.ts';
import { durableApp } from './testing/api-caller.ts';
import { type DurableChannels, durableChannels } from './testing/durable-channels.ts';

const app = durableApp();
const key = { appId: app.id, channel: 'room' };

async function publish(channels: DurableChannels, count: number): Promise<void> {
  for (let i = 1; i <= count; i += 1) await channels.create(app, key.channel, 'ev', `m${i} é☃`);
}

async function unchanged({ log }: DurableChannels, range: ReadRange, kept: RowTexts) {
  return readUnchangedRows(log, key, range, await log.state(key), kept);
}

const ranges: fc.Arbitrary<ReadRange> = fc
  .record({
    direction: fc.constantFrom('oldest-first' as const, 'newest-first' as const),
    limit: fc.integer({ min: 1, max: 6 }),
    startSerial: fc.option(fc.nat(14), { nil: undefined }),
    endSerial: fc.option(fc.nat(14), { nil: undefined }),
  })
  .map(({ direction, limit, startSerial, endSerial }) => ({
    direction,
    limit,
    ...(startSerial !== undefined && { startSerial }),
    ...(endSerial !== undefined && { endSerial }),
  }));

describe('rows of a channel in which nothing has changed', () => {
  it('are those that the log has, whatever was read before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(ranges, fc.constantFrom('publish', 'cut', 'reset')), { maxLength: 20 }),
        async (steps) => {
          const channels = durableChannels();
          // So few that rows make room for others, too.
          const kept = new RowTexts(2_000);
          await publish(channels, 5);
          for (const step of steps) {
            if (step === 'publish') await publish(channels, 1);
            else if (step === 'reset') await channels.log.reset(key);
            else if (typeof step === 'string') await channels.log.purge(key, { serial: 3 });
            else {
              const isEmpty = (await channels.log.state(key)).messages === 0;
              const expected = isEmpty ? null : await readRows(channels.log, key, step, false);
              expect(await unchanged(channels, step, kept)).toEqual(expected);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are read once', async () => {
    const channels = durableChannels();
    await publish(channels, 8);
    const kept = new RowTexts();
    const asked: ReadRange[] = [];
    const { log } = channels;
    const rows: typeof log.rows = (of, range) => {
      asked.push(range);
      return log.rows(of, range);
    };
    const read = async (range: ReadRange) =>
      readUnchangedRows({ rows }, key, range, await log.state(key), kept);
    await read({ direction: 'oldest-first', limit: 4, startSerial: 2 });
    await read({ direction: 'newest-first', limit: 4, endSerial: 5 });
    await read({ direction: 'oldest-first', limit: 4, startSerial: 3 });
    expect(asked.map(({ startSerial, endSerial }) => [startSerial, endSerial])).toEqual([
      [2, 5],
      [6, 6],
    ]);
  });
});

describe('rows that are left to the ordinary way', () => {
  it('are those of a channel with a change, also where they were kept before', async () => {
    const channels = durableChannels();
    const kept = new RowTexts();
    const range: ReadRange = { direction: 'oldest-first', limit: 2 };
    const messageSerial = await channels.create(app, key.channel, 'ev', 'm');
    await publish(channels, 3);
    expect(await unchanged(channels, range, kept)).not.toBeNull();
    await channels.mutations.change(app, key.channel, messageSerial, parseAppend({ data: '+' }));
    expect(await unchanged(channels, range, kept)).toBeNull();
    // Once the changed message has left the history, the others are as they were.
    await channels.log.purge(key, { serial: 6 });
    await publish(channels, 2);
    expect(await unchanged(channels, range, kept)).toEqual(await readRows(channels.log, key, range, false));
  });

  it('are those of a channel that moves on while they are read', async () => {
    const channels = durableChannels();
    const { log } = channels;
    await publish(channels, 3);
    const state = await log.state(key);
    await publish(channels, 1);
    const range: ReadRange = { direction: 'newest-first', limit: 2 };
    expect(await readUnchangedRows(log, key, range, state, new RowTexts())).toBeNull();
  });

  it('are those that times choose', async () => {
    const channels = durableChannels();
    await publish(channels, 2);
    const range: ReadRange = { direction: 'oldest-first', limit: 2, startTimeMs: 0 };
    expect(await unchanged(channels, range, new RowTexts())).toBeNull();
  });
});
