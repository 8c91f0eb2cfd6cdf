import { describe, expect, it } from 'vitest';
import { Library } from '../documents/library.ts';
import { readSettings } from '../settings.ts';
import { answerTo } from './answer.ts';
import type { Question, Turn } from './question.ts';

const library = new Library([
  {
    source: 'boats.md',
    text: '# Boats\n\n## Sails\n\nSails are made of cloth.\n\n## Repairing sails\n\nOld sails are sewn:\n\n```sh\nsew --sail\n```\n\n## Oars\n\nOars are made of wood.',
  },
  { source: 'tea.md', text: '# Tea\n\nTea wants four minutes and a pot. The pot is made of clay.' },
]);
const LONG = `${'Nobody knows this. '.repeat(30)}A boat with a red sail goes faster than any other boat.`;

const user = (text: string): Turn => ({ role: 'user', text });
const assistant = (text: string): Turn => ({ role: 'assistant', text, calls: [] });
const ask = (turns: readonly Turn[], more: Partial<Question> = {}, settings = 'note=off') =>
  answerTo(
    {
      system: '',
      turns,
      tools: [],
      choice: 'auto',
      isParallel: true,
      maxTokens: null,
      wantsReasoning: false,
      seed: null,
      schema: null,
      ...more,
    },
    library,
    readSettings(settings),
  );

describe('answerTo', () => {
  it('says once what it is', () => {
    const first = ask([user('What are oars made of?')], {}, '').text;
    expect(first).toBe(
      'I am no language model, only a stand-in: I look things up in 2 documents and quote what I find.\n\nOars are made of wood.\n\n*Source: boats.md › Boats › Oars*',
    );
    expect(ask([user('x'), assistant(first), user('And the pot?')], {}, '').text).toMatch(/^Tea wants/);
  });

  it('keeps code whole, with the line that announces it', () => {
    expect(ask([user('How do I repair sails?')]).text).toContain(
      'Old sails are sewn:\n\n```sh\nsew --sail\n```',
    );
  });

  it('understands short questions by those before them', () => {
    expect(ask([user('Tell me of tea'), assistant('…'), user('What is it made of?')]).text).toMatch(
      /^Tea wants/,
    );
    expect(ask([user('Tell me of oars'), assistant('…'), user('What is it made of?')]).text).toMatch(
      /^Oars are/,
    );
  });

  it('quotes what was not quoted yet when it is asked for more', () => {
    const turns = [user('sails')];
    const first = ask(turns).text;
    const more = ask([...turns, assistant(first.split('\n\n*Source')[0] ?? ''), user('more')]).text;
    expect(more).toContain('› Sails*');
    expect(ask([...turns, assistant(first), user('go on')]).text).not.toContain('› Sails*');
  });

  it.each([
    ['Hello there!', /^Hello! You could ask me about “Boats”, “Tea”\.$/],
    ['thanks a lot', /^You are welcome/],
    ['are you an AI?', /^I look up the words/],
    [' ', /^You said nothing/],
    ['quantum chromodynamics', /^I found nothing about “quantum chromodynamics” in the 2 documents/],
  ])('has something to say to %s', (text, expected) => {
    expect(ask([user(text)]).text).toMatch(expected);
  });

  it('summarises where that is asked for', () => {
    expect(ask([user(`Summarise this: ${LONG}`)]).text).toContain('A boat with a red sail');
    expect(ask([user(LONG)], { system: 'You write a summary of each text.' }).text).not.toContain('Source');
    expect(ask([user('summary of oars')]).text).toContain('Oars are made of wood.');
    const call = { id: '1', name: 'read', arguments: '{}' };
    const read: Turn[] = [
      { role: 'assistant', text: '', calls: [call] },
      { role: 'tool', callId: '1', text: LONG, isError: false },
    ];
    expect(ask([user('Summarise it'), ...read]).text).toContain('A boat with a red sail');
    expect(ask([user('Read it'), ...read]).text).toMatch(/^`read` returned, in short: /);
  });

  it.each([
    ['{"a":[1]}', false, '`read` returned:\n\n```json\n{\n  "a": [\n    1\n  ]\n}\n```'],
    ['', false, '`read` is done; it returned nothing.'],
    ['{broken', false, '`read` returned: {broken'],
    ['denied', true, '`read` failed: denied'],
  ])('tells the result %s', (text, isError, expected) => {
    const calls = [{ id: '1', name: 'read', arguments: '{}' }];
    const turns: Turn[] = [
      user('x'),
      { role: 'assistant', text: '', calls },
      { role: 'tool', callId: '1', text, isError },
    ];
    expect(ask(turns).text).toBe(expected);
  });

  it('is JSON where that is asked for, without a word around it', () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    expect(ask([user('a boat in Rome')], { schema }, '').text).toBe('{"city":"Rome"}');
    expect(ask([user('a boat')], { schema: {} }, '').text).toBe('{"text":"a boat"}');
  });

  it('tells how it looked', () => {
    expect(ask([user('What are oars made of?')]).reasoning).toMatch(
      /^Looking in 4 sections for: oar, mad\. The best:\n- boats\.md › Boats › Oars \(\d/,
    );
  });
});
