// docs/ai-transport/local-model.md against what it describes: its snippets run as they are written.
import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import type { FastifyInstance } from 'fastify';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_STREAMS } from './answering.ts';
import { MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, MAX_TOTAL_BYTES } from './documents/read-documents.ts';
import { createLocalModel } from './index.ts';
import { MAX_ANSWER_LENGTH, MAX_TAPE_BYTES } from './recording/tape.ts';
import { MAX_RESPONSES, MAX_SIZE } from './responses/store.ts';
import { readSettings, SETTING_NAMES } from './settings.ts';

const page = readFileSync(new URL('../../docs/ai-transport/local-model.md', import.meta.url), 'utf8');
const ADDRESS = 'http://127.0.0.1:4001';
const MIB = 1024 * 1024;
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** The snippet that has this in it. */
function snippet(kind: string, part: string): string {
  const all = [...page.matchAll(/```(\w*)\n([\s\S]*?)\n```/g)];
  const found = all.find(([, language, text]) => language === kind && text?.includes(part) === true);
  return found?.[2] ?? '';
}

describe('docs/ai-transport/local-model.md', () => {
  const app = createLocalModel({ pace: async () => {} });
  let address: string;
  let written = '';
  beforeAll(async () => {
    address = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app.close());

  /** Runs a snippet with what its reader has at hand, and answers what it declares. */
  async function run(part: string, given: object = {}): Promise<Record<string, unknown>> {
    const code = snippet('js', part).replaceAll(ADDRESS, address);
    const declared = [...code.matchAll(/^const (\w+) =/gm)].map(([, name]) => name);
    const process = { env: {}, stdout: { write: (text: string) => (written += text) } };
    const all = { process, OpenAI, Anthropic, createLocalModel, ...given };
    const body = `${code.replaceAll(/^import .*$/gm, '')}\nreturn { ${declared.join(', ')} };`;
    return new AsyncFunction(...Object.keys(all), body)(...Object.values(all));
  }

  it('has snippets for both clients that work', async () => {
    const { openai } = await run("from 'openai'");
    expect(written).toContain('Source: docs/recovery.md');
    const { slow } = await run('const slow', { openai });
    for await (const chunk of slow as AsyncIterable<object>) expect(chunk).toBeDefined();
    const { message } = await run("from '@anthropic-ai/sdk'");
    expect(message).toMatchObject({
      content: [{ text: expect.stringContaining('Source: docs/recovery.md') }],
    });
  });

  it('has a curl that works', async () => {
    const text = snippet('sh', 'curl');
    const [, url = '', header = '', body = ''] =
      /(http\S+) -H '(content-type: \S+)' \\\n {2}-d '(.*)'$/.exec(text) ?? [];
    const [name = '', value = ''] = header.split(': ');
    const response = await fetch(url.replace(ADDRESS, address), {
      method: 'POST',
      headers: { [name]: value },
      body,
    });
    expect(await response.text()).toMatch(/^data: \{.*\n\ndata: \[DONE\]\n\n$/s);
  });

  it('has a snippet for tests that works', async () => {
    const { model, address: own } = await run('createLocalModel({');
    // CAST: the snippet declares what it says.
    const running = model as FastifyInstance;
    const client = new OpenAI({ apiKey: 'none', baseURL: `${own}/v1` });
    const answer = await client.chat.completions.create({
      model: 'local-model',
      messages: [{ role: 'user', content: 'sails' }],
    });
    expect(answer.choices[0]?.message.content).toMatch(/^A sail is made of cloth/);
    await running.close();
  });

  it('lists every setting, with examples that are right, and no other', () => {
    const rows = page.slice(page.indexOf('| Setting |')).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
    const examples = rows.map((row) => /`([^`]+)`/.exec(row)?.[1] ?? '');
    expect(examples.map((example) => example.split('=')[0])).toEqual([...SETTING_NAMES]);
    for (const example of examples) expect(() => readSettings(example)).not.toThrow();
  });

  it('lists every address', () => {
    const rows = page.slice(page.indexOf('| Address |')).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
    const listed = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+) ([^`]+)`/g)]);
    for (const [, method = '', path = ''] of listed) {
      const has = ['ID', ':id', ':model'].map((name) =>
        app.hasRoute({ method: method as 'GET', url: path.replace('ID', name) }),
      );
      expect([path, has.includes(true)]).toEqual([path, true]);
    }
    expect(listed).toHaveLength(9);
  });

  it('names the limits', () => {
    const limits = page.slice(page.indexOf('| What | Limit |'));
    for (const text of [
      `${MAX_STREAMS};`,
      `${MAX_RESPONSES}, in memory, and about ${MAX_SIZE / MIB} MiB`,
      `${MAX_DOCUMENTS} files, ${MAX_DOCUMENT_BYTES / MIB} MiB each`,
      `${MAX_TOTAL_BYTES / MIB} MiB together`,
      `${MAX_TAPE_BYTES / MIB} MiB, ${MAX_ANSWER_LENGTH / MIB} MiB of text`,
    ])
      expect(limits).toContain(text);
  });
});
