// A provider is recorded and played again, over HTTP. The provider is a small server with a key that it tells on.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalModel, type LocalModelOptions } from '../index.ts';
import { Player } from './replay.ts';

const KEY = 'sk-very-secret-0001';
const CHUNKS = ['The ', 'boat ', 'is ', 'rèd.'];

const chunk = (content: string): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

describe('recordings', () => {
  let folder: string;
  let file: string;
  let provider: Server;
  const seen: { url: string | undefined; key: string | undefined }[] = [];
  const open: { close(): Promise<unknown> }[] = [];

  beforeEach(async () => {
    seen.length = 0;
    folder = await mkdtemp(join(tmpdir(), 'sockudo-recording-'));
    file = join(folder, 'tape.jsonl');
    provider = createServer(async (request, response) => {
      seen.push({ url: request.url, key: request.headers.authorization });
      const body = (await request.toArray()).join('');
      if (body.includes('"wrong"')) {
        response.writeHead(401, { 'content-type': 'application/json', 'set-cookie': 'a=b' });
        response.end(
          JSON.stringify({ error: { message: `Wrong key ${KEY}`, type: 'invalid_request_error' } }),
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const content of CHUNKS)
        await new Promise<void>((done) => response.write(chunk(content), () => done()));
      if (body.includes('"cut"')) response.socket?.destroySoon();
      else response.end('data: [DONE]\n\n');
    });
    await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    provider.closeAllConnections();
    await new Promise((done) => provider.close(done));
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (options: LocalModelOptions): Promise<OpenAI> => {
    const app = createLocalModel(options);
    open.push(app);
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    return new OpenAI({ apiKey: KEY, baseURL: `${address}/v1`, maxRetries: 0 });
  };
  const upstream = (): string => `http://127.0.0.1:${(provider.address() as AddressInfo).port}/api/v1`;
  const ask = async (client: OpenAI, content: string): Promise<string> => {
    const stream = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content }],
      stream: true,
    });
    let text = '';
    try {
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
    } catch {
      text += '(cut)';
    }
    return text;
  };

  it('hand on, keep, and say the same again at the same pace', async () => {
    const client = await start({ record: { file, upstream: upstream() } });
    expect(await ask(client, 'hello')).toBe(CHUNKS.join(''));
    expect(await ask(client, 'cut')).toBe(`${CHUNKS.join('')}(cut)`);
    expect(seen).toEqual([
      { url: '/api/v1/chat/completions', key: `Bearer ${KEY}` },
      { url: '/api/v1/chat/completions', key: `Bearer ${KEY}` },
    ]);
    await expect(ask(client, 'wrong')).rejects.toMatchObject({ status: 401 });
    for (const one of open.splice(0)) await one.close();

    const delays: number[] = [];
    const again = await start({
      replay: file,
      pace: async (_text, delayMs) => {
        delays.push(delayMs);
      },
    });
    expect(await ask(again, 'cut')).toBe(`${CHUNKS.join('')}(cut)`);
    expect(await ask(again, 'hello')).toBe(CHUNKS.join(''));
    await expect(ask(again, 'wrong')).rejects.toMatchObject({ status: 401 });
    const tape = await readFile(file, 'utf8');
    const times = tape
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line).response.chunks.at(-1)[0]);
    expect(delays.reduce((sum, one) => sum + one, 0)).toBe(times.reduce((sum, one) => sum + one, 0));
    expect(seen).toHaveLength(3);
  });

  it('never have a key in them', async () => {
    const client = await start({ record: { file, upstream: upstream() } });
    await ask(client, 'hello');
    await expect(ask(client, 'wrong')).rejects.toThrow(KEY);
    for (const one of open.splice(0)) await one.close();
    const tape = await readFile(file, 'utf8');
    expect(tape).toContain('Wrong key [removed]');
    for (const secret of [KEY, 'authorization', 'Bearer', 'cookie']) expect(tape).not.toContain(secret);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('go on with a recording that is there', async () => {
    for (const content of ['one', 'two']) {
      const client = await start({ record: { file, upstream: upstream() } });
      await ask(client, content);
      for (const one of open.splice(0)) await one.close();
    }
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  it('refuse files that are none, and addresses that are none', async () => {
    await expect(start({ replay: file })).rejects.toThrow('There is no recording');
    await writeFile(file, '{"name":"something else"}\n');
    await expect(start({ replay: file })).rejects.toThrow('is no recording');
    await expect(start({ record: { file, upstream: upstream() } })).rejects.toThrow('is no recording');
    await writeFile(file, '{"recording":"sockudo-local-model","version":1}\n{"request":1}\n');
    await expect(start({ replay: file })).rejects.toThrow('line 2');
    for (const address of ['x', 'ftp://x', 'https://key@example.org'])
      await expect(start({ record: { file, upstream: address } })).rejects.toThrow('upstream must be');
  });

  it('say so when the provider is not there', async () => {
    const client = await start({ record: { file, upstream: 'http://127.0.0.1:1/v1' } });
    await expect(ask(client, 'hello')).rejects.toMatchObject({ status: 502 });
  });
});

describe('Player', () => {
  const exchange = (path: string, body: string, status: number) => ({
    request: { method: 'POST', path, body },
    response: { status, headers: {}, chunks: [], end: 'complete' as const },
  });

  it('answers by body, in order and again; by path where no body fits; and then not at all', () => {
    const player = new Player([exchange('/a', 'x', 200), exchange('/a', 'x', 201), exchange('/a', 'y', 202)]);
    const next = (path: string, body: string): number =>
      player.next({ method: 'POST', path, body }).response.status;
    expect(['x', 'x', 'x'].map((body) => next('/a', body))).toEqual([200, 201, 200]);
    expect(next('/a', 'new')).toBe(202);
    expect(() => next('/a', 'new')).toThrow('no answer');
    expect(() => next('/b', 'x')).toThrow('no answer');
  });
});
