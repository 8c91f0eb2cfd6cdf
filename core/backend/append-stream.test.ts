// The stream of appends against a server that the test plays by hand, one function per request.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SockudoRequestError } from './errors.ts';
import { Sockudo } from './sockudo.ts';

interface Line {
  readonly op_id: string;
  readonly data: string;
  readonly extras?: unknown;
}

type Play = (lines: AsyncIterator<Line>, response: ServerResponse, request: IncomingMessage) => Promise<void>;

let server: Server;
let sockudo: Sockudo;
let plays: Play[];
let urls: string[];

beforeEach(async () => {
  plays = [];
  urls = [];
  server = createServer((request, response) => {
    urls.push(request.url ?? '');
    request.on('error', () => {});
    const play = plays.shift() ?? refuse;
    void play(linesOf(request), response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // CAST: it listens on a TCP port.
  const { port } = server.address() as AddressInfo;
  sockudo = new Sockudo({ appId: 'a', key: 'k', secret: 's', host: '127.0.0.1', port });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function* linesOf(request: IncomingMessage): AsyncGenerator<Line> {
  for await (const line of createInterface({ input: request })) yield JSON.parse(line);
}

const refuse: Play = async (_lines, response) => void response.writeHead(500).end();

const ack = (opId: string, status = 'applied'): string =>
  `${JSON.stringify({ op_id: opId, delivery_serial: 7, version_serial: 'v', status })}\n`;

/** Acknowledges everything; answers what came. */
function acknowledgeAll(seen: Line[], limit = Number.POSITIVE_INFINITY): Play {
  return async (lines, response) => {
    if (!response.headersSent) response.writeHead(200).flushHeaders();
    for (let count = 0; count < limit; count += 1) {
      const { value, done } = await lines.next();
      if (done === true) {
        response.end();
        return;
      }
      seen.push(value);
      response.write(`\n${ack(value.op_id)}`);
    }
    // What was written has to leave before the connection breaks.
    response.write('\n', () => setImmediate(() => response.destroy()));
  };
}

function fragments(...texts: string[]): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(text);
      controller.close();
    },
  });
}

const open = (options = {}) => sockudo.appendStream('room', '1-abc', { opIdPrefix: 'p', ...options });

describe('AppendStream', () => {
  it('sends fragments over one signed request and closes when all are acknowledged', async () => {
    const seen: Line[] = [];
    plays.push(acknowledgeAll(seen));
    const stream = open();
    expect(stream.acked).toBeNull();
    await fragments('Hel', '', 'lo').pipeTo(stream);
    expect(seen).toEqual([
      { op_id: 'p-0', data: 'Hel' },
      { op_id: 'p-1', data: 'lo' },
    ]);
    expect(stream.acked).toEqual({
      opId: 'p-1',
      deliverySerial: 7,
      versionSerial: 'v',
      status: 'applied',
    });
    expect(urls).toHaveLength(1);
    expect(urls[0]).toMatch(/^\/apps\/a\/channels\/room\/messages\/1-abc\/appends\?.*body_md5=d41d8cd9/);
  });

  it('sends extras with a fragment', async () => {
    const seen: Line[] = [];
    plays.push(acknowledgeAll(seen));
    const writer = open().getWriter();
    const extras = { ai: { codec: { status: 'complete' } } };
    await writer.write({ data: '', extras });
    await writer.close();
    expect(seen).toEqual([{ op_id: 'p-0', data: '', extras }]);
  });

  it('goes on after the last acknowledgement when the connection breaks', async () => {
    const seen: Line[] = [];
    plays.push(acknowledgeAll([], 2), refuse, acknowledgeAll(seen));
    const writer = open().getWriter();
    for (const data of 'abcd') void writer.write(data);
    await writer.close();
    expect(seen.map(({ op_id, data }) => [op_id, data])).toEqual([
      ['p-2', 'c'],
      ['p-3', 'd'],
    ]);
  });

  it('takes an end without acknowledgement for a failure, and a retryable complaint too', async () => {
    const seen: Line[] = [];
    plays.push(
      async (_lines, response) => void response.writeHead(200).end(),
      async (_lines, response) =>
        void response.writeHead(200).end('{"error":"later","code":"service_unavailable","status":503}\n'),
      acknowledgeAll(seen),
    );
    const writer = open().getWriter();
    void writer.write('a');
    await writer.close();
    expect(seen).toHaveLength(1);
  });

  it('sends the fence with every fragment', async () => {
    const seen: Line[] = [];
    plays.push(acknowledgeAll(seen));
    await fragments('a', 'b').pipeTo(open({ fence: 'run:1' }));
    expect(seen).toEqual([
      { op_id: 'p-0', data: 'a', fence: 'run:1' },
      { op_id: 'p-1', data: 'b', fence: 'run:1' },
    ]);
  });

  it('makes a write wait while the window is full', async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    plays.push(async (lines, response) => {
      response.writeHead(200).flushHeaders();
      const { value } = await lines.next();
      await gate;
      response.write(ack(value.op_id));
      await acknowledgeAll([])(lines, response, response.req);
    });
    const writer = open({ maxUnacked: 2 }).getWriter();
    const settled: string[] = [];
    const first = writer.write('a').then(() => settled.push('a'));
    const second = writer.write('b').then(() => settled.push('b'));
    await first;
    expect(settled).toEqual(['a']);
    go();
    await second;
    await writer.close();
  });

  it('fails for good when the server refuses', async () => {
    plays.push(async (lines, response) => {
      response.writeHead(200).flushHeaders();
      await lines.next();
      response.end('{"error":"no","code":"not_found","status":404,"op_id":"p-0"}\n');
    });
    const writer = open().getWriter();
    writer.closed.catch(() => {});
    void writer.write('a').catch(() => {});
    const error = await writer.close().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SockudoRequestError);
    expect(error).toMatchObject({ message: 'no', status: 404, isRetryable: false });
  });

  it('fails with the status of a refused request, which shows no signature', async () => {
    plays.push(async (_lines, response) => void response.writeHead(401).end('{}'));
    const writer = open().getWriter();
    writer.closed.catch(() => {});
    void writer.write('a').catch(() => {});
    const error = await writer.close().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 401 });
    expect(JSON.stringify(error)).not.toContain('auth_signature');
  });

  it('gives up after its attempts', async () => {
    const writer = open({ maxAttempts: 2 }).getWriter();
    writer.closed.catch(() => {});
    void writer.write('a').catch(() => {});
    await expect(writer.close()).rejects.toMatchObject({ status: 500 });
    expect(urls).toHaveLength(2);
  });

  it('fails on an acknowledgement out of turn', async () => {
    plays.push(async (_lines, response) => void response.writeHead(200).end(ack('p-9')));
    const writer = open().getWriter();
    writer.closed.catch(() => {});
    void writer.write('a').catch(() => {});
    await expect(writer.close()).rejects.toThrow('out of turn');
  });

  it('ends the request when it is aborted', async () => {
    let closed: Promise<unknown> | undefined;
    const arrived = new Promise<void>((resolve) => {
      plays.push(async (lines, response, request) => {
        closed = new Promise((gone) => request.once('close', gone));
        response.writeHead(200).flushHeaders();
        await lines.next();
        resolve();
      });
    });
    const writer = open().getWriter();
    writer.closed.catch(() => {});
    await writer.write('a');
    await arrived;
    await writer.abort('enough');
    await closed;
  });

  it('refuses options that make no sense', () => {
    expect(() => open({ opIdPrefix: 'x'.repeat(49) })).toThrow(TypeError);
    expect(() => open({ maxUnacked: 0 })).toThrow(TypeError);
    expect(() => sockudo.appendStream('room', '..')).toThrow(TypeError);
  });
});
