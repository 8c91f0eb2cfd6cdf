// The settings that docs/cluster.md shows are those of a node that starts.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatProblem, loadSettings } from '../../core/server/config/index.ts';

const APP = '[[app_manager.array.apps]]\nid = "a"\nkey = "k"\nsecret = "s"\nenabled = true\n';

it('docs/cluster.md shows the settings of a node', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/cluster.md'), 'utf8');
  const blocks = [...page.matchAll(/```toml\n(.*?)```/gs)].map((match) => match[1] ?? '');
  expect(blocks).toHaveLength(2);
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-docs-'));
  const file = join(folder, 'config.toml');
  await writeFile(file, [...blocks, APP].join('\n'));
  const loaded = loadSettings({ file, env: {}, cwd: folder });
  await rm(folder, { recursive: true });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  expect(loaded.warnings).toEqual([]);
  expect(loaded.settings).toMatchObject({
    drivers: { fanout: 'redis', cache: 'redis' },
    redis: { address: { host: 'redis.internal', port: 6379, password: 'password' } },
    nodeHealth: { heartbeatMs: 10_000, timeoutMs: 30_000, sweepMs: 10_000 },
  });
});
