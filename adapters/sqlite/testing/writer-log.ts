// The start of a process that writes until it is killed (`killed-writer.ts`).
import { createVersionSerials } from '@sockudo/protocol';
import { createChannelLog } from '../index.ts';

/** Opens the log that the arguments name, and tells that it is open. */
export async function openWriterLog() {
  const [path = '', round = '', walBytes = ''] = process.argv.slice(2);
  // So few recent rows that kills meet them on the move, too.
  const log = await createChannelLog({ path, walBytes: Number(walBytes), maxRecentEntries: 100 });
  const clock = {
    get nowMs(): number {
      return Date.now();
    },
  };
  process.stdout.write('ready\n');
  return { log, clock, serials: createVersionSerials(`round-${round}`, Date.now), round };
}
