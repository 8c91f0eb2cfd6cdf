// A provider that answers as a test tells it to: over real HTTP, in the pieces that the test wants, and with the ends that it wants.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the provider answers with. */
export interface Plan {
  /** Default 200. */
  readonly status?: number;
  /** Over `content-type: text/event-stream`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Each is a chunk of its own for whoever reads. */
  readonly chunks: readonly (string | Uint8Array)[];
  /** After the last one: a proper end, a connection that breaks, or nothing. Default `end`. */
  readonly ending?: 'end' | 'break' | 'hang';
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Resolves when the connection of the request is gone, or the answer has ended. */
  readonly over: Promise<void>;
}

export class StreamServer {
  readonly asked: Asked[] = [];
  /** Answers of the next requests; the last one is given to all that follow. */
  plans: Plan[] = [];
  /** Decides by the request instead. */
  plan: ((asked: Asked, index: number) => Plan) | null = null;
  readonly #server: Server;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response).catch(() => {}));
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(): Promise<StreamServer> {
    const made = new StreamServer();
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get url(): string {
    // CAST: it listens on a TCP port.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves once the request of this number (from 0) has come. */
  async request(index: number): Promise<Asked> {
    for (;;) {
      const found = this.asked[index];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Forgets what was asked. */
  reset(...plans: readonly Plan[]): void {
    this.asked.length = 0;
    this.plans = [...plans];
    this.plan = null;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    const over = once(response, 'close').then(() => {});
    for await (const chunk of request) body += chunk;
    const { method = '', url: path = '', headers } = request;
    const asked = { method, path, headers, body, over };
    const index = this.asked.length;
    this.asked.push(asked);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    const plan = this.plan?.(asked, index) ?? this.plans[Math.min(index, this.plans.length - 1)];
    if (plan === undefined) throw new Error('the test has no plan');
    await answer(response, plan);
  }
}

async function answer(response: ServerResponse, plan: Plan): Promise<void> {
  const { status = 200, headers = {}, chunks, ending = 'end' } = plan;
  response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
  response.socket?.setNoDelay();
  let written: Promise<unknown> = Promise.resolve();
  for (const chunk of chunks) {
    if (chunk.length === 0) continue;
    written = new Promise((resolve) => response.write(chunk, resolve));
  }
  await written;
  if (ending === 'end') response.end();
  if (ending === 'break') response.destroy();
}
