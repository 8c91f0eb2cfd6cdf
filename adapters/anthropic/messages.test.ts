import type { Content, ModelMessage } from '@sockudo/ai-transport/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAnthropicMessages } from './messages.ts';

const said = (role: string, ...content: Content[]): ModelMessage => ({ role, content });
const text = (words: string): Content => ({ type: 'text', text: words });
const ask = (words: string): ModelMessage => said('user', text(words));

const thought = (words: string, own: Record<string, unknown> = { signature: 'c2ln' }): Content => ({
  type: 'reasoning',
  text: words,
  metadata: { anthropic: own },
});

const call = (
  id: string,
  inputText = '{}',
  more: Partial<Content & { type: 'tool-call' }> = {},
): Content => ({
  type: 'tool-call',
  toolCallId: id,
  toolName: `tool_${id}`,
  inputText,
  providerExecuted: false,
  isComplete: true,
  ...more,
});

const output = (
  id: string,
  value: unknown,
  more: Partial<Content & { type: 'tool-output' }> = {},
): Content => ({
  type: 'tool-output',
  toolCallId: id,
  output: value,
  isError: false,
  providerExecuted: false,
  ...more,
});

const messagesOf = (...conversation: ModelMessage[]) => toAnthropicMessages(conversation).messages;
const block = (words: string) => ({ type: 'text', text: words });
const use = (id: string, input: unknown = {}) => ({ type: 'tool_use', id, name: `tool_${id}`, input });
const result = (id: string, content: unknown) => ({ type: 'tool_result', tool_use_id: id, content });

describe('a conversation', () => {
  it('alternates, and keeps system texts apart', () => {
    const conversation = [said('system', text('Be brief.')), ask('Hi'), ask('Anybody?')];
    expect(toAnthropicMessages([...conversation, said('assistant', text('Hello')), ask('Good')])).toEqual({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: [block('Hi'), block('Anybody?')] },
        { role: 'assistant', content: [block('Hello')] },
        { role: 'user', content: [block('Good')] },
      ],
    });
  });

  it('is read from the parts of a history', () => {
    const parts = [
      { type: 'text', data: 'Hi', codec: { type: 'text' }, status: 'complete' },
      { type: 'reasoning', data: 'hm', codec: { type: 'reasoning-end' }, status: 'complete' },
    ] as const;
    expect(messagesOf({ role: 'user', parts })).toEqual([{ role: 'user', content: [block('Hi')] }]);
  });

  it('has nothing empty in it', () => {
    expect(messagesOf()).toEqual([]);
    expect(messagesOf(ask('Hi'), said('assistant', text(' '), text('')), ask('?'))).toEqual([
      { role: 'user', content: [block('Hi'), block('?')] },
    ]);
  });

  it('begins with its user', () => {
    expect(messagesOf(said('assistant', text('Welcome')), ask('Hi')).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
    ]);
  });

  it('does not end with white space, which would be refused', () => {
    expect(messagesOf(ask('Hi'), said('assistant', text('So far \n'))).at(-1)).toEqual({
      role: 'assistant',
      content: [block('So far')],
    });
  });
});

describe('thinking', () => {
  it('goes back with its signature, and what nobody may read as it came', () => {
    const thoughts = [thought('Hm.'), thought('', { redactedData: 'EmwK' }), text('Yes')];
    expect(messagesOf(ask('?'), said('assistant', ...thoughts))[1]?.content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'EmwK' },
      block('Yes'),
    ]);
  });

  it('stays away where it was cut off, is of another model, or leads to nothing', () => {
    const others: Content[] = [thought('cut', {}), { type: 'reasoning', text: 'of another' }, text('A')];
    const answer = said('assistant', ...others, thought('and then'));
    expect(messagesOf(ask('?'), answer)[1]?.content).toEqual([block('A')]);
    expect(messagesOf(ask('?'), said('assistant', thought('only')), ask('!'))).toHaveLength(1);
  });
});

