// Child process of record-crash.test.ts: writes messages as fast as it can, each of whose entries changes two records, prints a line
// for every entry once it is acknowledged, until it is killed. A line stands for a promise that was kept before the kill; the dot
// at its end tells that it is whole.
import type { RecordChange } from '@sockudo/server/ports';
import { count, remove } from '../../core/server/ports/channel-records.contract-support.ts';
import { change, createMessage } from '../../core/server/ports/message-log.contract-support.ts';
import { openWriterLog } from './testing/writer-log.ts';

const WRITERS = 8;

const context = await openWriterLog();
const { log, round } = context;
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

/** Writes one message after the other. Every fifth time its record goes and comes back with the next entry. */
async function write(writer: number): Promise<void> {
  const channel = `channel-${writer % 3}`;
  const key = { appId: 'app', channel };
  for (let number = 0; ; number += 1) {
    const run = `${round}/${writer}/${number}`;
    const data = JSON.stringify(run);
    const message = await createMessage(context, key, { data, records: [count('line'), newest(run)] });
    tell(channel, message.create.serial);
    for (let append = 1; append <= 40; append += 1) {
      const own = append % 5 === 0 ? remove(run) : newest(run);
      const entry = await change(context, message, { data, version: { records: [count('line'), own] } });
      tell(channel, entry.serial);
      if (append % 7 === 0) await log.change(key, count(`beside ${run}`));
    }
  }
}

function newest(id: string): RecordChange {
  return { kind: 'run', id, apply: (_, occasion) => ({ value: `${occasion?.serial}`, state: 'open' }) };
}

function tell(channel: string, serial: number): void {
  process.stdout.write(`${channel} ${serial} .\n`);
}
