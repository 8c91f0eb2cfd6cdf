// The settings that docs/cluster.md shows are those of a node that starts.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatProblem, loadSettings } from '../../core/server/config/index.ts';

const APP = '[[app_manager.array.apps]]\nid = "a"\nkey = "k"\nsecret = "s"\nenabled = true\n';

async function load(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-docs-'));
  const file = join(folder, 'config.toml');
  await writeFile(file, `${text}\n${APP}`);
  const loaded = loadSettings({ file, env: {}, cwd: folder });
  await rm(folder, { recursive: true });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  expect(loaded.warnings).toEqual([]);
  return loaded.settings;
}

it('docs/cluster.md shows the settings of a node, with PostgreSQL and without', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/cluster.md'), 'utf8');
  const [whole, switchedOff, ...others] = [...page.matchAll(/```toml\n(.*?)```/gs)].map(
    (match) => match[1] ?? '',
  );
  if (whole === undefined || switchedOff === undefined)
    throw new Error('the page has two blocks of settings');
  expect(others).toEqual([]);
  const node = {
    redis: { address: { host: 'redis.internal', port: 6379, password: 'password' } },
    nodeHealth: { heartbeatMs: 10_000, timeoutMs: 30_000, sweepMs: 10_000 },
  };
  expect(await load(whole)).toMatchObject({
    ...node,
    drivers: { fanout: 'redis', cache: 'redis', channelLog: 'postgres', workQueue: 'postgres' },
    postgres: { host: 'postgres.internal', port: 5432, user: 'sockudo', database: 'sockudo' },
  });
  const withoutPostgres = whole.replace(/\[history\]\n.*\n/, '').replace(/\[queue\]\n.*\n/, '');
  expect(await load(withoutPostgres + switchedOff)).toMatchObject({
    ...node,
    drivers: { fanout: 'redis', cache: 'redis', channelLog: 'memory', workQueue: 'none' },
  });
});
