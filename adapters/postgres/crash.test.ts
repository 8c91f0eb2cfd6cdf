// kill -9 of a writing node, some rounds on one database: what it acknowledged is there, whole and once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReplayEntry } from '@sockudo/server/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { createChannelLog, type PostgresChannelLog } from './index.ts';

const WRITER = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url));
const ROUNDS = 8;
const CHANNELS = ['group-0', 'group-1', 'group-2', 'common'];

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startPostgres();
}, 60_000);

afterAll(() => cluster.close());

/** Kills the writer after so many acknowledgements; answers all lines it got out. */
async function killedAfter(lines: number, round: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, String(cluster.port), String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    if (line !== 'ready') acknowledged.push(line);
    if (acknowledged.length === lines) child.kill('SIGKILL');
  });
  await once(reader, 'close');
  return acknowledged;
}

async function lineOf(log: PostgresChannelLog, channel: string): Promise<ReplayEntry[]> {
  const key = { appId: 'app', channel };
  const entries: ReplayEntry[] = [];
  for (;;) {
    const { streamId } = await log.head(key);
    const page = await log.replay(key, { streamId, serial: entries.length }, 1000);
    if (page.kind !== 'page') throw new Error(page.reason);
    entries.push(...page.entries);
    if (!page.more) return entries;
  }
}

describe('a node that is killed while it writes', () => {
  it('has stored all that it acknowledged, whole and once', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      acknowledged.push(...(await killedAfter(40 + round * 53, round)));
    }
    const log = await createChannelLog({ connection: cluster.connection });
    try {
      const lines = new Map<string, ReplayEntry[]>();
      for (const channel of CHANNELS) lines.set(channel, await lineOf(log, channel));
      const creates = (channel: string) =>
        (lines.get(channel) ?? []).flatMap((entry) => ('kind' in entry ? [] : [entry.event]));
      for (const entries of lines.values()) {
        expect(entries.map(({ serial }) => serial)).toEqual(entries.map((_, index) => index + 1));
      }
      const common = creates('common');
      expect(new Set(common).size).toBe(common.length);
      // Both or none: also what was under way when the kill came.
      const ofGroups = CHANNELS.slice(0, 3).flatMap(creates);
      expect(ofGroups.sort()).toEqual([...common].sort());
      const stored = new Set(common);
      const appends = [...lines.values()]
        .flat()
        .flatMap((entry) =>
          'kind' in entry && entry.kind === 'version' ? [JSON.parse(entry.whole() ?? '')] : [],
        );
      expect(new Set(appends).size).toBe(appends.length);
      for (const line of acknowledged) {
        const [kind, text = ''] = line.split(' ');
        if (kind === 'commit') {
          expect(stored).toContain(text);
          expect((await log.receipt('texts', text))?.answer).toBe(text);
        } else {
          expect(appends).toContain(`${text} and more`);
          expect(await log.receipt('texts', `append ${text}`)).not.toBeNull();
        }
      }
    } finally {
      await log.close();
    }
  });
});