describe('tools', () => {
  it('puts results first in the turn after the calls', () => {
    const answer = said(
      'assistant',
      text('I look.'),
      call('a', '{"x":1}'),
      call('b'),
      output('a', 'warm'),
      output('b', { degrees: 7 }),
      text('Warm.'),
    );
    expect(messagesOf(ask('Weather?'), answer)).toEqual([
      { role: 'user', content: [block('Weather?')] },
      { role: 'assistant', content: [block('I look.'), use('a', { x: 1 }), use('b')] },
      { role: 'user', content: [result('a', 'warm'), result('b', '{"degrees":7}')] },
      { role: 'assistant', content: [block('Warm.')] },
    ]);
  });

  it('does so where somebody spoke, or answered, in between', () => {
    const conversation = [
      ask('?'),
      said('assistant', call('a')),
      ask('Hurry'),
      said('tool', output('a', 'done')),
    ];
    expect(messagesOf(...conversation)).toEqual([
      { role: 'user', content: [block('?')] },
      { role: 'assistant', content: [use('a')] },
      { role: 'user', content: [result('a', 'done'), block('Hurry')] },
    ]);
  });

  it('answers calls that nobody answered, and forgets those that were cut off', () => {
    const cut = said('assistant', text('Well'), call('a'), call('b', '{"x', { isComplete: false }));
    expect(messagesOf(ask('?'), cut, ask('Go on'))).toEqual([
      { role: 'user', content: [block('?')] },
      { role: 'assistant', content: [block('Well'), use('a')] },
      {
        role: 'user',
        content: [
          { ...result('a', 'The call was interrupted: there is no result.'), is_error: true },
          block('Go on'),
        ],
      },
    ]);
  });

  it('says that a call was denied', () => {
    const denial: Content = {
      type: 'tool-approval-response',
      toolCallId: 'a',
      approved: false,
      reason: 'No.',
    };
    expect(messagesOf(ask('?'), said('assistant', call('a')), said('user', denial)).at(-1)?.content).toEqual([
      { ...result('a', 'No.'), is_error: true },
    ]);
  });

  it('marks errors, passes blocks of the API through, and makes an object of any input', () => {
    const picture = [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }];
    const answer = said(
      'assistant',
      call('a', 'no json'),
      call('b'),
      output('a', 'broken', { isError: true }),
      output('b', picture),
    );
    const [, calls, results] = messagesOf(ask('?'), answer);
    expect(calls?.content).toEqual([use('a', { invalid_json: 'no json' }), use('b')]);
    expect(results?.content).toEqual([{ ...result('a', 'broken'), is_error: true }, result('b', picture)]);
  });

  it('gives back what the provider ran itself, but not what another one did', () => {
    const own = { type: 'web_search_tool_result', content: [] };
    const answer = said(
      'assistant',
      call('s', '{"query":"x"}', {
        providerExecuted: true,
        metadata: { anthropic: { caller: { type: 'c' } } },
      }),
      output('s', own, { providerExecuted: true }),
      call('o', '{}', { providerExecuted: true }),
      output('o', { results: [] }, { providerExecuted: true }),
      text('Found.'),
    );
    expect(messagesOf(ask('?'), answer)[1]?.content).toEqual([
      { ...use('s', { query: 'x' }), type: 'server_tool_use', caller: { type: 'c' } },
      { ...own, tool_use_id: 's' },
      block('Found.'),
    ]);
  });

  it('lets the provider go on with what it paused, and only with that', () => {
    const paused = said('assistant', text('Searching'), call('s', '{}', { providerExecuted: true }));
    expect(messagesOf(ask('?'), paused)[1]?.content).toHaveLength(2);
    expect(messagesOf(ask('?'), paused, ask('Well?'))[1]?.content).toEqual([block('Searching')]);
  });

  it('keeps blocks of kinds that it does not know', () => {
    const event = (name: string, data: object): Content => ({
      type: 'provider',
      provider: 'anthropic',
      name,
      data,
    });
    const answer = said(
      'assistant',
      event('content_block_start', { index: 0, content_block: { type: 'compaction', content: null } }),
      event('content_block_delta', { index: 0, delta: { type: 'compaction_delta', content: 'Summary' } }),
      event('content_block_stop', { index: 0 }),
      event('weather_report', { sky: 'blue' }),
      text('Go on.'),
    );
    expect(messagesOf(ask('?'), answer)[1]?.content).toEqual([
      { type: 'compaction', content: 'Summary' },
      block('Go on.'),
    ]);
  });
});

