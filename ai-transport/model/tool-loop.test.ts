// Runs with tools against a whole server in memory: what the model is asked, what is run, how often, and who may answer.
import { expect, it } from 'vitest';
import {
  channel,
  ended,
  errors,
  fresh,
  rows,
  runOf,
  say,
  server,
  setUpWorkers,
  work,
} from '../agent/testing/worker-world.ts';
import { ModelError } from './errors.ts';
import type { ModelEvent } from './events.ts';
import { type RunToolsOptions, type RunToolsResult, runTools } from './tool-loop.ts';
import { type ModelTools, ToolError } from './tools.ts';
import { type Turn, turnsOf } from './turns.ts';

setUpWorkers();

type Script = readonly (readonly ModelEvent[] | (() => AsyncIterable<ModelEvent>))[];

const call = (toolCallId: string, toolName: string, inputText = '{}'): ModelEvent => ({
  type: 'tool-input-end',
  toolCallId,
  toolName,
  inputText,
});
const text = (words: string): readonly ModelEvent[] => [
  { type: 'text-delta', id: '0', text: words },
  { type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } },
  { type: 'finish', reason: 'stop' },
];
const calls = (...all: readonly ModelEvent[]): readonly ModelEvent[] => [
  ...all,
  { type: 'finish', reason: 'tool-calls' },
];

async function* events(given: readonly ModelEvent[]): AsyncGenerator<ModelEvent> {
  yield* given;
}

/** A worker whose model says this, call by call, and what it was asked. */
function answering(script: Script, tools: ModelTools, more: Partial<RunToolsOptions> = {}) {
  const asked: (readonly Turn[])[] = [];
  const results: RunToolsResult[] = [];
  const settled: (() => void)[] = [];
  work(async (run, context) => {
    const ask: RunToolsOptions['ask'] = (conversation) => {
      const said = script[asked.length];
      asked.push(turnsOf(conversation));
      if (said === undefined) throw new Error('the model was asked too often');
      return typeof said === 'function' ? said() : events(said);
    };
    const onToolError = (error: unknown) => errors.push(error);
    results.push(await runTools(run, context, { ask, tools, onToolError, ...more }));
    for (const resolve of settled.splice(0)) resolve();
  });
  /** Resolves when the handler has returned so often. */
  const returned = async (times: number): Promise<void> => {
    while (results.length < times) await new Promise<void>((resolve) => settled.push(resolve));
  };
  return { asked, results, returned };
}

/** Texts, calls and results of the turns that the model was shown. */
const shown = (turns: readonly Turn[] | undefined): readonly string[] =>
  (turns ?? []).map((turn) =>
    turn.role === 'tool'
      ? `tool: ${turn.outputs.map(({ output, isError }) => `${isError ? '!' : ''}${JSON.stringify(output)}`).join(', ')}`
      : `${turn.role}: ${turn.content
          .map((piece) =>
            piece.type === 'text' ? piece.text : piece.type === 'tool-call' ? `${piece.toolName}()` : '',
          )
          .join(' ')}`,
  );

const types = async (): Promise<readonly string[]> =>
  (await rows())
    .filter(({ event_name: name }) => name === 'ai-output')
    .map(({ message }) => (message.extras.ai as unknown as { codec: { type: string } }).codec.type);

const suspended = async (runId: string): Promise<void> => {
  // It is said after the handler's last word.
  while ((await runOf(runId)).status !== 'suspended') await new Promise((resolve) => setImmediate(resolve));
};

const answer = (toolCallId: string, approved: boolean, more: Record<string, string> = {}): Promise<void> =>
  say(
    'r1',
    JSON.stringify({ type: 'tool-approval-response', toolCallId, approvalId: toolCallId, approved }),
    {
      'run-continue': 'true',
      'input-client-id': 'ann',
      ...more,
    },
  );

