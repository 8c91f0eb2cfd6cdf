// `npm run build`: from the sources that run here to packages that can be published. Each gets its ESM, its types and a package.json
// of its own below dist/; the client gets a bundle for script tags besides. Nothing needs this to start or to test.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle, transform } from 'esbuild';
import { type PublishedPackage, publishedManifest, sourceManifest } from './published-manifest.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** In the order of their dependencies: types of the earlier ones are read from what was built of them. */
const PACKAGES: readonly PublishedPackage[] = [
  { folder: 'core/protocol', output: 'protocol', node: null },
  { folder: 'core/client', output: 'client', node: null },
  { folder: 'core/backend', output: 'backend', node: 20 },
  { folder: 'ai-transport', output: 'ai-transport', node: null },
  { folder: 'core/server', output: 'server', node: 24 },
  { folder: 'ai-transport/server', output: 'ai-transport-server', node: 24 },
  { folder: 'adapters/sqlite', output: 'sqlite', node: 24 },
  { folder: 'adapters/redis', output: 'redis', node: 24 },
  { folder: 'adapters/postgres', output: 'postgres', node: 24 },
  { folder: 'push', output: 'push', node: 24 },
  { folder: 'adapters/openai', output: 'openai', node: null },
  { folder: 'adapters/anthropic', output: 'anthropic', node: null },
  { folder: 'adapters/ai-sdk', output: 'ai-sdk', node: null },
  { folder: 'adapters/ag-ui', output: 'ag-ui', node: null },
  { folder: 'adapters/local-model', output: 'local-model', node: 24 },
];

const NOT_PUBLISHED = [
  '**/*.test.ts',
  '**/*.contract*.ts',
  '**/*fixture*.ts',
  '**/fake-*.ts',
  '**/testing',
  '**/node_modules',
];

/** What is not this package's: tests, what only they use, and packages below it. */
function notPublished(folder: string): string[] {
  const inner = globSync('*/package.json', { cwd: join(ROOT, folder) });
  return [...NOT_PUBLISHED, ...inner.map((path) => `${dirname(path)}/**`)];
}

/** Where the compiler finds the packages that are built already, instead of their sources. */
function builtPaths(before: readonly PublishedPackage[]): Record<string, string[]> {
  return Object.fromEntries(
    before.flatMap(({ folder, output }) => {
      const { name, exports } = sourceManifest(join(ROOT, folder));
      return Object.entries(exports).map(([entry, file]) => [
        entry === '.' ? name : `${name}/${entry.slice(2)}`,
        [`./${output}/${file.replace(/^\.\//, '').replace(/\.ts$/, '.d.ts')}`],
      ]);
    }),
  );
}

/** Declarations by the compiler, which also refuses what does not type-check. */
function declare({ folder, output }: PublishedPackage, before: readonly PublishedPackage[]): void {
  const config = join(DIST, `tsconfig.${output}.json`);
  const options = {
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: `../${folder}`,
      outDir: `./${output}`,
      paths: builtPaths(before),
    },
    include: [`../${folder}`],
    exclude: notPublished(folder).map((pattern) => `../${folder}/${pattern}`),
  };
  writeFileSync(config, JSON.stringify(options));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${folder} does not compile`);
  rmSync(config);
  for (const file of globSync('**/*.d.ts', { cwd: join(DIST, output) })) {
    const path = join(DIST, output, file);
    writeFileSync(path, withBuiltNames(readFileSync(path, 'utf8')));
  }
}

/**
 * Code by taking the types out and nothing else, as Node does when it runs the sources. (TypeScript 7.0's own output breaks classes
 * whose static initialisers use private static fields.)
 */
async function stripTypes({ folder, output, node }: PublishedPackage): Promise<void> {
  const source = join(ROOT, folder);
  for (const file of globSync('**/*.ts', { cwd: source, exclude: notPublished(folder) })) {
    const { code } = await transform(readFileSync(join(source, file), 'utf8'), {
      loader: 'ts',
      format: 'esm',
      target: node === null ? 'es2022' : `node${node}`,
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    const target = join(DIST, output, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, withBuiltNames(code));
  }
}

/** Scripts for other interpreters, which the code reads from beside itself. */
function copyScripts({ folder, output }: PublishedPackage): void {
  for (const file of globSync('**/*.{lua,sql}', { cwd: join(ROOT, folder), exclude: notPublished(folder) })) {
    const target = join(DIST, output, file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(ROOT, folder, file), target);
  }
}

/** What the local model answers from. */
function copyManual(): void {
  for (const file of ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })]) {
    const target = join(DIST, 'local-model/manual', file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(ROOT, file), target);
  }
}

/** Relative imports of `./x.ts` become those of `./x.js`. */
function withBuiltNames(text: string): string {
  return text.replaceAll(/\b(from |import |import\()(['"]\.[^'"]*)\.ts(?=['"])/g, '$1$2.js');
}

function complete(published: PublishedPackage): void {
  const source = join(ROOT, published.folder);
  const target = join(DIST, published.output);
  const manifest = publishedManifest(sourceManifest(source), published);
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(target, 'LICENSE'));
  const readme = join(source, 'README.md');
  if (existsSync(readme)) copyFileSync(readme, join(target, 'README.md'));
  for (const program of Object.values(manifest.bin ?? {})) chmodSync(join(target, program), 0o755);
}

/** `<script src="sockudo.min.js">` gives a global `Sockudo`, the class itself; everything else hangs on it by name. */
async function scriptTagBundle(): Promise<void> {
  const { version } = sourceManifest(join(ROOT, 'core/client'));
  await bundle({
    stdin: {
      contents:
        "const everything = require('./index.ts'); module.exports = Object.assign(everything.Sockudo, everything);",
      resolveDir: join(ROOT, 'core/client'),
    },
    outfile: join(DIST, 'client/sockudo.min.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'Sockudo',
    platform: 'browser',
    target: 'es2022',
    sourcemap: true,
    banner: { js: `/*! @sockudo/client ${version} | MIT */` },
  });
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
for (const [index, published] of PACKAGES.entries()) {
  declare(published, PACKAGES.slice(0, index));
  await stripTypes(published);
  copyScripts(published);
  complete(published);
  console.log(`dist/${published.output}  ${sourceManifest(join(ROOT, published.folder)).name}`);
}
copyManual();
await scriptTagBundle();
const bytes = readFileSync(join(DIST, 'client/sockudo.min.js')).length;
console.log(`dist/client/sockudo.min.js  ${Math.round(bytes / 1024)} KiB`);
