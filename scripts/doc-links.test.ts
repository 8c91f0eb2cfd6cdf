// Links of the documentation into the repository lead somewhere, and every page can be reached from the index.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md', { cwd: ROOT }),
  ...globSync('examples/*/README.md', { cwd: ROOT }),
];

function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link) && !link.startsWith('#'))
    .map((link) => join(dirname(page), link.replace(/#.*/, '')));
}

describe('documentation', () => {
  it.each(PAGES)('%s has no dead link', (page) => {
    expect(linksOf(page).filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('has an index that names every page', () => {
    const listed = new Set(linksOf('docs/README.md'));
    const pages = globSync('docs/*.md', { cwd: ROOT }).filter((page) => page !== 'docs/README.md');
    expect(pages.filter((page) => !listed.has(page))).toEqual([]);
  });
});
