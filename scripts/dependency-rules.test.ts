// The checker must catch what it is there for: each rule once broken and once kept.
import { describe, expect, it } from 'vitest';
import { importsOf, isTest, type PackageFacts, problemsOf } from './dependency-rules.ts';

const pkg = (
  name: string,
  folder: string,
  dependencies: readonly string[] = [],
  exports: readonly string[] = ['.'],
): PackageFacts => ({
  name,
  folder,
  dependencies,
  devDependencies: folder === '' ? ['vitest'] : [],
  exports: Object.fromEntries(exports.map((entry) => [entry, `${entry}/index.ts`])),
});

const EVERYTHING = ['@sockudo/protocol', '@sockudo/server', '@sockudo/client', 'sockudo', '@sockudo/sqlite'];
const PACKAGES: readonly PackageFacts[] = [
  pkg('root', ''),
  pkg('@sockudo/protocol', 'core/protocol', ['zod', 'left-pad', '@sockudo/server']),
  pkg('@sockudo/server', 'core/server', [...EVERYTHING, 'pino', '@sockudo/push'], ['.', './ports']),
  pkg('@sockudo/client', 'core/client', EVERYTHING),
  pkg('sockudo', 'core/backend', EVERYTHING),
  pkg('@sockudo/sqlite', 'adapters/sqlite', [...EVERYTHING, '@sockudo/push']),
  pkg('@sockudo/push', 'push', EVERYTHING),
  pkg('@sockudo/ai', 'ai-transport', [...EVERYTHING, 'zod', 'react'], ['./client', './agent', './wire']),
  pkg('@sockudo/ai-server', 'ai-transport/server', [...EVERYTHING, '@sockudo/ai']),
  pkg('example', 'examples/demo', [...EVERYTHING, '@sockudo/push']),
];

const check = (path: string, statement: string): string[] =>
  problemsOf({ path, text: statement }, PACKAGES).map(({ text }) => text);

describe('importsOf', () => {
  it('finds every form, over several lines, with the line of the name', () => {
    const text = [
      "import { a } from 'one';",
      'import type {',
      '  B,',
      "} from 'two';",
      "import 'three';",
      "export { c } from 'four';",
      "const d = await import('node:five');",
      "import e, { f } from './six.ts';",
    ].join('\n');
    expect(importsOf(text).toSorted((x, y) => x.line - y.line)).toEqual([
      { target: 'one', line: 1 },
      { target: 'two', line: 4 },
      { target: 'three', line: 5 },
      { target: 'four', line: 6 },
      { target: 'node:five', line: 7 },
      { target: './six.ts', line: 8 },
    ]);
  });

  it('leaves other text alone', () => {
    const text = "// taken from 'somewhere'\nconst from = 'x';\nexport const y = f(from, 'z');";
    expect(importsOf(text)).toEqual([]);
  });
});

