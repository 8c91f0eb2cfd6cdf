// Child process of crash.test.ts: commits as fast as it can, prints a line for every commit once it is acknowledged, until it
// is killed. A line stands for a promise that was kept before the kill.
import { openWriterLog } from './testing/writer-log.ts';

const { log, round } = await openWriterLog();
await Promise.all(Array.from({ length: 12 }, (_, publisher) => publish(publisher)));

/** Each commit goes to a channel of its own publisher group and to the common channel: both or none. */
async function publish(publisher: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const text = `${round}.${publisher}.${index}`;
    const entries = [`group-${publisher % 3}`, 'common'].map((channel) => ({
      key: { appId: 'app', channel },
      event: 'event',
      data: JSON.stringify(text.padEnd(20 + (index % 50) * 20)),
      publishedAtMs: Date.now(),
      messageId: text,
      retention: {},
    }));
    const receipt = { scope: 'texts', key: text, expiresAtMs: Date.now() + 600_000, answer: () => text };
    const result = await log.commit({ entries, receipts: [receipt] });
    if (result.kind !== 'committed') throw new Error(result.kind);
    process.stdout.write(`${text} ${result.entries.map(({ serial }) => serial).join(' ')}\n`);
  }
}
