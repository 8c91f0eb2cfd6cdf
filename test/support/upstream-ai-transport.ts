// The package `@sockudo/ai-transport` as published, on this repository's client and a test server: a user's session on a WebSocket
// with a capability token, and an agent's that publishes through the signed HTTP API, as that package's own demo has it.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import {
  adaptSockudoClient,
  type ChannelLike,
  type ClientLike,
  type ClientRun,
  createSockudoRealtimeClient,
  type MessageAck,
  type MessageMutation,
} from 'upstream-ai-transport';
import {
  type AI,
  createAgentSession,
  createClientSession,
  type VercelClientSessionOptions,
  type VercelInput,
  type VercelOutput,
} from 'upstream-ai-transport/vercel';
import { onTestFinished } from 'vitest';
import { Sockudo } from '../../core/client/index.ts';
import { channelAuth } from './credentials.ts';
import { Inbox } from './inbox.ts';
import { startTestServer, type TestServer } from './test-server.ts';

export const startAiServer = (): Promise<TestServer> =>
  startTestServer({
    config: {
      history: { enabled: true },
      versioned_messages: { enabled: true },
      ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] },
    },
  });

/** What the application's backend gives a user: a token for the AI channels. */
export function tokenFor(server: TestServer, user: string): Promise<string> {
  return new SignJWT({
    'x-sockudo-client-id': user,
    'x-sockudo-capability': { 'private-ai-*': ['subscribe', 'publish', 'history'] },
  })
    .setProtectedHeader({ alg: 'HS256', kid: server.app.key })
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('15m')
    .sign(new TextEncoder().encode(server.app.secret));
}

export function clientOptions({ host, port, app }: TestServer) {
  return {
    wsHost: host,
    wsPort: port,
    forceTLS: false,
    protocolVersion: 2 as const,
    channelAuthorization: {
      customHandler: async ({ socketId, channelName }: { socketId: string; channelName: string }) => ({
        auth: channelAuth(app, socketId, channelName),
      }),
    },
  };
}

/** A user's client, made by upstream's own function out of this repository's package. */
export async function userClient(server: TestServer, user: string): Promise<ClientLike> {
  const client = await createSockudoRealtimeClient(server.app.key, {
    clientOptions: { ...clientOptions(server), authCallback: () => tokenFor(server, user) },
  });
  onTestFinished(() => client.close());
  return client;
}

export type SessionOptions = Partial<VercelClientSessionOptions> & { readonly user?: string };

export async function userSession(
  server: TestServer,
  channelName: string,
  { user = 'alice', ...options }: SessionOptions = {},
) {
  const client = await userClient(server, user);
  const session = createClientSession({ client, channelName, clientId: user, ...options });
  onTestFinished(() => session.close());
  return session;
}

/** What the session's POST tells the application. */
export interface Poke {
  readonly sessionName: string;
  readonly runId: string;
  readonly invocationId: string;
  readonly inputEventId: string;
  readonly clientId: string;
  readonly trigger: string;
  readonly messages: readonly AI.UIMessage[];
}

export type AgentRun = ReturnType<ReturnType<typeof createAgentSession>['createRun']>;

interface AgentHooks {
  /** Told of every input for the run, the one that began it included. */
  readonly onSteer?: (messageId: string) => void;
}

/**
 * The application's endpoint, as `fetch` for a session: answers 202 and starts an agent. What the agent throws is in `failures`.
 */
export function endpoint(
  server: TestServer,
  work: (run: AgentRun, poke: Poke) => Promise<void>,
  hooks: AgentHooks = {},
) {
  const failures: unknown[] = [];
  const pokes: Poke[] = [];
  const post = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const poke: Poke = JSON.parse(String(init?.body));
    pokes.push(poke);
    serve(server, poke, work, hooks).catch((error: unknown) => failures.push(error));
    return new Response(null, { status: 202 });
  };
  return { fetch: post as typeof fetch, pokes, failures };
}

async function serve(
  server: TestServer,
  poke: Poke,
  work: (run: AgentRun, poke: Poke) => Promise<void>,
  hooks: AgentHooks,
): Promise<void> {
  const { sessionName, runId, invocationId, inputEventId, clientId } = poke;
  const client = agentClient(server);
  const session = createAgentSession({ client, channelName: sessionName });
  try {
    await work(session.createRun({ runId, invocationId, inputEventId, clientId, ...hooks }), poke);
  } finally {
    session.close();
    client.close();
  }
}