describe('direction', () => {
  it.each([
    ['core/protocol/a.ts', '@sockudo/server'],
    ['core/client/a.ts', '@sockudo/server'],
    ['core/client/a.ts', 'sockudo'],
    ['core/backend/a.ts', '@sockudo/server'],
    ['core/backend/a.ts', '@sockudo/client'],
    ['core/server/a.ts', '@sockudo/client'],
    ['core/server/a.ts', '@sockudo/sqlite'],
    ['core/server/a.ts', '@sockudo/push'],
    ['push/a.ts', '@sockudo/sqlite'],
    ['ai-transport/wire/a.ts', '@sockudo/protocol'],
    ['ai-transport/wire/a.ts', 'react'],
    ['ai-transport/client/a.ts', 'sockudo'],
    ['ai-transport/client/a.ts', '@sockudo/server'],
    ['ai-transport/client/a.ts', 'react'],
    ['ai-transport/react/a.ts', '@sockudo/protocol'],
    ['ai-transport/react/a.ts', '@sockudo/ai/agent'],
    ['ai-transport/agent/a.ts', '@sockudo/client'],
    ['ai-transport/agent/a.ts', '@sockudo/server'],
    ['ai-transport/server/a.ts', 'sockudo'],
    ['ai-transport/server/a.ts', '@sockudo/ai/agent'],
    ['core/server/a.ts', '@sockudo/ai/wire'],
  ])('%s must not import %s', (path, target) => {
    expect(check(path, `import { x } from '${target}';`)).toEqual([
      expect.stringMatching(/must not import|may import only/),
    ]);
  });

  it.each([
    ['core/server/a.ts', '@sockudo/protocol'],
    ['core/client/a.ts', '@sockudo/protocol'],
    ['core/backend/a.ts', '@sockudo/protocol'],
    ['adapters/sqlite/a.ts', '@sockudo/server/ports'],
    ['adapters/sqlite/a.ts', '@sockudo/push'],
    ['push/a.ts', '@sockudo/server'],
    ['ai-transport/wire/a.ts', 'zod'],
    ['ai-transport/client/a.ts', '@sockudo/client'],
    ['ai-transport/client/a.ts', '@sockudo/protocol'],
    ['ai-transport/react/a.ts', 'react'],
    ['ai-transport/agent/a.ts', 'sockudo'],
    ['ai-transport/agent/a.ts', '@sockudo/protocol'],
    ['ai-transport/server/a.ts', '@sockudo/server/ports'],
    ['ai-transport/server/a.ts', '@sockudo/ai/wire'],
    ['examples/demo/a.ts', '@sockudo/client'],
    ['examples/demo/a.ts', '@sockudo/push'],
    ['core/client/a.integration.test.ts', '@sockudo/server'],
  ])('%s may import %s', (path, target) => {
    expect(check(path, `import { x } from '${target}';`)).toEqual([]);
  });

  it('counts type imports and re-exports', () => {
    expect(check('core/client/a.ts', "import type { X } from '@sockudo/server';")).toHaveLength(1);
    expect(check('core/client/a.ts', "export { X } from '@sockudo/server';")).toHaveLength(1);
  });

  it('sees a relative path into another package', () => {
    expect(check('core/client/a.ts', "import { x } from '../server/server.ts';")).toEqual([
      expect.stringContaining('leaves the package @sockudo/client'),
    ]);
    expect(check('core/client/testing/a.ts', "import { x } from '../a.ts';")).toEqual([]);
    expect(check('scripts/a.ts', "import { x } from '../core/server/server.ts';")).toEqual([]);
    expect(check('ai-transport/agent/a.ts', "import { x } from '../server/index.ts';")).toEqual([
      expect.stringContaining('leaves the package @sockudo/ai'),
    ]);
  });

  it.each([
    ['wire', 'client'],
    ['client', 'react'],
    ['client', 'agent'],
    ['react', 'agent'],
    ['agent', 'client'],
  ])('ai-transport/%s must not import its neighbour %s by a relative path', (from, to) => {
    const text = `import { x } from '../${to}/index.ts';`;
    expect(check(`ai-transport/${from}/deep/a.ts`, text.replace('..', '../..'))).toEqual([
      expect.stringContaining(`ai-transport/${from} must not import ai-transport/${to}`),
    ]);
    expect(check(`ai-transport/${from}/a.test.ts`, text)).toEqual([]);
  });

  it.each([
    ['client', 'wire'],
    ['agent', 'wire'],
    ['react', 'wire'],
    ['react', 'client'],
  ])('ai-transport/%s may import its neighbour %s by a relative path', (from, to) => {
    expect(check(`ai-transport/${from}/a.ts`, `import { x } from '../${to}/index.ts';`)).toEqual([]);
  });
});

describe('surroundings', () => {
  it.each(['core/protocol/a.ts', 'core/client/a.ts', 'ai-transport/wire/a.ts'])('%s has no Node', (path) => {
    expect(check(path, "import { x } from 'node:fs';")).toEqual([expect.stringContaining('browsers')]);
  });

  it('lets servers and tests use Node', () => {
    expect(check('core/server/a.ts', "import { x } from 'node:fs';")).toEqual([]);
    expect(check('core/client/a.test.ts', "import { x } from 'node:fs';")).toEqual([]);
  });

  it('keeps the protocol package to zod', () => {
    expect(check('core/protocol/a.ts', "import { z } from 'zod';")).toEqual([]);
    expect(check('core/protocol/a.ts', "import x from 'left-pad';")).toEqual([
      "core/protocol may import only zod, not 'left-pad'",
    ]);
  });
});

describe('listed packages', () => {
  it('refuses what the own package.json does not list', () => {
    expect(check('core/server/a.ts', "import x from 'pino/file';")).toEqual([]);
    expect(check('core/server/a.ts', "import x from '@scope/thing/part';")).toEqual([
      "'@scope/thing' is not among the dependencies of @sockudo/server",
    ]);
  });

  it('lets tests, and only tests, use the development packages of the root', () => {
    expect(check('core/server/a.test.ts', "import x from 'vitest';")).toEqual([]);
    expect(check('test/a.test.ts', "import x from 'vitest';")).toEqual([]);
    expect(check('core/server/a.ts', "import x from 'vitest';")).toHaveLength(1);
  });

  it("lets a tool's own file, and no other, use the development packages of its package", () => {
    const tooled = [{ ...pkg('example', 'examples/demo'), devDependencies: ['vite'] }];
    const text = "import { defineConfig } from 'vite';";
    expect(problemsOf({ path: 'examples/demo/page/vite.config.ts', text }, tooled)).toEqual([]);
    expect(problemsOf({ path: 'examples/demo/page/config.ts', text }, tooled)).toHaveLength(1);
  });

  it('refuses a path that a package does not export', () => {
    expect(check('adapters/sqlite/a.ts', "import x from '@sockudo/server/realtime/hub';")).toEqual([
      "@sockudo/server does not export './realtime/hub'",
    ]);
  });
});

describe('isTest', () => {
  it.each(['a/x.test.ts', 'a/x.test-d.ts', 'core/x.contract.ts', 'core/client/testing/y.ts', 'test/y.ts'])(
    '%s is one',
    (path) => expect(isTest(path)).toBe(true),
  );
  it.each(['core/server/server.ts', 'core/server/contest.ts', 'bench/run.ts'])('%s is none', (path) =>
    expect(isTest(path)).toBe(false),
  );
});
