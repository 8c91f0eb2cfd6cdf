// The stand-in as its client sees it: the `openai` package is tested with it in examples/background-agent.
import { afterEach, describe, expect, it } from 'vitest';
import { createModelServer, STAND_IN_MODEL } from './server.ts';

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'read_file',
      parameters: { type: 'object', properties: { path: { type: 'string' } } },
    },
  },
];
const SENTENCE = 'The boat has a sail and the sail is red.';

describe('model server', () => {
  const pieces: string[] = [];
  const app = createModelServer({
    pace: async (piece) => {
      pieces.push(piece);
    },
  });
  afterEach(() => {
    pieces.length = 0;
  });

  const ask = (body: object) =>
    app.inject({ method: 'POST', url: '/v1/chat/completions', payload: { model: STAND_IN_MODEL, ...body } });

  /** Data of the events of a stream. */
  const events = (payload: string): string[] =>
    payload
      .split('\n\n')
      .filter((line) => line !== '')
      .map((line) => line.replace('data: ', ''));

  it('streams a summary of the last message word by word', async () => {
    const answer = await ask({ stream: true, messages: [{ role: 'user', content: SENTENCE }] });
    expect(answer.headers['content-type']).toBe('text/event-stream');
    const all = events(answer.payload);
    expect(all.at(-1)).toBe('[DONE]');
    const chunks = all.slice(0, -1).map((text) => JSON.parse(text).choices[0]);
    expect(chunks.map(({ delta }) => delta.content ?? '').join('')).toBe(SENTENCE);
    expect(chunks.at(-1).finish_reason).toBe('stop');
    expect(pieces.join('')).toBe(SENTENCE);
    expect(pieces).toHaveLength(10);
  });

  it('calls the tool with what stands in backticks, and summarises its result', async () => {
    const question = { role: 'user', content: 'Read `docs/a.md`.' };
    const called = (await ask({ messages: [question], tools: TOOLS })).json();
    expect(called.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'read_file', arguments: '{"path":"docs/a.md"}' } }] },
    });
    const streamed = await ask({ messages: [question], tools: TOOLS, stream: true });
    const chunks = events(streamed.payload)
      .slice(0, -1)
      .map((text) => JSON.parse(text).choices[0]);
    expect(
      chunks
        .flatMap(({ delta }) => delta.tool_calls ?? [])
        .map((call) => call.function.arguments)
        .join(''),
    ).toBe('{"path":"docs/a.md"}');
    const done = (
      await ask({ messages: [question, { role: 'tool', content: SENTENCE }], tools: TOOLS })
    ).json();
    expect(done).toMatchObject({
      system_fingerprint: 'no-language-model',
      choices: [{ finish_reason: 'stop', message: { content: SENTENCE } }],
    });
  });

  it('refuses what it does not understand in the shape of its errors', async () => {
    for (const [body, status] of [
      [{ messages: [] }, 400],
      [{ messages: [{ role: 'user', content: 'x' }], model: 'gpt' }, 404],
    ] as const) {
      const answer = await ask(body);
      expect(answer.statusCode).toBe(status);
      expect(answer.json().error.message).toEqual(expect.any(String));
    }
  });
});