describe('citations and files', () => {
  it('gives citations back without what only answers have', () => {
    const citation = { type: 'page_location', cited_text: 'x', file_id: 'f' };
    const cited: Content = { ...text('Dry.'), metadata: { anthropic: { citations: [citation] } } } as Content;
    expect(messagesOf(ask('?'), said('assistant', cited))[1]?.content).toEqual([
      { ...block('Dry.'), citations: [{ type: 'page_location', cited_text: 'x' }] },
    ]);
  });

  it.each([
    ['image/png', 'https://a.example/b.png', { type: 'image', source: { type: 'url' } }],
    [
      'image/png',
      'data:image/png;base64,iVBO',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
    ],
    ['application/pdf', 'data:application/pdf;base64,JVBE', { type: 'document', title: 'f' }],
    ['text/csv', 'data:text/csv,a%2Cb', { type: 'document', source: { type: 'text', data: 'a,b' } }],
    ['text/plain', 'data:text/plain;base64,aMOp', { type: 'document', source: { data: 'hé' } }],
    [
      'image/*',
      'https://a.example/b',
      { type: 'image', source: { type: 'url', url: 'https://a.example/b' } },
    ],
    ['image/*', 'data:image/*;base64,iVBO', { type: 'text', text: '[A file: f, image/*]' }],
    ['image/tiff', 'https://a.example/b.tiff', { type: 'text', text: '[A file: f, image/tiff]' }],
    ['text/plain', 'https://a.example/c.txt', { type: 'text', text: '[A file: f, text/plain]' }],
    ['image/png', 'data:image/png,raw', { type: 'text', text: '[A file: f, image/png]' }],
    ['text/plain', 'data:text/plain,%', { type: 'text', text: '[A file: f, text/plain]' }],
  ])('%s of %s', (mediaType, url, expected) => {
    const [message] = messagesOf(said('user', { type: 'file', mediaType, url, filename: 'f' }));
    expect(message?.content).toMatchObject([expected]);
  });
});

const anyPiece: fc.Arbitrary<Content> = fc.oneof(
  fc.constantFrom('', ' ', 'words', 'more ').map(text),
  fc.constantFrom({ signature: 's' }, { redactedData: 'r' }, {}).map((own) => thought('t', own)),
  fc
    .record({
      id: fc.constantFrom('a', 'b', 'c'),
      providerExecuted: fc.boolean(),
      isComplete: fc.boolean(),
    })
    .map(({ id, ...more }) => call(id, '{}', more)),
  fc
    .record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      providerExecuted: fc.boolean(),
      value: fc.constantFrom('x', { type: 'web_search_tool_result', content: [] }),
    })
    .map(({ id, value, providerExecuted }) => output(id, value, { providerExecuted })),
);

const anyMessage = fc.record({
  role: fc.constantFrom('user', 'assistant', 'tool', 'system'),
  content: fc.array(anyPiece, { maxLength: 6 }),
});

type Block = {
  readonly type: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly text?: string;
};

/** What the API refuses a request for. */
function complaints(messages: readonly { role: string; content: unknown }[]): string[] {
  const found: string[] = [];
  const blocksOf = (index: number): Block[] => (messages[index]?.content ?? []) as Block[];
  const ids = messages.flatMap((_, index) => blocksOf(index).flatMap(({ id }) => id ?? []));
  if (new Set(ids).size !== ids.length) found.push('one id twice');
  if (messages.length > 0 && messages[0]?.role !== 'user') found.push('does not begin with the user');
  for (const [index, { role }] of messages.entries()) {
    const blocks = blocksOf(index);
    if (blocks.length === 0) found.push('empty turn');
    if (role === messages[index - 1]?.role) found.push('no alternation');
    if (blocks.some(({ type, text: words }) => type === 'text' && words?.trim() === ''))
      found.push('empty text');
    if (role === 'assistant' && blocks.at(-1)?.type.endsWith('thinking')) found.push('ends with thinking');
    const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    const next = blocksOf(index + 1);
    const results = next.slice(0, calls.length).map(({ tool_use_id: id }) => id);
    if (calls.length > 0 && results.join() !== calls.join()) found.push('results are not first');
    const answers = blocks.filter(({ type }) => type === 'tool_result');
    const asked = blocksOf(index - 1).filter(({ type }) => type === 'tool_use');
    if (answers.length !== (role === 'user' ? asked.length : 0)) found.push('a result without its call');
    const later = messages.slice(index).flatMap((_, offset) => blocksOf(index + offset));
    const served = new Set(later.map(({ tool_use_id: id }) => id));
    const serverCalls = blocks.filter(({ type }) => type === 'server_tool_use');
    if (index < messages.length - 1 && serverCalls.some(({ id }) => !served.has(id)))
      found.push('a call of the server without its result');
  }
  return found;
}

it('makes a request that is not refused of anything that a channel may hold', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 6 }), (conversation) => {
      expect(complaints(toAnthropicMessages(conversation).messages)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
