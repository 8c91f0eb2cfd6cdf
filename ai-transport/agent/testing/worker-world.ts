// Workers against a whole server in memory, and what their tests ask of it.
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type RunsServer, startRunsServer } from '../../server/runs/testing/runs-server.ts';
import { type Agent, createAgent } from '../agent.ts';
import { createWorker, type Worker, type WorkerOptions } from '../worker.ts';

export let server: RunsServer;
export let agent: Agent;
let workers: Worker[] = [];
export let errors: unknown[] = [];
let channels = 0;
/** Of the test. */
export let channel = '';

/** To be called once by a test file: a server for all its tests, whose workers stop after each. */
export function setUpWorkers(): void {
  beforeAll(async () => {
    server = await startRunsServer();
    const { app, host, port } = server;
    agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
  });
  afterAll(() => server.close());
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0 })));
    workers = [];
    errors = [];
  });
}

export function work(handle: WorkerOptions['handle'], more: Partial<WorkerOptions> = {}): Worker {
  const worker = createWorker({
    agent,
    channelPrefix: channel,
    handle,
    graceMs: 100,
    waitMs: 200,
    onError: (error) => errors.push(error),
    ...more,
  });
  workers.push(worker);
  return worker;
}

/** A channel of its own for a test. */
export function fresh(name = `private-ai-agent-${channels++}-`): void {
  channel = name;
}

let inputs = 0;
export async function say(
  runId: string,
  data: string,
  transport: Record<string, string> = {},
): Promise<void> {
  const headers = {
    'codec-message-id': `u${inputs++}`,
    'input-client-id': 'ann',
    role: 'user',
    ...transport,
  };
  const { status } = await server.say('ai-input', runId, { channel, data, transport: headers });
  expect(status).toBe(200);
}

interface Row {
  readonly event_name: string;
  readonly message: { name?: string; data: string; extras: { ai: { transport: Record<string, string> } } };
}

export async function rows(): Promise<readonly Row[]> {
  const { body } = await server.get(`/channels/${channel}/history`, {
    direction: 'oldest_first',
    limit: '100',
  });
  // A message that was changed shows its name elsewhere.
  return body.items.map((row: Row) => ({ ...row, event_name: row.message.name ?? row.event_name }));
}

/** Resolves when the run has ended, as the channel tells. */
export async function ended(runId: string): Promise<Record<string, string>> {
  for await (const { event, data } of agent.sockudo.channelEvents(channel, { lastEventId: await start() })) {
    if (event !== 'ai-run-end') continue;
    const { transport } = JSON.parse(data).extras.ai;
    if (transport['run-id'] === runId) return transport;
  }
  throw new Error('the stream has ended');
}

export async function start(): Promise<string> {
  const { body } = await server.get(`/channels/${channel}/history`, { limit: '1' });
  return `${body.items[0].stream_id}:0`;
}

export const outputs = async (): Promise<readonly [string, string | undefined][]> =>
  (await rows())
    .filter(({ event_name: name }) => name === 'ai-output')
    .map(({ message }) => [message.data, message.extras.ai.transport.status]);

export const runOf = async (runId: string) =>
  (await server.get(`/channels/${channel}/runs/${runId}`)).body.run;
