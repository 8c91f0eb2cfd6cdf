import { describe, expect, it } from 'vitest';
import { messageLogContract } from '../ports/message-log.contract.ts';
import { change, createMessage, withMessages } from '../ports/message-log.contract-support.ts';
import { createMemoryChannelLog } from './channel-log.ts';

messageLogContract(
  'memory',
  async ({ now }) => {
    const log = createMemoryChannelLog({ now });
    return { log, close: () => log.close() };
  },
  { runs: 300 },
);

describe('memory message log', () => {
  it('counts changes towards its bytes and gives up the longest unused channel with all of its own', async () => {
    const maxBytes = 200_000;
    const open = async ({ now }: { readonly now: () => number }) => {
      const log = createMemoryChannelLog({ now, maxBytes });
      return { log, close: () => log.close() };
    };
    await withMessages(open, async (context) => {
      const { log, key } = context;
      const old = await createMessage(context, key('old'));
      for (let index = 0; index < 100; index += 1) await change(context, old);
      const young = await createMessage(context, key('young'));
      const data = JSON.stringify('x'.repeat(1000));
      for (let index = 0; index < 130; index += 1) await change(context, young, { data });
      expect(await log.message(key('old'), old.messageSerial)).not.toBeNull();
      for (let index = 0; index < 20; index += 1) await change(context, young, { data });
      expect(await log.message(key('old'), old.messageSerial)).toBeNull();
      expect((await log.message(key('young'), young.messageSerial))?.appendCount).toBe(150);
      expect(await log.head(key('old'))).toMatchObject({ serial: 101 });
    });
  });
});
