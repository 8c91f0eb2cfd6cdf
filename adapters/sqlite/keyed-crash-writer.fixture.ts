// Child process of keyed-crash.test.ts: writes batches that belong together as fast as it can, prints a line for each once it is
// acknowledged, until it is killed. The dot at the end of a line tells that it is whole.
import { put, remove, writeAll } from '../../core/server/ports/keyed-store.contract-support.ts';
import { createKeyedStore } from './index.ts';

const WRITERS = 8;

const [path = '', , walBytes = ''] = process.argv.slice(2);
const store = await createKeyedStore({ path, walBytes: Number(walBytes) });
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

/** A counter that goes up by one with each item, and an index key that moves with it. */
async function write(writer: number): Promise<void> {
  for (;;) {
    const counter = await store.get(`counter/${writer}`);
    const before = Number(counter?.value ?? 0);
    const next = put(`counter/${writer}`, {
      value: String(before + 1),
      ...(counter === null ? { ifAbsent: true } : { ifRevision: counter.revision }),
    });
    const item = put(`item/${writer}/${before + 1}`, { value: JSON.stringify('x'.repeat(500)) });
    const index = [put(`newest/${writer}/${before + 1}`), remove(`newest/${writer}/${before}`)];
    const revision = await writeAll(store, item, ...index, next);
    process.stdout.write(`${writer} ${before + 1} ${revision} .\n`);
  }
}
