// A worker is killed at every point of a run; another one takes over, and what people read is one answer, whole and ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Agent, createAgent, createWorker, type Worker } from '@sockudo/ai-transport/agent';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { answer, LEASE_MS, type Orders } from './killable-worker.ts';

const PROGRAM = fileURLToPath(new URL('./killable-worker.ts', import.meta.url));

let server: TestServer;
let agent: Agent;
let options: Orders['server'];
const children = new Set<ChildProcess>();
let workers: Worker[] = [];
let channels = 0;

beforeAll(async () => {
  server = await startTestServer({
    config: { ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] } },
  });
  const { app, host, port } = server;
  options = { appId: app.id, key: app.key, secret: app.secret, host, port };
  agent = createAgent(options);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
});
afterAll(() => server.close());

interface Killable {
  /** Resolves when it has reached its point. */
  readonly reached: Promise<void>;
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  kill(): Promise<void>;
}

function startKillable(channelPrefix: string, point: string): Killable {
  const orders: Orders = { server: options, channelPrefix, point };
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines: string[] = [];
  const reached = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line === `reached ${point}`) resolve();
    });
  });
  return {
    reached,
    child,
    lines,
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      children.delete(child);
    },
  };
}

function takeOver(channelPrefix: string): void {
  const handle = (run: Parameters<typeof answer>[0]) => answer(run, async () => {});
  workers.push(createWorker({ agent, channelPrefix, handle, leaseMs: LEASE_MS, waitMs: 500, onError() {} }));
}

const ask = (channel: string) =>
  agent.sockudo.trigger(channel, 'ai-input', 'What is it?', {
    extras: {
      ai: {
        transport: { 'run-id': 'r1', 'codec-message-id': 'u1', role: 'user', 'input-client-id': 'ann' },
      },
    },
  });

async function untilEvent(channel: string, name: string): Promise<void> {
  const page = await agent.sockudo.channelHistory(channel, { limit: 1 });
  const lastEventId = `${page.items[0]?.stream_id}:0`;
  for await (const { event } of agent.sockudo.channelEvents(channel, { lastEventId }))
    if (event === name) return;
}

async function all(channel: string) {
  const items = [];
  for await (const { message } of await agent.sockudo.channelHistory(channel, {
    direction: 'oldest_first',
  })) {
    if ('message_serial' in message) items.push(message);
  }
  return items;
}

// CAST: what the server lets through.
const headersOf = (extras: unknown) => (extras as { ai: { transport: Record<string, string> } }).ai.transport;

/** What people have to read, however it came about. */
async function expectOneAnswer(channel: string): Promise<void> {
  const [question, reply, ...more] = await agent.session(channel).history();
  expect(question).toMatchObject({ role: 'user', text: 'What is it?' });
  expect(reply).toMatchObject({ role: 'assistant', text: 'The answer is 42.' });
  expect(more).toEqual([]);
  expect(reply?.parts.map(({ data, status }) => [data, status])).toEqual([
    ['The answer is ', 'complete'],
    ['{"ok":true}', 'complete'],
    ['42.', 'complete'],
  ]);
  const events = await all(channel);
  expect(events.filter(({ name }) => name === 'ai-run-end')).toHaveLength(1);
  expect(events.filter(({ extras }) => headersOf(extras).status === 'streaming')).toEqual([]);
  expect(await agent.claims.run(channel, 'r1')).toMatchObject({ status: 'complete' });
}

describe('a worker that is killed', () => {
  it.each([
    'before ai-run-start',
    'after ai-run-start',
    'before ai-step-start',
    'in the first step',
    'after ai-output',
    'in the middle of a stream',
    'after the first stream',
    'before ai-step-end',
    'between the steps',
    'in a tool call',
    'after the last token',
    'before ai-run-end',
  ])('%s is replaced, and nobody reads anything twice', async (point) => {
    const channel = `private-ai-kill-${channels++}`;
    await ask(channel);
    const first = startKillable(channel, point);
    await first.reached;
    await first.kill();
    takeOver(channel);
    await untilEvent(channel, 'ai-run-end');
    await expectOneAnswer(channel);
    expect(await agent.claims.run(channel, 'r1')).toMatchObject({ attempt: 2, generation: 2 });
  });

  it('after the end leaves nothing to do', async () => {
    const channel = `private-ai-kill-${channels++}`;
    await ask(channel);
    const first = startKillable(channel, 'after ai-run-end');
    await first.reached;
    await first.kill();
    takeOver(channel);
    await expectOneAnswer(channel);
    expect(await agent.claims.run(channel, 'r1')).toMatchObject({ attempt: 1, generation: 1 });
  });
});

it('a worker that slept through its lease says nothing more when it wakes up', async () => {
  const channel = `private-ai-kill-${channels++}`;
  await ask(channel);
  const zombie = startKillable(channel, 'in the middle of a stream');
  await zombie.reached;
  zombie.child.kill('SIGSTOP');
  takeOver(channel);
  await untilEvent(channel, 'ai-run-end');
  const before = await all(channel);
  zombie.child.kill('SIGCONT');
  // It takes the next run: by then it has given up the first.
  await Promise.all(workers.map((worker) => worker.stop()));
  await agent.sockudo.trigger(channel, 'ai-input', 'Again?', {
    extras: { ai: { transport: { 'run-id': 'r2', 'codec-message-id': 'u2' } } },
  });
  for (;;) if ((await agent.claims.run(channel, 'r2'))?.startedSerial !== undefined) break;
  expect((await all(channel)).slice(0, before.length)).toEqual(before);
  const said = (await all(channel)).slice(before.length).map(({ extras }) => headersOf(extras)['run-id']);
  expect(new Set(said)).toEqual(new Set(['r2']));
});
