// docs/streaming-appends.md does what it says, and no fragment is lost or doubled, whatever happens to the connection or the
// server.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Sockudo from 'sockudo';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { signedRequest, startTestServer } from '../support/test-server.ts';

const page = await readFile(new URL('../../docs/streaming-appends.md', import.meta.url), 'utf8');
const HISTORY = { policy: { history: { enabled: true } } };
const FRAGMENTS = Array.from({ length: 400 }, (_, i) => `${i} `);

function snippet(language: string): string {
  const text = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1];
  if (text === undefined) throw new Error(`the page has no ${language}`);
  return text;
}

const sdk = (port: number): Sockudo =>
  new Sockudo({ appId: TEST_APP.id, key: TEST_APP.key, secret: TEST_APP.secret, port });

async function create(port: number): Promise<string> {
  const { text } = await signedRequest(`http://127.0.0.1:${port}`, TEST_APP, 'POST', '/events', {
    body: { name: 'answer', channel: 'room-1', data: '', info: 'message_serial' },
  });
  return JSON.parse(text).channels['room-1'].message_serial;
}

async function textOf(port: number, serial: string): Promise<string> {
  const path = `/channels/room-1/messages/${encodeURIComponent(serial)}`;
  const { text } = await signedRequest(`http://127.0.0.1:${port}`, TEST_APP, 'GET', path, {});
  return JSON.parse(text).item.data;
}

function tokens(texts: readonly string[]): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(text);
      controller.close();
    },
  });
}

describe('docs/streaming-appends.md', () => {
  it('streams with the SDK as shown', async () => {
    const server = await startTestServer({ app: HISTORY });
    onTestFinished(() => server.close());
    const said: unknown[] = [];
    const body = `return (async () => {\n${snippet('js')}\nreturn stream; })();`;
    const run = new Function('sockudo', 'tokens', 'console', body);
    await run(sdk(server.port), tokens(['Hel', 'lo']), { log: (text: unknown) => said.push(text) });
    const { text } = await server.request('GET', '/channels/room-1/history');
    expect(JSON.parse(text).items[0].message.data).toBe('Hello');
    expect(said).toEqual([expect.stringMatching(/./)]);
    expect(server.complaints).toEqual([]);
  });

  it('streams with curl as shown', async () => {
    const server = await startTestServer({ app: HISTORY });
    onTestFinished(() => server.close());
    const serial = await create(server.port);
    const { stdout } = await promisify(execFile)('bash', ['-c', snippet('sh')], {
      env: {
        PATH: process.env.PATH,
        APP_ID: TEST_APP.id,
        KEY: TEST_APP.key,
        SECRET: TEST_APP.secret,
        SERIAL: encodeURIComponent(serial),
        ORIGIN: `http://127.0.0.1:${server.port}`,
      },
    });
    const acks = stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    expect(acks).toMatchObject([
      { op_id: 'c-0', status: 'applied' },
      { op_id: 'c-1', status: 'applied' },
    ]);
    expect(await textOf(server.port, serial)).toBe('Hello');
  });
});

/** Passes bytes on in both directions, and breaks a connection after as many bytes as its cut says; the rest are left alone. */
async function cuttingProxy(target: number, cuts: number[]): Promise<number> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      const passed = chunk.subarray(0, left);
      left -= chunk.length;
      if (left > 0) upstream.write(passed);
      else upstream.end(passed, () => client.destroy());
    });
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  // CAST: it listens on a TCP port.
  return (proxy.address() as AddressInfo).port;
}

describe('a producer that is interrupted', () => {
  it('writes the same text over connections that break anywhere', async () => {
    const server = await startTestServer({ app: HISTORY });
    onTestFinished(() => server.close());
    const serial = await create(server.port);
    // Beyond the head of the request, somewhere in its lines.
    const cuts = Array.from({ length: 8 }, () => 700 + Math.floor(Math.random() * 3_000));
    const port = await cuttingProxy(server.port, cuts);
    const stream = sdk(port).appendStream('room-1', serial, { maxUnacked: 32 });
    await tokens(FRAGMENTS).pipeTo(stream);
    expect(cuts).toEqual([]);
    expect(await textOf(server.port, serial), `cuts: ${cuts}`).toBe(FRAGMENTS.join(''));
    expect(server.complaints).toEqual([]);
  });

  it('goes on after the server was killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-appends-'));
    let server: ServerProcess = await startServerProcess(folder, {}, HISTORY);
    onTestFinished(async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    });
    const { port } = server;
    const serial = await create(port);
    const stream = sdk(port).appendStream('room-1', serial, { maxUnacked: 8 });
    const writer = stream.getWriter();
    for (const [i, fragment] of FRAGMENTS.entries()) {
      await writer.write(fragment);
      if (i !== 200) continue;
      await server.kill();
      server = await startServerProcess(folder, { port }, HISTORY);
    }
    await writer.close();
    expect(await textOf(port, serial)).toBe(FRAGMENTS.join(''));
  });

  it('leaves what its predecessor wrote under the same prefix', async () => {
    const server = await startTestServer({ app: HISTORY });
    onTestFinished(() => server.close());
    const serial = await create(server.port);
    const first = sdk(server.port).appendStream('room-1', serial, { opIdPrefix: 'job-7' });
    await tokens(FRAGMENTS.slice(0, 150)).pipeTo(first);
    const second = sdk(server.port).appendStream('room-1', serial, { opIdPrefix: 'job-7' });
    await tokens(FRAGMENTS).pipeTo(second);
    expect(await textOf(server.port, serial)).toBe(FRAGMENTS.join(''));
  });
});
