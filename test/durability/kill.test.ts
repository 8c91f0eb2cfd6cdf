// kill -9 while publishes are under way, several times over the same database: what was acknowledged is there, once, under the
// serial that was named; serials have no holes; keys still answer what they answered first; and a publisher that repeats what
// it got no answer for ends up with every message exactly once.
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogEntry } from '@sockudo/server/ports';
import { createChannelLog } from '@sockudo/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { signedRequest } from '../support/test-server.ts';

const ROUNDS = 4;
const CHANNELS = ['durable-a', 'durable-b', 'durable-c'];
const PUBLISHERS = 8;

/** One request with a key of its own; its events carry the key as data. */
interface Attempt {
  readonly key: string;
  readonly path: '/events' | '/batch_events';
  readonly channels: readonly string[];
}

interface Acknowledged extends Attempt {
  /** The answer's text. */
  readonly answer: string;
}

let folder: string;
let attempts = 0;
const acknowledged: Acknowledged[] = [];
const unanswered: Attempt[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-durability-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function nextAttempt(): Attempt {
  const key = `key-${attempts++}`;
  const channel = CHANNELS[attempts % CHANNELS.length] ?? '';
  if (attempts % 10 === 0) return { key, path: '/events', channels: CHANNELS };
  if (attempts % 7 === 0) return { key, path: '/batch_events', channels: CHANNELS };
  return { key, path: '/events', channels: [channel] };
}

/** `info` asks for the long answer, which names the serials. */
function bodyOf({ key, path, channels }: Attempt): unknown {
  const event = { name: 'event', data: key, info: 'subscription_count' };
  if (path === '/events') return { ...event, channels };
  return { batch: channels.map((channel) => ({ ...event, channel })) };
}

async function send(server: ServerProcess, attempt: Attempt): Promise<string> {
  const { status, text } = await signedRequest(
    `http://${server.host}:${server.port}`,
    TEST_APP,
    'POST',
    attempt.path,
    {
      body: bodyOf(attempt),
      headers: { 'x-idempotency-key': attempt.key },
    },
  );
  if (status !== 200) throw new Error(`${attempt.key} was answered ${status} ${text}`);
  return text;
}

/** Publishes from several sides until the server dies, which it does after some acknowledgements. */
async function publishUntilKilled(server: ServerProcess): Promise<void> {
  let left = randomInt(20, 200);
  let isAlive = true;
  let killed: Promise<void> | null = null;
  const publisher = async (): Promise<void> => {
    while (isAlive) {
      const attempt = nextAttempt();
      try {
        acknowledged.push({ ...attempt, answer: await send(server, attempt) });
      } catch (error) {
        // Only the death of the server may leave a request without an answer.
        if (isAlive) throw error;
        unanswered.push(attempt);
      }
      left -= 1;
      if (left !== 0) continue;
      isAlive = false;
      killed = server.kill();
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
  await killed;
}

async function readLog(databasePath: string): Promise<Map<string, LogEntry[]>> {
  const log = await createChannelLog({ path: databasePath });
  try {
    const channels = new Map<string, LogEntry[]>();
    for (const channel of CHANNELS) channels.set(channel, await readChannel(log, channel));
    return channels;
  } finally {
    await log.close();
  }
}

async function readChannel(
  log: Awaited<ReturnType<typeof createChannelLog>>,
  channel: string,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (;;) {
    const last = entries.at(-1);
    const from = last === undefined ? {} : { from: { streamId: last.streamId, serial: last.serial } };
    const page = await log.read(
      { appId: TEST_APP.id, channel },
      { direction: 'oldest-first', limit: 200, ...from },
    );
    if (page.kind === 'gap') throw new Error(`a gap in ${channel}: ${page.reason}`);
    entries.push(...page.entries);
    if (!page.more) return entries;
  }
}

/** The serials that an answer names, by channel. */
function serialsIn({ path, channels, answer }: Acknowledged): Map<string, number> {
  const value = JSON.parse(answer);
  return new Map(
    channels.map((channel, index) => [
      channel,
      (path === '/events' ? value.channels[channel] : value.batch[index]).history_serial,
    ]),
  );
}

const occurrences = (entries: readonly LogEntry[], key: string): LogEntry[] =>
  entries.filter(({ data }) => data === JSON.stringify(key));

describe('after kill -9 in a burst of publishes', () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
    'every acknowledged message is in the log, in a row without holes (round %i)',
    async () => {
      const server = await startServerProcess(folder, { idempotency: { ttl_seconds: 3600 } });
      await publishUntilKilled(server);
      const channels = await readLog(server.databasePath);
      for (const [channel, entries] of channels) {
        expect(entries.map(({ serial }) => serial)).toEqual(entries.map((_, index) => index + 1));
        expect(new Set(entries.map(({ streamId }) => streamId)).size).toBe(1);
        for (const request of acknowledged.filter((one) => one.channels.includes(channel))) {
          const found = occurrences(entries, request.key).map(({ serial }) => serial);
          expect([request.key, found]).toEqual([request.key, [serialsIn(request).get(channel)]]);
        }
      }
      for (const { key, channels: targets } of unanswered) {
        const counts = targets.map((channel) => occurrences(channels.get(channel) ?? [], key).length);
        expect([key, new Set(counts).size]).toEqual([key, 1]);
      }
    },
  );

  it('keys answer what they answered first, and repeats complete what got no answer, once', async () => {
    const server = await startServerProcess(folder, { idempotency: { ttl_seconds: 3600 } });
    for (const request of acknowledged.slice(-150)) {
      expect([request.key, await send(server, request)]).toEqual([request.key, request.answer]);
    }
    for (const request of unanswered) await send(server, request);
    expect(await server.stop()).toBe(0);
    const channels = await readLog(server.databasePath);
    for (const [channel, entries] of channels) {
      const keys = [...acknowledged, ...unanswered]
        .filter((request) => request.channels.includes(channel))
        .map(({ key }) => JSON.stringify(key));
      expect(entries.map(({ data }) => data).sort()).toEqual(keys.sort());
    }
  });
});
