import { describe, expect, it } from 'vitest';
import { channelLogContract } from '../ports/channel-log.contract.ts';
import { commitMany, commitOne, draftOf } from '../ports/channel-log.contract-support.ts';
import { createMemoryChannelLog } from './channel-log.ts';

channelLogContract('memory', async ({ now }) => {
  const log = createMemoryChannelLog({ now });
  return { log, close: () => log.close() };
});

describe('memory channel log', () => {
  const key = (channel: string) => ({ appId: 'app', channel });

  it('forgets the longest unused channel beyond its bound, empty ones first', async () => {
    const log = createMemoryChannelLog({ maxChannels: 3 });
    for (const name of ['old', 'mid', 'new']) await commitOne(log, draftOf(key(name)));
    const empty = await log.head(key('empty'));
    expect((await log.head(key('old'))).serial).toBe(1);
    await commitOne(log, draftOf(key('newest')));
    expect((await log.head(key('mid'))).serial).toBe(1);
    expect((await log.state(key('old'))).messages).toBe(0);
    expect((await log.head(key('empty'))).streamId).not.toBe(empty.streamId);
    await log.close();
  });

  it('gives up the oldest entries of the longest unused channel beyond its bytes', async () => {
    const log = createMemoryChannelLog({ maxBytes: 100 });
    const given = { event: '', data: '0123456789', retention: {} };
    await commitMany(log, key('old'), 6, given);
    await commitMany(log, key('new'), 6, given);
    expect(await log.state(key('old'))).toMatchObject({ oldestSerial: 3, messages: 4 });
    expect(await log.state(key('new'))).toMatchObject({ oldestSerial: 1, messages: 6 });
    await commitMany(log, key('new'), 9, given);
    expect(await log.state(key('old'))).toMatchObject({ messages: 0, head: { serial: 6 } });
    expect(await log.state(key('new'))).toMatchObject({ oldestSerial: 6, messages: 10, bytes: 100 });
    await log.close();
  });

  it('forgets the receipt that ends first beyond its bound', async () => {
    const log = createMemoryChannelLog({ maxReceipts: 2, now: () => 0 });
    for (const [receiptKey, expiresAtMs] of [
      ['late', 300],
      ['soon', 100],
      ['later', 400],
    ] as const) {
      await log.commit({
        entries: [],
        receipts: [{ scope: 's', key: receiptKey, expiresAtMs, answer: () => '' }],
      });
    }
    expect(await log.receipt('s', 'soon')).toBeNull();
    expect(await log.receipt('s', 'late')).not.toBeNull();
    await log.close();
  });

  it('survives more channels in one commit than it may remember', async () => {
    const log = createMemoryChannelLog({ maxChannels: 1 });
    const drafts = ['a', 'b', 'a', 'c', 'b'].map((name) => draftOf(key(name)));
    const result = await log.commit({ entries: drafts, receipts: [] });
    expect(result.kind === 'committed' && result.entries.map(({ serial }) => serial)).toEqual([
      1, 1, 2, 1, 2,
    ]);
    await log.close();
  });
});
