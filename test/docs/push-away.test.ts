// docs/push/away.md works as it is written: its snippets run word for word against a server with SQLite, AI Transport and a push
// service that decrypts.
import { createAgent, createWorker, notifyAway, type Worker } from '@sockudo/ai-transport/agent';
import { Sockudo as Client } from '@sockudo/client';
import Backend from 'sockudo';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from '../../ai-transport/server/runs/testing/runs-server.ts';
import { FakeWebPush } from '../../push/testing/fakes/fake-web-push.ts';
import { signToken } from '../support/ai-hostile.ts';
import { runSnippet, snippetsOf } from '../support/page-snippets.ts';
import { pushConfig } from '../support/push-config.ts';

const [connect = '', away = '', order = '', read = '', runs = ''] = snippetsOf('push/away');

let server: RunsServer;
let service: FakeWebPush;
let sockudo: Backend;

beforeAll(async () => {
  service = await FakeWebPush.start();
  server = await startRunsServer({
    config: pushConfig(),
  });
  const { app, host, port } = server;
  sockudo = new Backend({ appId: app.id, key: app.key, secret: app.secret, host, port });
  for (const id of ['laptop', 'phone']) {
    await sockudo.activateDevice({
      id,
      clientId: 'ann',
      formFactor: 'other',
      platform: 'browser',
      timezone: 'UTC',
      locale: 'en',
      lastActiveAtMs: id === 'phone' ? 2 : 1,
      push: { recipient: service.subscribe(id) },
    });
  }
});

afterAll(async () => {
  await server.close();
  await service.close();
});

beforeEach(() => {
  service.received.length = 0;
});

/** Runs a snippet with what its reader has at hand, and answers the constant that it declares. */
async function run(code: string, given: Record<string, unknown> = {}): Promise<unknown> {
  const facts = { sockudo, userId: 'ann', url: 'https://chat.example/', ...given };
  return Object.values(await runSnippet(code, facts))[0];
}

const received = (): string[] => service.received.map(({ id }) => id).toSorted();
const arrived = (ids: readonly string[]) => expect.poll(received, { timeout: 20_000 }).toEqual(ids);

it('cancels a push that waits for its user to stay away', async () => {
  const publishId = String(await run(away));
  expect(await sockudo.getPublishStatus(publishId)).toMatchObject({ state: 'queued' });
  await sockudo.cancelScheduledPush(publishId);
  expect(await sockudo.getPublishStatus(publishId)).toMatchObject({ state: 'cancelled' });
});

it('asks the last device first, and leaves the others alone once it was read there', async () => {
  const publishId = await run(order);
  await arrived(['phone']);
  await run(read, { publishId, deviceId: 'phone' });
  expect(received()).toEqual(['phone']);
});

it('sends nothing to who looks, and one push when a run ends while nobody does', async () => {
  const { host: wsHost, port: wsPort, app } = server;
  const capability = { probe: ['subscribe'] };
  // As the snippet, on a server without TLS.
  class Plain extends Client {
    constructor(key: string, options: object) {
      super(key, { ...options, wsPort, forceTLS: false });
    }
  }
  const tokenProvider = () => signToken({ user: 'ann', capability });
  const client = await run(connect.replace('const sockudo', 'const client'), {
    Sockudo: Plain,
    key: app.key,
    wsHost,
    tokenProvider,
  });
  expect(client).toBeInstanceOf(Client);
  // CAST: looked at above.
  const open = client as Client;
  await expect.poll(() => open.connection.state).toBe('connected');
  // What a page would say: there is none here.
  open.send_event('sockudo:visibility', { visible: true });
  await subscribed(open);
  const agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host: wsHost, port: wsPort });
  const answer = () => ({ text: 'Forty-two' });
  const published: string[] = [];
  const told = {
    async publishPush(push: Parameters<Backend['publishPush']>[0]) {
      const result = await sockudo.publishPush(push);
      published.push(result.publishId);
      return result;
    },
  };
  const worker = await run(runs, { createWorker, notifyAway, agent, answer, sockudo: told });
  try {
    await ask('seen');
    await expect.poll(() => published.length, { timeout: 20_000 }).toBe(1);
    const ofSeen = () => sockudo.getPublishStatus(published[0] ?? '');
    await expect.poll(async () => (await ofSeen()).state, { timeout: 20_000 }).toBe('succeeded');
    expect((await ofSeen()).counters.planned).toBe(0);
    open.disconnect();
    await expect.poll(async () => (await sockudo.channel('probe')).occupied).toBe(false);
    await ask('unseen');
    await arrived(['laptop', 'phone']);
    for (const { message, topic } of service.received) {
      expect(topic).toBe('unseen');
      expect(message).toMatchObject({
        notification: { title: 'Your answer is ready', body: 'Forty-two' },
        data: {
          url: 'https://chat.example/#private-ai-unseen',
          runId: 'unseen',
          channel: 'private-ai-unseen',
        },
      });
    }
  } finally {
    // CAST: what the snippet makes.
    await (worker as Worker).stop({ graceMs: 0 });
  }
});

const subscribed = (client: Client): Promise<void> =>
  new Promise((resolve) => {
    const channel = client.subscribe('probe');
    channel.bind('sockudo:subscription_succeeded', () => resolve());
  });

async function ask(runId: string): Promise<void> {
  const transport = { 'codec-message-id': `u-${runId}`, 'input-client-id': 'ann', role: 'user' };
  const { status } = await server.say('ai-input', runId, { channel: `private-ai-${runId}`, transport });
  expect(status).toBe(200);
}
