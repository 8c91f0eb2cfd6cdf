import { describe, expect, it } from 'vitest';
import { WEATHER } from '../testing/test-model.ts';
import type { Question } from './question.ts';
import { fillSchema } from './schema-values.ts';
import { callsFor } from './tools.ts';

const MAIL = {
  name: 'sendMail',
  description: 'Sends a mail to somebody',
  parameters: {
    type: 'object',
    properties: {
      to: { type: 'string', format: 'email' },
      subject: { type: 'string' },
      urgent: { type: 'boolean' },
    },
    required: ['to', 'subject'],
  },
};
const TIME = { name: 'clock', description: 'Tells the time of day', parameters: {} };

const question = (text: string, more: Partial<Question> = {}): Question => ({
  system: '',
  turns: [{ role: 'user', text }],
  tools: [WEATHER, MAIL, TIME],
  choice: 'auto',
  isParallel: true,
  maxTokens: null,
  wantsReasoning: false,
  seed: null,
  schema: null,
  ...more,
});
const called = (text: string, more: Partial<Question> = {}, wanted: readonly string[] = []) =>
  callsFor(question(text, more), wanted).map((call) => [call.name, JSON.parse(call.arguments)]);

describe('callsFor', () => {
  it.each([
    ['How is the weather in Paris?', 'get_weather', { city: 'Paris' }],
    ['weather for New York in fahrenheit', 'get_weather', { city: 'New York', unit: 'fahrenheit' }],
    ['Send a mail to ada@example.org about "Boats"', 'sendMail', { to: 'ada@example.org', subject: 'Boats' }],
    [
      'Send an urgent mail, to: bob@example.org, subject: `Tea`',
      'sendMail',
      { to: 'bob@example.org', subject: '`Tea`'.slice(1, -1), urgent: true },
    ],
    ['What time of day is it?', 'clock', {}],
  ])('takes the tool that fits: %s', (text, name, args) => {
    expect(called(text)).toEqual([[name, args]]);
  });

  it.each(['How are you?', 'What is the weather?', 'Send a mail', 'How does recovery work?'])(
    'calls nothing where words or arguments are missing: %s',
    (text) => {
      expect(called(text)).toEqual([]);
    },
  );

  it('does what the request insists on', () => {
    expect(called('hello', { choice: { name: 'sendMail' } })).toEqual([
      ['sendMail', { to: '', subject: 'hello' }],
    ]);
    expect(called('hello', { choice: 'required' })).toEqual([['get_weather', { city: '' }]]);
    expect(called('What time of day is it?', { choice: 'required' })).toEqual([['clock', {}]]);
    expect(called('weather in Paris', { choice: 'none' }, ['clock'])).toEqual([]);
  });

  it('does what the settings and the words spell out, also what was not offered', () => {
    expect(called('in Rome', {}, ['get_weather', 'unknown'])).toEqual([
      ['get_weather', { city: 'Rome' }],
      ['unknown', {}],
    ]);
    expect(callsFor(question('/tool get_weather {"city": 1'), [])).toEqual([
      { name: 'get_weather', arguments: '{"city": 1' },
    ]);
    expect(called('Please:\n/tool clock\n/tool get_weather Sankt Gallen')).toEqual([
      ['clock', {}],
      ['get_weather', { city: 'Sankt Gallen' }],
    ]);
  });
});

describe('fillSchema', () => {
  it('takes numbers, choices, lists and defaults, and tells what is missing', () => {
    const schema = {
      type: 'object',
      properties: {
        amount: { type: 'number' },
        people: { type: 'integer' },
        kind: { enum: ['red', 'dark_blue'] },
        tags: { type: 'array', items: { type: 'string' } },
        when: { type: 'string', format: 'date' },
        nested: { type: 'object', properties: { page: { type: 'integer', default: 1 } }, required: ['page'] },
        fixed: { const: 'x' },
      },
      required: ['amount', 'people', 'kind', 'tags', 'nested'],
    };
    expect(fillSchema(schema, '2.5 for 3 in dark blue: "a", "b" on 2026-02-03')).toEqual({
      value: {
        amount: 2.5,
        people: 3,
        kind: 'dark_blue',
        tags: ['a', 'b'],
        when: '2026-02-03',
        nested: { page: 1 },
        fixed: 'x',
      },
      missing: [],
    });
    expect(fillSchema(schema, 'nothing')).toEqual({
      value: { amount: 0, people: 0, kind: 'red', tags: [], nested: { page: 1 }, fixed: 'x' },
      missing: ['amount', 'people', 'kind', 'tags'],
    });
  });

  it('survives schemas that are none', () => {
    for (const schema of [
      null,
      3,
      [],
      { type: 7, properties: 'x' },
      { type: ['null', 'object'], required: ['a'] },
    ])
      expect(() => fillSchema(schema, 'text')).not.toThrow();
    let deep: object = { type: 'string' };
    for (let index = 0; index < 50; index += 1)
      deep = { type: 'object', properties: { a: deep }, required: ['a'] };
    expect(() => fillSchema(deep, 'text')).not.toThrow();
  });
});
