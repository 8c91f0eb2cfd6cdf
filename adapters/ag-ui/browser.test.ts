// The agent runs in pages: nothing of Node is in it, and nothing of those who write answers.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('is bundled for a browser', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('index.ts', import.meta.url))],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [bundle] = Object.values(metafile.outputs);
  const used = Object.entries(bundle?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const files = used.map(([path]) => path);
  expect(files.some((path) => path.endsWith('ag-ui/narrator.ts'))).toBe(true);
  expect(files.filter((path) => /ai-transport\/agent\/|core\/backend\//.test(path))).toEqual([]);
});
