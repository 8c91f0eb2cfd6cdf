// What the fakes of push services have in common: a server on loopback, the requests it got, and answers that a test puts in
// front of the usual ones.
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';

export interface FakeRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Answering = (request: FakeRequest) => FakeAnswer | null | Promise<FakeAnswer | null>;

export interface FakeServer {
  readonly origin: string;
  readonly connections: () => number;
  /** Cuts every connection; new ones are taken. */
  disconnect(): void;
  close(): Promise<void>;
}

/** Serves every request with what `answer` says; what it throws is a 500 with the text, so that a test sees it. */
export async function serveFake(
  answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>,
  protocol: 'http1' | 'http2' = 'http1',
): Promise<FakeServer> {
  const handle = async (
    request: Readable & Pick<IncomingMessage, 'url' | 'headers'>,
  ): Promise<FakeAnswer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
    );
    try {
      return await answer({ path: request.url ?? '', headers, body: Buffer.concat(chunks) });
    } catch (error) {
      return { status: 500, body: { fake: String(error) } };
    }
  };
  // A client that is gone wants no answer.
  const server: Server | Http2Server =
    protocol === 'http2'
      ? createHttp2Server((request, response) => {
          handle(request).then(
            ({ status, headers, body }) => {
              response.writeHead(status, { ...headers });
              response.end(textOf(body));
            },
            () => {},
          );
        })
      : createServer((request, response) => {
          handle(request).then(
            ({ status, headers, body }) => response.writeHead(status, { ...headers }).end(textOf(body)),
            () => {},
          );
        });
  let connections = 0;
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // CAST: a server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    connections: () => connections,
    disconnect,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        disconnect();
      }),
  };
}

/** Answers that come before the usual one: each request takes the next of them, and none is left for later tests by mistake. */
export class Script {
  readonly #next: Answering[] = [];
  /** In place of every usual answer; null: none. */
  always: Answering | null = null;

  once(...answers: readonly (FakeAnswer | Answering)[]): void {
    for (const answer of answers) this.#next.push(typeof answer === 'function' ? answer : () => answer);
  }

  async answer(request: FakeRequest): Promise<FakeAnswer | null> {
    const scripted = this.#next.shift() ?? this.always;
    return scripted === null ? null : scripted(request);
  }
}

function textOf(body: unknown): string {
  return body === undefined ? '' : JSON.stringify(body);
}
