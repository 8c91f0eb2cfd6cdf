// For tests: a server whose channels `private-ai-…` are AI channels, on SQLite, with the whole plug-in.
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../../../test/support/test-server.ts';

export const CHANNEL = 'private-ai-s1';
export const RUNS = `/channels/${CHANNEL}/runs`;

export interface RunsServer extends TestServer {
  /** Publishes an AI event of run `runId` and answers status and body. */
  say(event: string, runId: string, more?: Say): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  get(path: string, query?: Readonly<Record<string, string>>): Promise<Reply>;
}

export interface Say {
  readonly transport?: Readonly<Record<string, string>>;
  readonly fence?: string;
  readonly channel?: string;
  readonly data?: string;
}

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted on by shape
  readonly body: any;
}

export async function startRunsServer(options: TestServerOptions = {}): Promise<RunsServer> {
  const server = await startTestServer({
    ...options,
    config: {
      history: { enabled: true },
      versioned_messages: { enabled: true },
      ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] },
      ...options.config,
    },
  });
  const ask = async (method: string, path: string, more: object): Promise<Reply> => {
    const { status, text } = await server.request(method, path, more);
    return { status, body: JSON.parse(text) };
  };
  const post = (path: string, body: unknown): Promise<Reply> => ask('POST', path, { body });
  return {
    ...server,
    post,
    get: (path, query = {}) => ask('GET', path, { query }),
    say: (name, runId, { transport, fence, channel = CHANNEL, data = 'x' } = {}) =>
      post('/events', {
        name,
        channels: [channel],
        data,
        ...(fence !== undefined && { fence }),
        extras: { ai: { transport: { 'run-id': runId, ...transport } } },
      }),
  };
}
