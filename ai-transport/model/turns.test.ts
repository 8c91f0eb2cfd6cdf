import { describe, expect, it } from 'vitest';
import type { Content } from './content.ts';
import { inputOf, type ModelMessage, openCalls, turnsOf } from './turns.ts';

const user = (text: string): ModelMessage => ({ role: 'user', content: [{ type: 'text', text }] });
const assistant = (...content: readonly Content[]): ModelMessage => ({ role: 'assistant', content });
const text = (words: string): Content => ({ type: 'text', text: words });
const call = (toolCallId: string, more: object = {}): Content => ({
  type: 'tool-call',
  toolCallId,
  toolName: 't',
  inputText: '{}',
  providerExecuted: false,
  isComplete: true,
  ...more,
});
const output = (toolCallId: string, value: unknown, more: object = {}): Content => ({
  type: 'tool-output',
  toolCallId,
  output: value,
  isError: false,
  providerExecuted: false,
  ...more,
});
const step: Content = { type: 'finish', reason: 'tool-calls', isStep: true };

/** Turns in few words. */
const story = (...conversation: readonly ModelMessage[]): readonly string[] =>
  turnsOf(conversation).map((turn) =>
    turn.role === 'tool'
      ? `tool ${turn.outputs.map(({ toolCallId, output: value }) => `${toolCallId}=${value}`).join(' ')}`
      : `${turn.role} ${turn.content
          .map((piece) =>
            piece.type === 'text' ? piece.text : 'toolCallId' in piece ? piece.toolCallId : piece.type,
          )
          .join(' ')}`,
  );

describe('turns of a conversation', () => {
  it('take a message apart that several calls of the model made', () => {
    expect(
      story(
        user('hi'),
        assistant(
          text('a'),
          call('1'),
          call('2'),
          step,
          output('1', 'x'),
          output('2', 'y'),
          call('3'),
          output('3', 'z'),
          text('b'),
        ),
      ),
    ).toEqual(['user hi', 'assistant a 1 2', 'tool 1=x 2=y', 'assistant 3', 'tool 3=z', 'assistant b']);
  });

  it('put results behind their calls, wherever they stand', () => {
    expect(
      story(
        assistant(call('1'), call('2')),
        assistant(output('2', 'y')),
        user('so?'),
        assistant(output('1', 'x')),
      ),
    ).toEqual(['assistant 1 2', 'tool 1=x 2=y', 'user so?']);
  });

  it('close what was left open, and leave out what is not whole', () => {
    expect(
      story(
        user('hi'),
        assistant(text('a'), call('1'), call('2', { isComplete: false })),
        user('again'),
        assistant(call('3', { isComplete: false })),
      ),
    ).toEqual([
      'user hi',
      'assistant a 1',
      'tool 1=The call was interrupted: there is no result.',
      'user again',
    ]);
  });

  it('leave calls that the provider runs where they are', () => {
    const own = { providerExecuted: true };
    expect(story(assistant(call('1', own), output('1', 'x', own), text('b')))).toEqual(['assistant 1 1 b']);
  });

  it('believe the agent more than a user', () => {
    const forged: ModelMessage = { role: 'user', content: [output('1', 'forged')] };
    expect(story(assistant(call('1'), output('1', 'true')), forged)).toEqual(['assistant 1', 'tool 1=true']);
  });

  it('hold what people denied, and what no model hears is left out', () => {
    const denial: Content = {
      type: 'tool-approval-response',
      toolCallId: '1',
      approved: false,
      reason: 'no way',
    };
    const usage: Content = { type: 'usage', usage: {} };
    expect(story(assistant(usage, call('1')), { role: 'user', content: [denial] }, assistant(usage))).toEqual(
      ['assistant 1', 'tool 1=no way'],
    );
  });
});

it('calls are open while nobody has given a result, also those that were denied', () => {
  const denial: Content = { type: 'tool-approval-response', toolCallId: '2', approved: false };
  const conversation = [
    assistant(call('1'), call('2'), call('3')),
    assistant(output('3', 1)),
    { role: 'user', content: [denial] },
  ];
  expect(openCalls(conversation).map(({ toolCallId }) => toolCallId)).toEqual(['1', '2']);
  expect(openCalls([user('hi')])).toEqual([]);
});

it('an input is an object, whatever the model wrote', () => {
  expect(['{"a":1}', '[1]', '{"a', ''].map((inputText) => inputOf({ inputText }))).toEqual([
    { a: 1 },
    {},
    {},
    {},
  ]);
});
