// A turn with everything real around it but processes: a server, a worker of the agent SDK, the stand-in for a model over HTTP.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, createWorker, type Worker } from '@sockudo/ai-transport/agent';
import { type Content, contentOf } from '@sockudo/ai-transport/model';
import { input, steer } from '@sockudo/ai-transport/wire';
import { createLocalModel, LOCAL_MODEL } from '@sockudo/local-model';
import OpenAI from 'openai';
import { Sockudo } from 'sockudo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/test-server.ts';
import { APPROVAL_RESPONSE, CONVERSATION_PREFIX } from '../shared/names.ts';
import { answerWith } from './answer.ts';
import { describeError } from './failures.ts';
import { Documents } from './search.ts';
import { createTools } from './tools.ts';

const TEA = '# Tea\n\nTea is best when the water is not quite boiling. A pot of tea wants four minutes.';
const EMAIL = 'Send an email to ann@example.com, subject: "Lunch", body: "At noon?"';

describe('a turn', () => {
  let server: TestServer;
  let sockudo: Sockudo;
  let outbox: string;
  let worker: Worker;
  let modelUrl: string;
  let settings = '';
  const channel = `${CONVERSATION_PREFIX}ann-1`;
  const documents = [{ source: 'tea.md', text: TEA }];
  const model = createLocalModel({ documents, settings: 'speed=max,note=off' });
  let requests = 0;
  model.addHook('onRequest', async () => {
    requests += 1;
  });

  beforeAll(async () => {
    outbox = await mkdtemp(join(tmpdir(), 'sockudo-chat-'));
    modelUrl = await model.listen({ host: '127.0.0.1', port: 0 });
    server = await startTestServer({
      config: {
        history: { enabled: true },
        versioned_messages: { enabled: true },
        ai_transport: { enabled: true, channels: [{ prefix: CONVERSATION_PREFIX }] },
      },
    });
    const { host, port, app } = server;
    sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
    const client = new OpenAI({ apiKey: 'none', baseURL: `${modelUrl}/v1` });
    const tools = createTools({ documents: new Documents(documents), outbox });
    worker = createWorker({
      agent: createAgent({ sockudo, describeError }),
      channelPrefix: CONVERSATION_PREFIX,
      handle: (run, context) =>
        answerWith({ client, model: `${LOCAL_MODEL}:${settings}`, tools })(run, context),
      maxAttempts: 1,
      onError: () => {},
    });
  });
  afterAll(async () => {
    await worker?.stop({ graceMs: 0 });
    await server?.close();
    await model.close();
    await rm(outbox, { recursive: true, force: true });
  });

  let runs = 0;
  let last: string | undefined;
  const ask = async (data: string): Promise<string> => {
    runs += 1;
    const [runId, id] = [`run-${runs}`, `question-${runs}`];
    const message = input({ runId, codecMessageId: id, clientId: 'ann', parent: last });
    last = id;
    await sockudo.trigger(channel, message.name, data, { extras: message.extras });
    return runId;
  };
  const decide = async (runId: string, said: readonly Content[], approved: boolean): Promise<void> => {
    const call = said.find(({ type }) => type === 'tool-approval-request');
    if (call?.type !== 'tool-approval-request') throw new Error('nothing waits for a decision');
    const { toolCallId, approvalId } = call;
    const codec = { type: APPROVAL_RESPONSE, 'tool-call-id': toolCallId, 'approval-id': approvalId };
    const message = steer({ runId, codecMessageId: `yes-${toolCallId}`, clientId: 'ann', codec });
    const data = JSON.stringify({ toolCallId, approvalId, approved });
    await sockudo.trigger(channel, message.name, data, { extras: message.extras });
  };

  /** Resolves when nobody works on the run: its state, its error, and what was said in it. */
  const rest = async (runId: string) => {
    for (;;) {
      const { text } = await server.request('GET', `/channels/${channel}/runs/${runId}`);
      const { run } = JSON.parse(text);
      if (run.status === 'queued' || run.status === 'running') continue;
      const agent = createAgent({ sockudo });
      const messages = await agent.session(channel).history({ runId });
      const said = messages.filter((message) => message.runId === runId).flatMap(contentOf);
      return { status: run.status, error: run.error, said, types: said.map(({ type }) => type) };
    }
  };
  const textOf = (said: readonly Content[]): string =>
    said.map((content) => (content.type === 'text' ? content.text : '')).join('|');

  it('is answered, with a look into the documents where the model wants one', async () => {
    const { status, said } = await rest(await ask('Search the docs: how long does tea take?'));
    expect(status).toBe('complete');
    const [call, output] = [
      said.find(({ type }) => type === 'tool-call'),
      said.find(({ type }) => type === 'tool-output'),
    ];
    expect(call).toMatchObject({ toolName: 'search_docs', isComplete: true });
    expect(output).toMatchObject({ isError: false, output: expect.stringContaining('tea.md › Tea') });
    expect(textOf(said)).toContain('four minutes');
  });

  it('does nothing of consequence before a yes, and does it once', async () => {
    const runId = await ask(EMAIL);
    const asked = await rest(runId);
    expect(asked.status).toBe('suspended');
    expect(asked.said).toContainEqual(
      expect.objectContaining({
        type: 'tool-call',
        toolName: 'send_email',
        inputText: '{"to":"ann@example.com","subject":"Lunch","body":"At noon?"}',
      }),
    );
    expect(await readdir(outbox)).toEqual([]);
    await decide(runId, asked.said, true);
    const done = await rest(runId);
    expect(done.status).toBe('complete');
    expect(done.said).toContainEqual(
      expect.objectContaining({
        type: 'tool-output',
        output: { status: 'sent', to: 'ann@example.com', subject: 'Lunch' },
      }),
    );
    const [file = ''] = await readdir(outbox);
    expect(await readFile(join(outbox, file), 'utf8')).toBe(
      'To: ann@example.com\nSubject: Lunch\n\nAt noon?\n',
    );
    await rm(join(outbox, file));
  });

  it('goes on without it after a no', async () => {
    const runId = await ask(EMAIL);
    const asked = await rest(runId);
    await decide(runId, asked.said, false);
    const { status, said } = await rest(runId);
    expect(status).toBe('complete');
    expect(said).toContainEqual(expect.objectContaining({ type: 'tool-output', isError: true }));
    expect(textOf(said)).toContain('did not allow');
    expect(await readdir(outbox)).toEqual([]);
  });

  it('tells the model what is wrong with a call', async () => {
    const { status, said } = await rest(await ask('/tool send_email {"to":"nobody"}'));
    expect(status).toBe('complete');
    expect(said.find(({ type }) => type === 'tool-output')).toMatchObject({
      isError: true,
      output: expect.stringContaining('Invalid email address'),
    });
    expect(await readdir(outbox)).toEqual([]);
  });

  it.each([
    ['error=401', 'authentication', 'The model’s provider does not accept the key.'],
    ['error=400', 'invalid_request', 'The model’s provider refused the request.'],
  ])('ends with what people may know of an error: %s', async (fault, code, message) => {
    settings = fault;
    const before = requests;
    expect(await rest(await ask('How long does tea take?'))).toMatchObject({
      status: 'error',
      error: { code, message },
    });
    expect(requests).toBe(before + 1);
    settings = '';
  });

  it('keeps what had come when the model breaks off', async () => {
    settings = 'fail=after:3';
    const { status, said } = await rest(await ask('How long does tea take?'));
    expect(status).toBe('error');
    expect(textOf(said).split(' ').length).toBeGreaterThan(1);
    settings = '';
  });
});
