import { expect, it } from 'vitest';
import { channelRecordsContract } from '../ports/channel-records.contract.ts';
import { put, recordsOf } from '../ports/channel-records.contract-support.ts';
import { createMemoryChannelLog } from './channel-log.ts';

channelRecordsContract(
  'memory',
  async ({ now }) => {
    const log = createMemoryChannelLog({ now });
    return { log, close: () => log.close() };
  },
  { runs: 300 },
);

it('counts records towards its bytes and takes them from the longest unused channel', async () => {
  const log = createMemoryChannelLog({ maxBytes: 100_000 });
  const key = (channel: string) => ({ appId: 'app', channel });
  const value = JSON.stringify('x'.repeat(7_000));
  await log.change(key('old'), put('r1', { value }));
  const { streamId } = await log.head(key('old'));
  for (let index = 0; index < 12; index += 1) await log.change(key('young'), put(`r${index}`, { value }));
  expect(await recordsOf(log, key('old'))).toHaveLength(1);
  for (let index = 12; index < 13; index += 1) await log.change(key('young'), put(`r${index}`, { value }));
  expect(await recordsOf(log, key('old'))).toHaveLength(0);
  expect(await recordsOf(log, key('young'))).toHaveLength(13);
  expect((await log.head(key('old'))).streamId).toBe(streamId);
  await log.close();
});
