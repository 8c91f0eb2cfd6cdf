// Tools that need somebody: a person's word, a result of the page, an answer.
import { EventType, type Message } from '@ag-ui/core';
import { type ModelEvent, type ModelTools, runTools } from '@sockudo/ai-transport/model';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { expectNoComplaints } from './testing/reader.ts';
import { comesTrue, lineOf, saying, startWorld, type World, words } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  expectNoComplaints();
  world = await startWorld();
});
afterEach(() => world.close());

/** A model that calls a tool, and says what came of it. */
const calling =
  (toolName: string, tools: ModelTools): World['handle'] =>
  async (run, context) => {
    await runTools(run, context, {
      tools,
      async *ask(conversation): AsyncGenerator<ModelEvent> {
        const outputs = conversation.flatMap((message) => ('content' in message ? message.content : []));
        const found = outputs.findLast(({ type }) => type === 'tool-output');
        if (found?.type === 'tool-output') {
          yield* words('t', `It came to ${JSON.stringify(found.output)}`);
          yield { type: 'finish', reason: 'stop' };
          return;
        }
        yield { type: 'tool-input-start', toolCallId: 'c1', toolName };
        yield { type: 'tool-input-delta', toolCallId: 'c1', text: '{"x":1}' };
        yield { type: 'tool-input-end', toolCallId: 'c1', toolName, inputText: '{"x":1}' };
        yield { type: 'finish', reason: 'tool-calls' };
      },
    });
  };

const SCHEMA = { type: 'object' };
const lastOf = (messages: readonly Message[]): unknown => lineOf(messages).at(-1);

describe('a call that a person has to allow', () => {
  const booking: ModelTools = { book: { schema: SCHEMA, needsApproval: true, execute: () => 'booked' } };

  it.each([
    [{ status: 'resolved' }, '"booked"'],
    [{ status: 'resolved', payload: { approved: false, reason: 'Too dear.' } }, '"Too dear."'],
    [{ status: 'cancelled' }, '"The user did not allow this call."'],
  ] as const)('interrupts the run, and goes on with %j', async (answer, output) => {
    world.handle = calling('book', booking);
    const ann = world.agent('ann');
    await ann.say('Book it');
    expect(ann.events.at(-1)).toMatchObject({
      type: EventType.RUN_FINISHED,
      outcome: { type: 'interrupt', interrupts: [{ id: 'c1', reason: 'tool_approval', toolCallId: 'c1' }] },
    });
    expect(ann.agent.pendingInterrupts).toHaveLength(1);
    await ann.agent.runAgent({ resume: [{ interruptId: 'c1', ...answer }] });
    expect(lastOf(ann.agent.messages)).toEqual(['assistant', `It came to ${output}`]);
    expect(ann.session.runs.map(({ status }) => status)).toEqual(['complete']);
  });

  it('is asked about again where the page was loaded anew', async () => {
    world.handle = calling('book', booking);
    await world.agent('ann').say('Book it');
    const later = world.agent('ann');
    await later.agent.connectAgent();
    expect(later.agent.pendingInterrupts).toHaveLength(1);
    await later.agent.runAgent({ resume: [{ interruptId: 'c1', status: 'resolved' }] });
    expect(lastOf(later.agent.messages)).toEqual(['assistant', 'It came to "booked"']);
  });
});

it('is no question any more where it was answered on another device', async () => {
  world.handle = calling('book', { book: { schema: SCHEMA, needsApproval: true, execute: () => 'booked' } });
  const ann = world.agent('ann');
  const phone = world.agent('ann');
  onTestFinished(phone.agent.follow());
  await ann.say('Book it');
  await comesTrue(() => phone.agent.pendingInterrupts.length === 1);
  await ann.agent.runAgent({ resume: [{ interruptId: 'c1', status: 'resolved' }] });
  await comesTrue(() => phone.agent.messages.length === ann.agent.messages.length && !phone.agent.isRunning);
  expect(phone.agent.pendingInterrupts).toEqual([]);
  expect(phone.agent.messages).toEqual(ann.agent.messages);
});

it('leaves a call to the page, and goes on with its result', async () => {
  world.handle = calling('color', { color: { schema: SCHEMA } });
  const ann = world.agent('ann');
  await ann.say('Which color?');
  expect(ann.events.at(-1)).toMatchObject({ outcome: { type: 'success', pendingToolCallIds: ['c1'] } });
  ann.agent.addMessage({ id: 'result-1', role: 'tool', toolCallId: 'c1', content: 'blue' });
  await ann.agent.runAgent();
  expect(lastOf(ann.agent.messages)).toEqual(['assistant', 'It came to "blue"']);
  expect(lineOf(ann.agent.messages).map((line) => (line as unknown[])[0])).toEqual([
    'user',
    'assistant',
    'tool',
    'assistant',
  ]);
});

it('waits for an answer, and tells of steps', async () => {
  world.handle = async (run, context) => {
    const last = (await context.history()).at(-1);
    if (last?.text !== 'Rome') {
      await run.step('plan', () => saying(...words('t', 'Where to?'))(run, context));
      return run.suspend();
    }
    await saying(...words('t', 'To Rome!'))(run, context);
  };
  const ann = world.agent('ann');
  await ann.say('Book a flight');
  const { id } = ann.session.runs[0] ?? { id: '' };
  expect(ann.events.at(-1)).toMatchObject({
    outcome: { type: 'interrupt', interrupts: [{ id, reason: 'input_required' }] },
  });
  const steps = ann.events.flatMap((event) => ('stepName' in event ? [[event.type, event.stepName]] : []));
  expect(steps[0]).toEqual([EventType.STEP_STARTED, expect.stringContaining('plan')]);
  expect(steps.at(-1)?.[0]).toBe(EventType.STEP_FINISHED);
  await ann.agent.runAgent({ resume: [{ interruptId: id, status: 'resolved', payload: 'Rome' }] });
  expect(lastOf(ann.agent.messages)).toEqual(['assistant', 'To Rome!']);
});

it('is cancelled where nobody wants to answer', async () => {
  world.handle = (run) => run.suspend();
  const ann = world.agent('ann');
  await ann.say('Hi');
  const { id } = ann.session.runs[0] ?? { id: '' };
  await ann.agent.runAgent({ resume: [{ interruptId: id, status: 'cancelled' }] });
  expect(ann.events.at(-1)).toMatchObject({ outcome: { type: 'cancelled' } });
});

it('ends the steps of a run that is stopped', async () => {
  world.handle = async (run, context) => {
    await run.step('plan', () =>
      saying(...words('t', 'Hm').slice(0, 2), new Promise(() => {}))(run, context),
    );
  };
  const ann = world.agent('ann');
  const said = ann.say('Hi');
  await ann.heard(({ type }) => type === EventType.TEXT_MESSAGE_CONTENT);
  ann.agent.abortRun();
  await said;
  const steps = ann.events.filter((event) => 'stepName' in event).map(({ type }) => type);
  expect(steps.filter((type) => type === EventType.STEP_STARTED)).toHaveLength(steps.length / 2);
  expect(ann.events.at(-1)).toMatchObject({ outcome: { type: 'cancelled' } });
});
