// `node scripts/check-dependencies.ts`: holds every import of the repository against dependency-rules.ts. Part of `npm run check`.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type PackageFacts, problemsOf } from './dependency-rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = [
  '{core,adapters,push,ai-transport,examples,test,scripts,bench}/**/*.{ts,tsx}',
  'vitest.config.ts',
];
const EXCLUDED = ['**/node_modules/**', '**/dist/**', 'test/conformance/**'];

const names = z.record(z.string(), z.unknown()).default({});
const packageFile = z.object({
  name: z.string(),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  devDependencies: names,
  exports: z.record(z.string(), z.string()).default({}),
});

function factsOf(path: string): PackageFacts {
  const content = packageFile.parse(JSON.parse(readFileSync(join(ROOT, path), 'utf8')));
  const { dependencies, optionalDependencies, peerDependencies } = content;
  return {
    name: content.name,
    folder: dirname(path) === '.' ? '' : dirname(path),
    dependencies: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
    devDependencies: Object.keys(content.devDependencies),
    exports: content.exports,
  };
}

const find = (patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude: EXCLUDED })).toSorted();

const packages = find([
  'package.json',
  '{core,adapters,examples,ai-transport}/*/package.json',
  '{push,ai-transport}/package.json',
]).map(factsOf);
const files = find(SOURCES);
const problems = files.flatMap((path) =>
  problemsOf({ path, text: readFileSync(join(ROOT, path), 'utf8') }, packages),
);
for (const { path, line, text } of problems) console.error(`${path}:${line}  ${text}`);
console.log(`Imports of ${files.length} files checked: ${problems.length} against the rules.`);
process.exitCode = problems.length === 0 ? 0 : 1;
