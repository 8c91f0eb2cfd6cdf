// An HTTP server for tests that checks every request's signature by the rules of http.md 1.1, in code of its own, so that
// signing and verifying can't share a mistake. It answers what the test queued, else `{"ok":true}`.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** As received, percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Empty when the signature is right; else the rule that failed. */
  readonly fault: string;
}

/** How one request is answered; `hang` never answers, `cut` drops the connection. */
export type Answer =
  | 'hang'
  | 'cut'
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

export interface VerifyingServer {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  /** Answers for the next requests, first come first served. */
  queue(...answers: Answer[]): void;
  close(): Promise<void>;
}

export async function startVerifyingServer(app: { key: string; secret: string }): Promise<VerifyingServer> {
  const seen: SeenRequest[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const parts = {
      method: request.method ?? '',
      path,
      query: new URLSearchParams(query),
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    const fault = faultOf(parts, app);
    seen.push({ ...parts, fault });
    const queued = answers.shift() ?? { status: 200, body: '{"ok":true}' };
    answer(response, fault === '' ? queued : { status: 401, body: fault });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // CAST: a server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    seen,
    queue: (...more) => answers.push(...more),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(response: ServerResponse, how: Answer): void {
  if (how === 'hang') return;
  if (how === 'cut') response.destroy();
  else response.writeHead(how.status, how.headers).end(how.body ?? '');
}

function faultOf(
  request: Pick<SeenRequest, 'method' | 'path' | 'query' | 'body'>,
  app: { key: string; secret: string },
): string {
  const { query } = request;
  if (query.get('auth_key') !== app.key) return 'unknown key';
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(query.get('auth_timestamp')));
  if (!(ageSeconds <= 600)) return 'timestamp';
  const digest = createHash('md5').update(request.body).digest('hex');
  if (request.method === 'POST' ? query.get('body_md5') !== digest : query.has('body_md5')) return 'body_md5';
  const signed = [...query]
    .filter(([name]) => name !== 'auth_signature')
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const path = request.path.replace(/(?<=.)\/$/, '');
  const expected = createHmac('sha256', app.secret)
    .update(`${request.method}\n${path}\n${signed}`)
    .digest('hex');
  return expected === query.get('auth_signature') ? '' : 'signature';
}
