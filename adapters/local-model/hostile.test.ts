// Texts that would keep a careless program busy for minutes: each has to be answered, and the next request after it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalModel } from './index.ts';
import { DOCUMENTS, WEATHER } from './testing/test-model.ts';

const MANY = 500_000;

describe('hostile texts', () => {
  const app = createLocalModel({
    documents: DOCUMENTS,
    settings: 'speed=max,note=off',
    pace: async () => {},
  });
  beforeAll(async () => {
    await app.ready();
  });
  afterAll(() => app.close());

  it.each([
    ['newlines', '\n'.repeat(MANY)],
    ['spaces after a greeting', `hi${' '.repeat(MANY)}x`],
    ['one long word', 'x'.repeat(MANY)],
    ['a long misspelt word', `sai${'l'.repeat(MANY)}`],
    ['open fences to summarise', `Summarise: ${'~~~x\n'.repeat(MANY / 5)}`],
    ['open brackets to summarise', `Summarise: ${'['.repeat(MANY)}`],
    ['blank lines to summarise', `Summarise: ${'\n'.repeat(MANY)}x`],
    ['at signs', `Summarise: ${'a@'.repeat(MANY / 2)}`],
    ['many calls', '/tool get_weather {}\n'.repeat(20_000)],
    ['many questions', 'sail? '.repeat(MANY / 6)],
  ])('are answered: %s', async (_name, content) => {
    const tools = [{ type: 'function', function: WEATHER }];
    const payload = { model: 'local-model', messages: [{ role: 'user', content }], tools };
    const answer = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().choices).toHaveLength(1);
  });
});