it('runs what the model calls and asks it again', async () => {
  fresh();
  const ran: unknown[] = [];
  const tools: ModelTools = {
    add: {
      schema: {},
      execute: ({ a, b }: { a: number; b: number }) => {
        ran.push([a, b]);
        return { sum: a + b };
      },
    },
  };
  const { asked, results } = answering(
    [calls(call('c1', 'add', '{"a":1,"b":2}'), call('c2', 'add', '{"a":3,"b":4}')), text('Three and seven')],
    tools,
  );
  await say('r1', 'Add');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(ran).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(asked.map(shown)).toEqual([
    ['user: Add'],
    ['user: Add', 'assistant: add() add()', 'tool: {"sum":3}, {"sum":7}'],
  ]);
  expect(await types()).toEqual([
    'tool-input-available',
    'tool-input-available',
    'finish-step',
    'tool-output-available',
    'tool-output-available',
    'text-end',
    'message-metadata',
    'finish-step',
    'finish',
  ]);
  expect(results).toEqual([
    {
      status: 'complete',
      text: 'Three and seven',
      finishReason: 'stop',
      usage: { inputTokens: 1, outputTokens: 2 },
      rounds: 2,
    },
  ]);
});

it('waits for a person, goes on with the answer, and runs the tool then', async () => {
  fresh();
  const ran: unknown[] = [];
  const tools: ModelTools = {
    pay: { schema: {}, needsApproval: (input) => input !== null, execute: (input) => ran.push(input) },
    look: { schema: {}, execute: () => 'seen' },
  };
  const { asked, results } = answering(
    [calls(call('c1', 'pay', '{"to":"bob"}'), call('c2', 'look')), text('Paid')],
    tools,
  );
  await say('r1', 'Pay bob');
  await suspended('r1');
  expect(ran).toEqual([]);
  expect((await types()).slice(-3)).toEqual(['tool-approval-request', 'tool-output-available', 'finish']);
  await answer('c1', true);
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(ran).toEqual([{ to: 'bob' }]);
  expect(shown(asked[1])).toEqual(['user: Pay bob', 'assistant: pay() look()', 'tool: 1, "seen"']);
  expect(results.map(({ status }) => status)).toEqual(['suspended', 'complete']);
});

it('tells the model that the person said no', async () => {
  fresh();
  const tools: ModelTools = { pay: { schema: {}, needsApproval: true, execute: () => expect.fail() } };
  const { asked } = answering([calls(call('c1', 'pay')), text('Well')], tools);
  await say('r1', 'Pay');
  await suspended('r1');
  await answer('c1', false);
  await ended('r1');
  expect(shown(asked[1])).toEqual([
    'user: Pay',
    'assistant: pay()',
    'tool: !"The user did not allow this call."',
  ]);
  expect(await types()).toContain('tool-output-denied');
});

it('listens to nobody but those who may answer', async () => {
  fresh();
  const ran: string[] = [];
  const tools: ModelTools = { pay: { schema: {}, needsApproval: true, execute: () => ran.push('paid') } };
  const { returned } = answering([calls(call('c1', 'pay')), text('Paid')], tools);
  await say('r1', 'Pay');
  await suspended('r1');
  await answer('c1', true, { 'input-client-id': 'eve' });
  await returned(2);
  await suspended('r1');
  expect(ran).toEqual([]);
  await answer('c1', true);
  await ended('r1');
  expect(ran).toEqual(['paid']);
});

it('takes results from users for tools that they run, and for no others', async () => {
  fresh();
  const tools: ModelTools = {
    where: { schema: {} },
    balance: { schema: {}, needsApproval: true, execute: () => 3 },
  };
  const { asked, returned } = answering(
    [calls(call('c1', 'where'), call('c2', 'balance')), text('So')],
    tools,
  );
  const result = (toolCallId: string, output: unknown, codecId: string) =>
    say('r1', JSON.stringify({ type: 'tool-result', toolCallId, output }), {
      'run-continue': 'true',
      role: 'assistant',
      'codec-message-id': codecId,
    });
  await say('r1', 'Where, and how much?');
  await suspended('r1');
  await result('c2', 1_000_000, 'forged');
  await returned(2);
  await suspended('r1');
  await result('c1', 'Bonn', 'right');
  await returned(3);
  await suspended('r1');
  await answer('c2', true);
  await ended('r1');
  expect(shown(asked[1]).slice(1)).toEqual(['assistant: where() balance()', 'tool: "Bonn", 3']);
});

