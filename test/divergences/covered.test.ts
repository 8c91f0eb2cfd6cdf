// The page that says which test shows which divergence, held against the tests that there are.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/decisions/divergences-covered.md', ROOT), 'utf8');

/** Rows of the realtime core, durable channels, HTTP API, webhooks, push and operation; the others come with their own areas. */
const ROWS = [...between(1, 32), ...between(33, 43), ...between(45, 60), ...between(67, 79), 85].map(
  (number) => `D${number}`,
);

interface Proof {
  readonly path: string;
  readonly title: string;
}

function between(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

const rows = new Map<string, Proof[]>();
for (const line of page.split('\n')) {
  const row = /^\| (D\d+) \|/.exec(line)?.[1];
  if (row === undefined) continue;
  const proofs = [...line.matchAll(/`([^`]+)` "([^"]+)"/g)];
  rows.set(
    row,
    proofs.map(([, path = '', title = '']) => ({ path, title })),
  );
}

it.each(ROWS)('%s is shown by a test that exists', (row) => {
  const proofs = rows.get(row) ?? [];
  expect(proofs).not.toEqual([]);
  for (const { path, title } of proofs) {
    const file = fileURLToPath(new URL(path, ROOT));
    expect([path, existsSync(file)]).toEqual([path, true]);
    expect([path, title, readFileSync(file, 'utf8').includes(title)]).toEqual([path, title, true]);
  }
});
