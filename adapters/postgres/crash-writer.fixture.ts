// Child process of crash.test.ts: commits and appends as fast as it can, prints a line for each once it is acknowledged, until it is
// killed. A line stands for a promise that was kept before the kill.
import { createVersionSerials } from '@sockudo/protocol';
import { createChannelLog } from './index.ts';

const [port = '', round = ''] = process.argv.slice(2);
const log = await createChannelLog({
  connection: { host: '127.0.0.1', port: Number(port), user: 'postgres', database: 'postgres' },
});
const serials = createVersionSerials(`round-${round}`, Date.now);
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: 12 }, (_, publisher) => publish(publisher)));

/** A message in a channel of its own group and one in the common channel, both or none; then an append to the first. */
async function publish(publisher: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const text = `${round}.${publisher}.${index}`;
    const entries = [`group-${publisher % 3}`, 'common'].map((channel) => ({
      key: { appId: 'app', channel },
      event: text,
      data: JSON.stringify(text),
      publishedAtMs: Date.now(),
      versionSerial: (serial: number) => serials.next(serial),
      retention: {},
    }));
    const receipt = { scope: 'texts', key: text, expiresAtMs: Date.now() + 600_000, answer: () => text };
    const result = await log.commit({ entries, receipts: [receipt] });
    if (result.kind !== 'committed') throw new Error(result.kind);
    process.stdout.write(`commit ${text}\n`);
    const [first] = result.entries;
    if (first?.messageSerial === undefined) throw new Error('a message was expected');
    const appended = await log.mutate({
      key: first.key,
      messageSerial: first.messageSerial,
      publishedAtMs: Date.now(),
      retention: {},
      apply: ({ event }) => ({ action: 'append', data: '" and more"', event }),
      versionSerial: serials.next,
      receipt: { ...receipt, key: `append ${text}`, answer: ({ versionSerial }) => versionSerial },
    });
    if (appended.kind !== 'committed') throw new Error(appended.kind);
    process.stdout.write(`append ${text}\n`);
  }
}
