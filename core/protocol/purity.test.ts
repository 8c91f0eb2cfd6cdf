import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('.', import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

it.each(sources)('%s imports nothing but its neighbours, so that it runs anywhere', (name) => {
  const source = readFileSync(new URL(name, folder), 'utf8');
  const imports = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1]);
  for (const specifier of imports) expect(specifier).toMatch(/^\.\/[a-z0-9-]+\.ts$/);
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(code).not.toMatch(/\b(?:Buffer|process|globalThis|setTimeout|console|require)\b\s*[.([]/);
});
