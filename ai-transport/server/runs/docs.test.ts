// docs/ai-transport/http.md names every path, and the bounds that the code has.
import { readFileSync } from 'node:fs';
import { runFromJson } from '@sockudo/ai-transport/wire';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import { claimBody, releaseBody } from './bodies.ts';
import { RUNS_MAX } from './bound-runs.ts';
import { runRoutes } from './routes.ts';

const page = readFileSync(new URL('../../../docs/ai-transport/http.md', import.meta.url), 'utf8');

it('names every path and no other', () => {
  const documented = [...page.matchAll(/^\| `(GET|POST) ([^`]+)`/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  const real = runRoutes(() => {
    throw new Error('nothing is asked here');
  }).flatMap(({ path, methods }) => {
    const shown = path.replace('/apps/:appId', '').replace(':channel', 'CHANNEL').replace(':runId', 'RUN');
    return Object.keys(methods).map((method) => `${method} ${shown}`);
  });
  expect(documented.sort()).toEqual(real.sort());
});

it('names the bounds of numbers with their defaults', () => {
  for (const [body, member] of [
    [claimBody, 'limit'],
    [claimBody, 'lease_ms'],
    [claimBody, 'wait_ms'],
    [claimBody, 'per_channel'],
    [releaseBody, 'retry_after_ms'],
  ] as const) {
    const fields: Readonly<Record<string, unknown>> = body.shape;
    // CAST: these members are numbers with a default.
    const field = fields[member] as z.ZodDefault<z.ZodNumber>;
    const { minValue, maxValue } = field.unwrap();
    expect(page).toContain(`\`${member}\` ${minValue} to ${maxValue} (${field.parse(undefined)})`);
  }
  expect(page).toContain(`its newest ${RUNS_MAX} runs`);
});

it('shows a run as it is', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  expect(runFromJson(JSON.parse(json))).toMatchObject({ runId: 'run_7', lease: { workerId: 'worker-3' } });
});