it('goes on with what the person says instead of an answer', async () => {
  fresh();
  const tools: ModelTools = { pay: { schema: {}, needsApproval: true, execute: () => expect.fail() } };
  const { asked } = answering([calls(call('c1', 'pay')), text('Fine')], tools);
  await say('r1', 'Pay');
  await suspended('r1');
  await say('r1', 'Forget it', { 'run-continue': 'true' });
  await ended('r1');
  expect(shown(asked[1])).toEqual([
    'user: Pay',
    'assistant: pay()',
    'tool: !"The call was interrupted: there is no result."',
    'user: Forget it',
  ]);
});

it('neither asks nor runs again what an earlier attempt had done', async () => {
  fresh();
  let ran = 0;
  const broken = async function* (): AsyncGenerator<ModelEvent> {
    yield { type: 'text-delta', id: '0', text: 'I th' };
    throw new ModelError('overloaded', 'busy', { retryAfterMs: 0 });
  };
  const { asked } = answering([calls(call('c1', 'count')), broken, text('One')], {
    count: { schema: {}, execute: () => ++ran },
  });
  await say('r1', 'Count');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(ran).toBe(1);
  expect(asked.map((turns) => shown(turns).at(-1))).toEqual(['user: Count', 'tool: 1', 'tool: 1']);
  expect(errors).toMatchObject([{ code: 'overloaded' }]);
});

it('prepares each call of the model once, whoever asks', async () => {
  fresh();
  let made = 0;
  const given: unknown[] = [];
  const broken = async function* (): AsyncGenerator<ModelEvent> {
    yield { type: 'text-delta', id: '0', text: 'I th' };
    throw new ModelError('connection', 'gone');
  };
  work(async (run, context) => {
    await runTools(run, context, {
      prepare: () => ({ id: ++made }),
      ask: (_, { prepared }) => {
        given.push(prepared);
        return given.length === 1 ? broken() : events(text('I think'));
      },
    });
  });
  await say('r1', 'Think');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(given).toEqual([{ id: 1 }, { id: 1 }]);
});

it('tells the model of calls that cannot be run, and the program of tools that fail', async () => {
  fresh();
  const tools: ModelTools = {
    broken: {
      schema: {},
      execute: () => {
        throw new Error('password is hunter2');
      },
    },
    strict: {
      schema: {},
      parse: () => {
        throw new Error('day is missing');
      },
      execute: () => expect.fail(),
    },
    polite: {
      schema: {},
      execute: () => {
        throw new ToolError('No such city');
      },
    },
  };
  const all = [call('c1', 'broken'), call('c2', 'strict'), call('c3', 'polite'), call('c4', 'nothing')];
  const { asked } = answering([calls(...all, call('c5', 'broken', '{"a')), text('Oh')], tools);
  await say('r1', 'Try');
  await ended('r1');
  expect(shown(asked[1]).at(-1)).toBe(
    'tool: !"The tool failed.", !"day is missing", !"No such city", !"There is no tool nothing.", !"The input is no valid JSON."',
  );
  expect(errors).toMatchObject([{ message: 'password is hunter2' }]);
  expect(JSON.stringify(await rows())).not.toContain('hunter2');
});

it('does not ask for ever', async () => {
  fresh();
  const tools: ModelTools = { more: { schema: {}, execute: () => 1 } };
  const { asked } = answering([calls(call('c1', 'more')), calls(call('c2', 'more'))], tools, {
    maxRounds: 2,
  });
  await say('r1', 'Go');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'error', 'error-code': 'provider_error' });
  expect(asked).toHaveLength(2);
});

it('stops in the middle of a tool that takes no notice', async () => {
  fresh();
  const begun = Promise.withResolvers<void>();
  const tools: ModelTools = {
    long: {
      schema: {},
      execute: () => {
        begun.resolve();
        return new Promise(() => {});
      },
    },
  };
  const { results } = answering([calls(call('c1', 'long'))], tools);
  await say('r1', 'Go');
  await begun.promise;
  await server.say('ai-cancel', 'r1', { channel, data: JSON.stringify({ runId: 'r1' }) });
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'cancelled' });
  expect(results).toMatchObject([{ status: 'cancelled' }]);
});