/** Reads over a WebSocket, writes over HTTP with the app's secret. */
export function agentClient(server: TestServer): ClientLike {
  const client = new Sockudo(server.app.key, clientOptions(server));
  // CAST: what upstream declares of a client is wider than what it uses.
  const reader = adaptSockudoClient(client as unknown as Parameters<typeof adaptSockudoClient>[0]);
  return {
    connection: reader.connection,
    close: () => reader.close(),
    channels: {
      get: (name, options) => ({ ...reader.channels.get(name, options), ...writer(server, name) }),
    },
  };
}

function writer(
  server: TestServer,
  channel: string,
): Pick<ChannelLike, 'publish' | 'appendMessage' | 'updateMessage' | 'deleteMessage'> {
  const change = async (action: string, serial: string, mutation: MessageMutation): Promise<MessageAck> => {
    const { opId: op_id, clientId: client_id, clearFields: clear_fields, ...rest } = mutation;
    const path = `/channels/${channel}/messages/${encodeURIComponent(serial)}/${action}`;
    return ackOf(await post(server, path, { ...rest, op_id, client_id, clear_fields }));
  };
  return {
    async publish({ name, data, extras, messageId: message_id }) {
      const body = { name, channels: [channel], data: dataText(data), extras, message_id };
      // CAST: the answer of this server, whose form other tests hold.
      const { channels } = (await post(server, '/events', body)) as { channels: Record<string, object> };
      return ackOf(channels[channel]);
    },
    appendMessage: (serial, data, mutation) => change('append', serial, { ...mutation, data }),
    updateMessage: (serial, mutation = {}) => change('update', serial, mutation),
    deleteMessage: (serial, mutation = {}) => change('delete', serial, mutation),
  };
}

const dataText = (data: unknown): string => (typeof data === 'string' ? data : JSON.stringify(data ?? null));

async function post(server: TestServer, path: string, body: object): Promise<unknown> {
  const { status, text } = await server.request('POST', path, { body });
  if (status !== 200) throw new Error(`${path} was refused: ${status} ${text}`);
  return JSON.parse(text);
}

function ackOf(answer: unknown): MessageAck {
  // CAST: as above.
  const { message_serial, history_serial, delivery_serial, version_serial } = answer as Record<
    string,
    string
  >;
  return {
    messageSerial: message_serial ?? '',
    historySerial: history_serial ?? '',
    ...(delivery_serial !== undefined && { deliverySerial: delivery_serial }),
    ...(version_serial !== undefined && { versionSerial: version_serial }),
  };
}

export const userMessage = (id: string, text: string): AI.UIMessage => ({
  id,
  role: 'user',
  parts: [{ type: 'text', text }],
});

/** The chunks of an answer, one after the other. */
export function answerOf(textId: string, fragments: readonly string[]): ReadableStream<VercelOutput> {
  const deltas = fragments.map((delta) => ({ type: 'text-delta' as const, id: textId, delta }));
  return streamOf([
    { type: 'start' },
    { type: 'text-start', id: textId },
    ...deltas,
    { type: 'text-end', id: textId },
    { type: 'finish', finishReason: 'stop' },
  ]);
}

export const streamOf = (chunks: readonly VercelOutput[]): ReadableStream<VercelOutput> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

/** Role and text of what a view shows. */
export const shown = (messages: readonly AI.UIMessage[]): string[] =>
  messages.map(({ role, parts }) => {
    const texts = parts.map((part) =>
      'text' in part && typeof part.text === 'string' ? part.text : part.type,
    );
    return `${role}: ${texts.join('|')}`;
  });

/** The text of a stream, when it has ended. */
export async function textOf(stream: ReadableStream<VercelOutput>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.type === 'text-delta' ? chunk.delta : '';
  return text;
}

/** Waits until the session knows that a run is over, also when it knows already: `waitForRun` would wait for ever then. */
export async function finished(
  { tree }: Awaited<ReturnType<typeof userSession>>,
  runId: string,
): Promise<void> {
  const statuses = new Inbox<string>();
  const look = () => statuses.push(tree.getRunNode(runId)?.status ?? 'unknown');
  tree.on('turn', look);
  look();
  await statuses.next((status) => ['complete', 'cancelled', 'error'].includes(status));
}

export type UserRun = ClientRun<VercelInput, VercelOutput>;

/** CAST: the view's type does not say what a send resolves to. */
export const started = async (sent: Promise<unknown>): Promise<UserRun> => (await sent) as UserRun;
