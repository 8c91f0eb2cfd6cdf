import { messageLogContract } from '../ports/message-log.contract.ts';
import { createMemoryChannelLog } from './channel-log.ts';

messageLogContract(
  'memory',
  async ({ now }) => {
    const log = createMemoryChannelLog({ now });
    return { log, close: () => log.close() };
  },
  { runs: 300 },
);
