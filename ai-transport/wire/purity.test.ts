import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('.', import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

// What it imports is the dependency check's business; names that exist only in Node are not seen there.
it.each(sources)('%s uses nothing that only Node or only a browser has', (name) => {
  const code = readFileSync(new URL(name, folder), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(code).not.toMatch(/\b(?:Buffer|process|window|document|setTimeout|Date|console|require)\b\s*[.([]/);
});
