// Two nodes with AI Transport on shared stores, and what agents, workers and watchers do with them.
import { type Agent, createAgent } from '@sockudo/ai-transport/agent';
import { durableNodeConfig, type SharedStores, startSharedStores } from './cluster.ts';
import { TEST_APP } from './credentials.ts';
import type { Address } from './load-balancer.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { WireClient, type WireFrame } from './wire-client.ts';

export const AI_PREFIX = 'private-ai-';

/** A node as `durableNodeConfig` has it; `ai` are further members of the section `ai_transport`. */
export function aiNodeConfig(stores: SharedStores, ai: object = {}): Record<string, unknown> {
  return {
    ...durableNodeConfig(stores),
    ai_transport: { enabled: true, channels: [{ prefix: AI_PREFIX }], ...ai },
  };
}

export interface AiCluster {
  readonly stores: SharedStores;
  readonly near: TestServer;
  readonly far: TestServer;
  /** Agents that ask one of the nodes. */
  readonly nearAgent: Agent;
  readonly farAgent: Agent;
  close(): Promise<void>;
}

export async function startAiCluster(): Promise<AiCluster> {
  const stores = await startSharedStores();
  const config = aiNodeConfig(stores);
  const [near, far] = [await startTestServer({ config }), await startTestServer({ config })];
  return {
    stores,
    near,
    far,
    nearAgent: agentOf(near),
    farAgent: agentOf(far),
    async close() {
      await Promise.all([near.close(), far.close()]);
      await stores.close();
    },
  };
}

export function agentOf({ host, port }: Address): Agent {
  const { id: appId, key, secret } = TEST_APP;
  return createAgent({ appId, key, secret, host, port });
}

/** Says something about a run, as a trusted server. */
export const say = ({ sockudo }: Agent, channel: string, event: string, runId: string, more: object = {}) =>
  sockudo.trigger(channel, event, 'x', { extras: transport(runId, more) });

export const transport = (runId: string, more: object = {}) => ({
  ai: { transport: { 'run-id': runId, 'codec-message-id': `input of ${runId}`, ...more } },
});

/** An output that its agent has not ended; answers its message serial. */
export async function openOutput(agent: Agent, channel: string, runId: string): Promise<string> {
  const extras = transport(runId, { stream: 'true', 'stream-id': 's', status: 'streaming' });
  const body = { name: 'ai-output', channel, data: '', extras, info: 'message_serial' };
  const answer = await (await agent.sockudo.post({ path: '/events', body })).json();
  return answer.channels[channel].message_serial;
}

/** A subscriber who sees AI events; `window` is what appends are sent together in, in milliseconds. */
export async function watch(node: Address, channel: string, window = 0): Promise<WireClient> {
  const query = { append_rollup_window: String(window) };
  const client = await WireClient.connect(node, { protocol: 2, query });
  await client.subscribe(channel);
  return client;
}

export const appendsOf = (client: WireClient): WireFrame[] => client.received('sockudo:message.append');

export const textOf = (frames: readonly WireFrame[]): string =>
  frames.map(({ data }) => String(data)).join('');

/** Resolves when the appends that arrived are this long together. */
export async function untilText(client: WireClient, length: number): Promise<void> {
  while (textOf(appendsOf(client)).length < length) await client.next('sockudo:message.append');
}
