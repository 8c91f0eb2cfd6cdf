// kill -9 of a whole server, again and again, while messages grow and are annotated: appends one by one, a stream of appends that lives
// through every death, annotations. What was acknowledged is there, once; what is repeated with its op_id is applied once.
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sockudo } from 'sockudo';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const ROUNDS = 12;
const CHANNEL = 'durable-changes';
const TYPE = 'reactions:total.v1';

let folder: string;
let server: ServerProcess;
let sockudo: Sockudo;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-changes-'));
  await start();
  const { host, port } = server;
  const { id: appId, key, secret } = TEST_APP;
  sockudo = new Sockudo({ appId, key, secret, host, port: String(port), useTLS: false });
});
afterAll(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Where the one before listened, if there was one. */
async function start(): Promise<void> {
  const port = server === undefined ? {} : { port: server.port };
  server = await startServerProcess(folder, { annotations: { enabled: true }, ...port }, APP);
}

const APP = { policy: { channels: { annotations_enabled: true } } };

const create = async (): Promise<string> => {
  const answer = await sockudo.trigger(CHANNEL, 'text', '', { info: 'message_serial' });
  const { channels } = JSON.parse(await answer.text());
  return channels[CHANNEL].message_serial;
};

/** Does one thing after the other until the server dies: true for each that was acknowledged. */
async function untilKilled(isAlive: () => boolean, act: () => Promise<void>): Promise<void> {
  while (isAlive()) {
    try {
      await act();
    } catch (error) {
      // Only the death of the server may leave a request without an answer.
      if (isAlive()) throw error;
    }
  }
}

class SingleAppends {
  readonly serial: string;
  acked = 0;

  constructor(serial: string) {
    this.serial = serial;
  }

  /** The next one; after a failure the same again. */
  async append(): Promise<void> {
    const fragment = { data: `${this.acked},`, op_id: `op-${this.acked}` };
    await sockudo.appendMessage(CHANNEL, this.serial, fragment);
    this.acked += 1;
  }
}

it(`loses and doubles nothing in ${ROUNDS} deaths`, async () => {
  const singles = await Promise.all([1, 2, 3].map(async () => new SingleAppends(await create())));
  const streamed = await create();
  const annotated = await create();
  // Waits for each next process, and goes on with what was not acknowledged.
  const stream = sockudo.appendStream(CHANNEL, streamed, { maxAttempts: 1_000 });
  const writer = stream.getWriter();
  let written = 0;
  let annotations = 0;
  let unanswered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    let left = randomInt(20, 120);
    const killed = Promise.withResolvers<void>();
    const isAlive = (): boolean => left > 0;
    const count = (): void => {
      left -= 1;
      if (left === 0) killed.resolve(server.kill());
    };
    const streaming = untilKilled(isAlive, async () => {
      const fragment = `${written},`;
      written += 1;
      await writer.write(fragment);
      count();
      await new Promise(setImmediate);
    });
    const annotating = untilKilled(isAlive, async () => {
      unanswered += 1;
      await sockudo.publishAnnotation(CHANNEL, annotated, { type: TYPE });
      unanswered -= 1;
      annotations += 1;
      count();
    });
    const appending = singles.map((one) => untilKilled(isAlive, () => one.append().then(count)));
    await killed.promise;
    await start();
    // The stream may have waited for the new process.
    await Promise.all([streaming, annotating, ...appending]);
    for (const { serial, acked } of singles) {
      const text = await textOf(serial);
      // One more may be stored whose answer was lost.
      expect([numbers(acked), numbers(acked + 1)]).toContain(text);
    }
    const { acked } = stream;
    const text = await textOf(streamed);
    const stored = String(text).split(',').length - 1;
    expect(text).toBe(numbers(stored));
    expect(stored).toBeGreaterThan(acked === null ? -1 : Number(acked.opId.split('-').at(-1)));
  }
  for (const one of singles) await one.append();
  await writer.close();
  for (const { serial, acked } of singles) {
    expect(await textOf(serial)).toBe(numbers(acked));
  }
  expect(await textOf(streamed)).toBe(numbers(written));
  const found = await countAnnotations(annotated);
  expect(found).toBeGreaterThanOrEqual(annotations);
  expect(found).toBeLessThanOrEqual(annotations + unanswered);
}, 180_000);

const numbers = (count: number): string => Array.from({ length: count }, (_, index) => `${index},`).join('');

const textOf = async (serial: string): Promise<unknown> =>
  (await sockudo.getMessage(CHANNEL, serial)).item.data;

async function countAnnotations(serial: string): Promise<number> {
  let count = 0;
  for await (const _ of await sockudo.listAnnotations(CHANNEL, serial, { limit: 100 })) count += 1;
  return count;
}
