// package.json of a package as it is published: the sources' own, with paths to what was built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export interface PublishedPackage {
  /** Folder of the sources, relative to the root. */
  readonly folder: string;
  /** Folder below dist/. */
  readonly output: string;
  /** Oldest major version of Node it runs on; null: runs where there is no Node, too. */
  readonly node: number | null;
}

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  sideEffects: z.boolean().optional(),
  exports: z.record(z.string(), z.string()),
  bin: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  peerDependencies: z.record(z.string(), z.string()).optional(),
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

export type SourceManifest = z.infer<typeof manifest>;

/** Reads and checks the package.json of a folder of sources. */
export function sourceManifest(folder: string): SourceManifest {
  return manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
}

const built = (path: string): string => path.replace(/\.ts$/, '.js');

export function publishedManifest(source: SourceManifest, { node }: PublishedPackage) {
  const { exports, bin, ...rest } = source;
  const entries = Object.entries(exports).map(([entry, path]) => [
    entry,
    { types: path.replace(/\.ts$/, '.d.ts'), default: built(path) },
  ]);
  const isBundled = source.name === '@sockudo/client';
  return {
    ...rest,
    type: 'module',
    ...(node !== null && { engines: { node: `>=${node}` } }),
    exports: {
      ...Object.fromEntries(entries),
      ...(isBundled && { './sockudo.min.js': './sockudo.min.js' }),
      './package.json': './package.json',
    },
    ...(isBundled && { unpkg: './sockudo.min.js', jsdelivr: './sockudo.min.js' }),
    ...(bin !== undefined && {
      bin: Object.fromEntries(Object.entries(bin).map(([name, path]) => [name, built(path)])),
    }),
  };
}
