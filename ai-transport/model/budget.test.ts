// Budgets against a whole server in memory: what is counted, when the model is not asked, and when it is broken off.
import { expect, it } from 'vitest';
import {
  agent,
  channel,
  ended,
  errors,
  fresh,
  rows,
  say,
  server,
  setUpWorkers,
  work,
} from '../agent/testing/worker-world.ts';
import { Budget, type BudgetOptions } from './budget.ts';
import { type BudgetLimit, checkLimits, costMicros } from './budget-limits.ts';
import type { ModelEvent } from './events.ts';
import { runTools } from './tool-loop.ts';

setUpWorkers();

const says = (words: string, usage = { inputTokens: 100, outputTokens: 20 }): readonly ModelEvent[] => [
  { type: 'response', provider: 'test', model: 'small' },
  { type: 'text-delta', id: '0', text: words },
  { type: 'usage', usage },
  { type: 'finish', reason: 'stop' },
];

let asked = 0;

async function* said(events: readonly ModelEvent[]): AsyncGenerator<ModelEvent> {
  yield* events;
}

/** A worker whose model says this, under these limits. */
function answering(
  events: readonly ModelEvent[],
  limits: readonly BudgetLimit[],
  more: Partial<BudgetOptions> = {},
): void {
  asked = 0;
  const onError = (error: unknown): void => void errors.push(error);
  const budget = new Budget({ sockudo: agent.sockudo, limits, onError, ...more });
  work(async (run, context) => {
    const ask = () => {
      asked += 1;
      return said(events);
    };
    await runTools(run, context, { ask, around: budget.around });
  });
}

const usage = async (params: Record<string, string>) => (await server.get('/usage', params)).body;

async function answer(runId: string): Promise<Record<string, string>> {
  await say(runId, 'Hello');
  return ended(runId);
}

it('counts what the provider says, for run, session and user, at its price', async () => {
  fresh();
  const owner = `ann-${channel}`;
  answering(says('Hi'), [{ of: 'session', unit: 'tokens', hard: 1_000 }], {
    prices: { small: { input: 2, output: 10 }, '*': { input: 99, output: 99 } },
  });
  await say('r1', 'Hello', { 'input-client-id': owner });
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  const { run, session, user } = await usage({ channel, run_id: 'r1', client_id: owner });
  const counted = { calls: 1, input_tokens: 100, output_tokens: 20, cost_micros: 400 };
  expect([run, session.day, user.total]).toMatchObject([counted, counted, counted]);
});

it('does not ask the model where a hard limit is reached', async () => {
  fresh();
  answering(says('Hi'), [{ of: 'session', per: 'day', unit: 'tokens', hard: 120 }]);
  await answer('r1');
  expect(await answer('r2')).toMatchObject({ 'run-reason': 'error', 'error-code': 'budget_exceeded' });
  expect(asked).toBe(1);
  expect((await usage({ channel })).session.total.calls).toBe(1);
});

it('breaks off a model that goes beyond, and keeps and counts what had come', async () => {
  fresh();
  const words = Array.from(
    { length: 100 },
    (_, n) => ({ type: 'text-delta', id: '0', text: `word${n % 10} ` }) as const,
  );
  answering([...words, { type: 'finish', reason: 'stop' }], [{ of: 'run', unit: 'tokens', hard: 30 }]);
  expect(await answer('r1')).toMatchObject({ 'run-reason': 'error', 'error-code': 'budget_exceeded' });
  const texts = (await rows()).map(({ message }) => message.data);
  const text = texts.find((one) => one.startsWith('word0 word1')) ?? '';
  // 30 tokens are about 120 characters.
  expect(text.length).toBeGreaterThan(100);
  expect(text.length).toBeLessThan(130);
  const { run } = await usage({ channel, run_id: 'r1' });
  expect(run.output_tokens).toBe(30);
});

it('warns once a run where a soft limit is reached, in the session and to the program', async () => {
  fresh();
  const heard: number[] = [];
  answering(says('Hi'), [{ of: 'session', unit: 'cost', soft: 0.0001 }], {
    prices: { '*': { input: 1, output: 1 } },
    onSoft: ({ used }) => heard.push(used),
  });
  await answer('r1');
  expect(heard).toEqual([]);
  expect(await answer('r2')).toMatchObject({ 'run-reason': 'complete' });
  expect(heard).toEqual([0.00012]);
  const warnings = (await rows()).filter(({ message }) => message.data.includes?.('"soft"'));
  expect(warnings.map(({ message }) => JSON.parse(message.data))).toEqual([
    { of: 'session', per: 'total', unit: 'cost', used: 0.00012, soft: 0.0001 },
  ]);
});

it('counts by hand what something else has asked', async () => {
  fresh();
  const budget = new Budget({ sockudo: agent.sockudo, limits: [{ of: 'run', unit: 'tokens', hard: 10 }] });
  work(async (run, context) => {
    const bill = budget.of(run, context);
    await bill.admit();
    await bill.add({ inputTokens: 8, outputTokens: 3 }, 'small');
    await bill.admit();
  });
  expect(await answer('r1')).toMatchObject({ 'run-reason': 'error', 'error-code': 'budget_exceeded' });
  expect((await usage({ channel, run_id: 'r1' })).run).toMatchObject({
    calls: 1,
    input_tokens: 8,
    output_tokens: 3,
  });
});

it('has no answer wait for its bill', async () => {
  fresh();
  const failing = {
    get: agent.sockudo.get.bind(agent.sockudo),
    post: () => Promise.reject(new Error('down')),
  };
  answering(says('Hi'), [{ of: 'run', unit: 'tokens', hard: 1_000 }], { sockudo: failing });
  expect(await answer('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(errors.map(String)).toEqual(['Error: down']);
});

it.each<[BudgetLimit, string]>([
  [{ of: 'run', unit: 'tokens' }, 'needs soft'],
  [{ of: 'run', unit: 'tokens', hard: 0 }, 'above 0'],
  [{ of: 'run', unit: 'tokens', hard: Number.NaN }, 'above 0'],
  [{ of: 'run', unit: 'tokens', soft: 2, hard: 1 }, 'above hard'],
  [{ of: 'run', per: 'day', unit: 'tokens', hard: 1 }, 'no days'],
])('%j is no limit', (limit, text) => {
  expect(() => checkLimits([limit])).toThrow(text);
});

it('reckons what was read from the cache at its own price', () => {
  const price = { input: 3, output: 15, cachedInput: 0.3 };
  expect(costMicros(price, { input: 1_000, cachedInput: 900, output: 100 })).toBe(300 + 270 + 1_500);
  expect(costMicros({ input: 3, output: 15 }, { input: 10, cachedInput: 99, output: 0 })).toBe(30);
});
