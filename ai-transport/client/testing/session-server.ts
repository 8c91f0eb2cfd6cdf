/**
 * A whole server with AI channels, clients with tokens that may publish, and an agent in a few words. For integration tests.
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { WebSocketConstructor } from '@sockudo/client';
import { SignJWT } from 'jose';
import { type RunsServer, startRunsServer } from '../../server/runs/testing/runs-server.ts';
import { createSession, type Session, type SessionOptions, Sockudo } from './session-under-test.ts';

export const CHANNEL = 'private-ai-s1';

type Headers = Readonly<Record<string, string>>;

export interface SessionServer extends RunsServer {
  /** A connected client of a user; closed with the server. */
  client(
    userId: string,
    more?: {
      readonly connectionRecovery?: boolean;
      readonly WebSocket?: WebSocketConstructor;
      readonly operations?: readonly string[];
    },
  ): Sockudo;
  session(userId: string, more?: Partial<SessionOptions>): Session;
  readonly agent: Agent;
  agentOn(channel: string): Agent;
}

/** What an agent publishes over HTTP. */
export interface Agent {
  start(run: string, more?: Headers): Promise<void>;
  /** Creates a stream; its message serial. */
  open(run: string, id: string, more?: Headers): Promise<string>;
  append(serial: string, text: string): Promise<void>;
  close(serial: string, run: string, id: string, more?: Headers, status?: string): Promise<void>;
  end(run: string, reason?: string): Promise<void>;
  /** A whole answer to a run. */
  answer(run: string, id: string, words: readonly string[], more?: Headers): Promise<void>;
}

export async function startSessionServer(config: Record<string, unknown> = {}): Promise<SessionServer> {
  const server = await startRunsServer({ config });
  const open: { close(): void }[] = [];
  const client: SessionServer['client'] = (
    userId,
    { operations = ['subscribe', 'history', 'publish'], ...more } = {},
  ) => {
    const made = new Sockudo(server.app.key, {
      wsHost: server.host,
      wsPort: server.port,
      forceTLS: false,
      protocolVersion: 2,
      tokenProvider: () => tokenOf(server, userId, operations),
      channelAuthorization: {
        customHandler: async ({ socketId, channelName }) => {
          const place = `${socketId}:${channelName}`;
          if (!channelName.startsWith('presence-')) return { auth: signed(server, place) };
          const channel_data = JSON.stringify({ user_id: userId, user_info: {} });
          return { auth: signed(server, `${place}:${channel_data}`), channel_data };
        },
      },
      ...more,
    });
    open.push({ close: () => made.disconnect() });
    return made;
  };
  return {
    ...server,
    client,
    session: (userId, { client: given = client(userId), ...more } = {}) => {
      const session = createSession({ client: given, channel: CHANNEL, clientId: userId, ...more });
      open.push(session);
      return session;
    },
    agent: agentOf(server, CHANNEL),
    agentOn: (channel) => agentOf(server, channel),
    async close() {
      for (const each of open.reverse()) each.close();
      await server.close();
    },
  };
}

function tokenOf({ app }: RunsServer, userId: string, operations: readonly string[]): Promise<string> {
  return new SignJWT({ 'x-sockudo-client-id': userId, 'x-sockudo-capability': { '*': operations } })
    .setProtectedHeader({ alg: 'HS256', kid: app.key })
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('15m')
    .sign(new TextEncoder().encode(app.secret));
}

const signed = ({ app }: RunsServer, text: string): string =>
  `${app.key}:${createHmac('sha256', app.secret).update(text).digest('hex')}`;

function agentOf(server: RunsServer, channel: string): Agent {
  const say = async (name: string, transport: Headers, data?: string) => {
    const { status, body } = await server.post('/events', {
      name,
      channels: [channel],
      data: data ?? '',
      extras: { ai: { transport } },
    });
    if (status !== 200) throw new Error(`${name} was refused: ${JSON.stringify(body)}`);
    return body.channels[channel].message_serial as string;
  };
  const append = async (serial: string, data: string, transport?: Headers) => {
    const extras = transport === undefined ? {} : { extras: { ai: { transport } } };
    const { status, body } = await server.post(`/channels/${channel}/messages/${serial}/append`, {
      data,
      ...extras,
    });
    if (status !== 200) throw new Error(`append was refused: ${JSON.stringify(body)}`);
  };
  const stream = (run: string, id: string, more: Headers, status: string) => ({
    role: 'assistant',
    'run-id': run,
    'codec-message-id': id,
    stream: 'true',
    'stream-id': `text:${id}`,
    status,
    ...more,
  });
  const agent: Agent = {
    start: async (run, more = {}) =>
      void (await say('ai-run-start', { 'run-id': run, role: 'assistant', ...more })),
    open: (run, id, more = {}) => say('ai-output', stream(run, id, more, 'streaming'), ''),
    append: (serial, text) => append(serial, text),
    close: (serial, run, id, more = {}, status = 'complete') =>
      append(serial, '', stream(run, id, more, status)),
    end: async (run, reason = 'complete') =>
      void (await say('ai-run-end', { 'run-id': run, 'run-reason': reason, role: 'assistant' })),
    async answer(run, id, words, more = {}) {
      await agent.start(run, more);
      const serial = await agent.open(run, id, more);
      for (const word of words) await agent.append(serial, word);
      await agent.close(serial, run, id, more);
      await agent.end(run);
    },
  };
  return agent;
}

/** Resolves once the session is so; asks after each of its changes. */
export function until<Value>(
  session: Session,
  look: (session: Session) => Value | false | null | undefined,
): Promise<Value> {
  return new Promise((resolve) => {
    let stop = () => {};
    const check = () => {
      const value = look(session);
      if (value === false || value === null || value === undefined) return;
      stop();
      resolve(value);
    };
    stop = session.subscribe(check);
    check();
  });
}

export const isLive = ({ status }: Session): boolean => status === 'live';
export const line = (session: Session): string[] => session.view().messages.map(({ id }) => id);
