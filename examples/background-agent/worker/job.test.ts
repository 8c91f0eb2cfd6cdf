// The job with everything real around it but processes: a server, a worker of the agent SDK, the stand-in for a model over HTTP.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, createWorker, type Worker } from '@sockudo/ai-transport/agent';
import { input, lifecycleOf, type WireHeaders } from '@sockudo/ai-transport/wire';
import { createLocalModel, LOCAL_MODEL } from '@sockudo/local-model';
import { isMessageVersion } from '@sockudo/protocol';
import OpenAI from 'openai';
import { Sockudo } from 'sockudo';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/test-server.ts';
import { AI_PREFIX, CHANNEL } from '../shared/job.ts';
import { Documents } from './documents.ts';
import { handleRun } from './handle.ts';
import { Model } from './model.ts';

const TEXTS = {
  'boats.md':
    '# Boats\n\nThe boat has a red sail and two small oars. Nobody sails when the wind is too strong.',
  'tea.md': '# Tea\n\nTea is best when the water is not quite boiling. A pot of tea wants four minutes.',
};

describe('job', () => {
  let server: TestServer;
  let sockudo: Sockudo;
  let folder: string;
  let address: string;
  let worker: Worker;
  let current: Model;
  /** Called before each piece of the model. */
  let onPiece: (piece: string) => Promise<void> = async () => {};
  const model = createLocalModel({ documents: [], settings: 'note=off', pace: (piece) => onPiece(piece) });
  let runs = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sockudo-job-'));
    await mkdir(join(folder, 'texts'));
    await mkdir(join(folder, 'empty'));
    for (const [name, text] of Object.entries(TEXTS)) await writeFile(join(folder, 'texts', name), text);
    address = await model.listen({ host: '127.0.0.1', port: 0 });
    server = await startTestServer({
      config: {
        history: { enabled: true },
        versioned_messages: { enabled: true },
        ai_transport: { enabled: true, channels: [{ prefix: AI_PREFIX }] },
      },
    });
    const { host, port, app } = server;
    sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
    const documents = new Documents(folder);
    worker = createWorker({
      agent: createAgent({ sockudo }),
      channelPrefix: AI_PREFIX,
      handle: (run, context) => handleRun({ sockudo, documents, model: current })(run, context),
      workerId: 'worker-1',
      onError: () => {},
    });
  });
  afterAll(async () => {
    await worker?.stop({ graceMs: 0 });
    await server?.close();
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    current = modelAt(`${address}/v1`);
    onPiece = async () => {};
  });

  const modelAt = (baseURL: string): Model =>
    new Model(new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 }), LOCAL_MODEL);

  const ask = async (data: string): Promise<string> => {
    runs += 1;
    const runId = `run-${runs}`;
    const { name, extras } = input({ runId, codecMessageId: `question-${runs}`, clientId: 'ada' });
    await sockudo.trigger(CHANNEL, name, data, { extras });
    return runId;
  };

  const over = async (runId: string): Promise<{ status: string; error?: unknown; generation: number }> => {
    for (;;) {
      const { text } = await server.request('GET', `/channels/${encodeURIComponent(CHANNEL)}/runs/${runId}`);
      const { run } = JSON.parse(text);
      if (!['queued', 'running'].includes(run.status)) return run;
    }
  };

  /** Outputs of the run in order: step, codec type, data. */
  const outputs = async (runId: string): Promise<[string, string, string][]> => {
    const all: [string, string, string][] = [];
    const page = await sockudo.channelHistory(CHANNEL, { direction: 'oldest_first' });
    for await (const { message } of page) {
      if (!isMessageVersion(message)) continue;
      const ai = message.extras?.ai as { transport: WireHeaders; codec: WireHeaders } | undefined;
      const lifecycle = lifecycleOf(message.name ?? '', ai?.transport);
      if (lifecycle?.kind !== 'output' || lifecycle.runId !== runId) continue;
      all.push([lifecycle.stepId ?? '', ai?.codec.type ?? '', String(message.data)]);
    }
    return all;
  };

  it('reads each document through the tool and summarises it, then all of them', async () => {
    const runId = await ask(JSON.stringify({ folder: 'texts', documents: 8 }));
    expect(await over(runId)).toMatchObject({ status: 'complete' });
    const told = await outputs(runId);
    expect(told.map(([step, type]) => `${step} ${type}`)).toEqual([
      'attempt-1 data-attempt',
      'plan data-plan',
      'document-1 tool-input-available',
      'document-1 tool-output-available',
      'document-1 text-end',
      'document-2 tool-input-available',
      'document-2 tool-output-available',
      'document-2 text-end',
      'overall text-end',
    ]);
    expect(told[2]?.[2]).toBe('{"path":"texts/boats.md"}');
    expect(JSON.parse(told[3]?.[2] ?? '')).toEqual({
      path: 'texts/boats.md',
      characters: TEXTS['boats.md'].length,
    });
    expect(told[4]?.[2]).toBe(TEXTS['boats.md'].replace('# Boats\n\n', ''));
    expect(told[7]?.[2]).toBe(TEXTS['tea.md'].replace('# Tea\n\n', ''));
    expect(told[8]?.[2]).toContain('Tea is best');
  });

  it('goes on with the step that broke off, and repeats none that is done', async () => {
    let hasBroken = false;
    onPiece = async (piece) => {
      if (piece !== 'boiling. ' || hasBroken) return;
      hasBroken = true;
      throw new Error('cut');
    };
    const runId = await ask(JSON.stringify({ folder: 'texts' }));
    expect(await over(runId)).toMatchObject({ status: 'complete', generation: 2 });
    const told = await outputs(runId);
    expect(told.filter(([step]) => step === 'document-1')).toHaveLength(3);
    const texts = told.filter(([step, type]) => step === 'document-2' && type === 'text-end');
    expect(texts.at(-1)?.[2]).toBe(TEXTS['tea.md'].replace('# Tea\n\n', ''));
    expect(JSON.parse(told.findLast(([, type]) => type === 'data-attempt')?.[2] ?? '')).toEqual({
      worker: 'worker-1',
      generation: 2,
      replaces: 'worker-1',
      again: 'document-2',
    });
  });

  it.each([
    ['{"folder":"empty"}', 'empty_folder', 'There is no document in “empty” (.md, .txt).'],
    ['{"folder":"missing"}', 'unknown_folder', 'There is no folder “missing”.'],
    ['{"folder":"../.."}', 'unknown_folder', 'There is no folder “../..”.'],
    ['no JSON', 'unknown_folder', 'The job names no folder.'],
  ])('ends with an error for %s', async (data, code, message) => {
    expect(await over(await ask(data))).toMatchObject({ status: 'error', error: { code, message } });
  });

  it('ends with an error when the model is not there, or is another one', async () => {
    current = modelAt('http://127.0.0.1:1/v1');
    const request = JSON.stringify({ folder: 'texts' });
    expect(await over(await ask(request))).toMatchObject({
      status: 'error',
      generation: 1,
      error: { code: 'model_unavailable', message: 'The model’s server does not answer.' },
    });
    current = modelAt(`${address}/elsewhere`);
    expect(await over(await ask(request))).toMatchObject({
      status: 'error',
      error: { code: 'model_refused', message: 'The model’s server refused the request (404).' },
    });
  });

  it('lets go of the model when the run is cancelled', async () => {
    const reached = Promise.withResolvers<void>();
    onPiece = (piece) => {
      if (piece !== 'oars. ') return Promise.resolve();
      reached.resolve();
      return new Promise(() => {});
    };
    const runId = await ask(JSON.stringify({ folder: 'texts' }));
    await reached.promise;
    const extras = { ai: { transport: { 'run-id': runId } } };
    await sockudo.trigger(CHANNEL, 'ai-cancel', JSON.stringify({ runId }), { extras });
    expect(await over(runId)).toMatchObject({ status: 'cancelled' });
    expect((await outputs(runId)).at(-1)?.[2]).toBe('The boat has a red sail and two small ');
  });
});
