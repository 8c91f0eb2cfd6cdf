import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { isConfigDocsFresh } from '../../../scripts/generate-config-docs.ts';
import { interpolate } from './interpolate.ts';
import { load } from './load-fixture.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');

describe('docs/configuration.md', () => {
  it('says what the schema says (else run node scripts/generate-config-docs.ts)', () => {
    expect(isConfigDocsFresh()).toBe(true);
  });

  it('shows files that work', () => {
    const samples = [...page.matchAll(/```toml\n(.*?)```/gs)].map(([, text]) => text ?? '');
    expect(samples.length).toBeGreaterThan(1);
    for (const sample of samples) {
      const config = parse(interpolate(sample, { APP_SECRET: 'sesame' }).text);
      expect(load(config).warnings).toEqual([]);
    }
  });
});
