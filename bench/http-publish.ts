// What a signed HTTP publish costs the server: processor time of the server's own process per request, over connections that
// stay open, with the real HTTP side and a publish pipeline that does nothing. Prints the fast lane and the ordinary way.
//
//   node bench/http-publish.ts [--requests 200000] [--connections 32] [--pipeline 1] [--lane fast|ordinary]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fakeDeps, signedQuery } from '../core/server/http/fake-deps.ts';
import { createHttpFront } from '../core/server/http/front.ts';

interface Load {
  readonly requests: number;
  readonly connections: number;
  /** Requests written together on a connection. */
  readonly pipeline: number;
}

/** What the server process tells about itself: microseconds since its start. */
interface Usage {
  readonly user: number;
  readonly system: number;
}

const PATH = '/apps/4242/events';
const BODY = JSON.stringify({
  name: 'price-changed',
  channel: 'market-nyse-ibm',
  data: JSON.stringify({ symbol: 'IBM', price: 241.32, note: 'x'.repeat(180) }),
});

if (process.send === undefined) await runLoad();
else await runServer();

async function runServer(): Promise<void> {
  const deps = { ...fakeDeps(), publishEvent: async () => '{"ok":true}' };
  const front = await createHttpFront(deps);
  const { port } = await front.listen();
  process.on('message', () => {
    process.send?.(process.cpuUsage() satisfies Usage);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}

async function runLoad(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '200000' },
      connections: { type: 'string', default: '32' },
      pipeline: { type: 'string', default: '1' },
      lane: { type: 'string' },
    },
  });
  const load: Load = {
    requests: Number(values.requests),
    connections: Number(values.connections),
    pipeline: Number(values.pipeline),
  };
  console.log(`node ${process.version}, ${availableParallelism()} cores, ${BODY.length} byte bodies`, load);
  for (const lane of values.lane === undefined ? ['fast', 'ordinary'] : [values.lane]) {
    await measure(lane, load);
  }
}

async function measure(lane: string, load: Load): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
  const { port } = await nextMessage<{ port: number }>(server);
  await drive(port, lane, { ...load, requests: Math.ceil(load.requests / 5) });
  const before = await usageOf(server);
  const startedAt = performance.now();
  await drive(port, lane, load);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await usageOf(server);
  const user = (after.user - before.user) / load.requests;
  const system = (after.system - before.system) / load.requests;
  const parts = `${user.toFixed(1)} in the process, ${system.toFixed(1)} in the kernel`;
  const rate = Math.round(load.requests / seconds);
  console.log(
    `${lane.padEnd(8)} ${(user + system).toFixed(1)} µs CPU a request (${parts}), ${rate} requests/s`,
  );
  server.disconnect();
  await once(server, 'exit');
}

async function usageOf(server: ChildProcess): Promise<Usage> {
  server.send('usage');
  return nextMessage<Usage>(server);
}

async function nextMessage<T>(server: ChildProcess): Promise<T> {
  const [message] = await once(server, 'message');
  // CAST: both ends of this channel are in this file
  return message as T;
}

async function drive(port: number, lane: string, { requests, connections, pipeline }: Load): Promise<void> {
  const perConnection = Math.ceil(requests / connections / pipeline);
  await Promise.all(
    Array.from({ length: connections }, () => oneConnection(port, lane, perConnection, pipeline)),
  );
}

/** Writes a bundle of requests, waits for all of its answers, and so on. */
async function oneConnection(port: number, lane: string, bundles: number, pipeline: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const bundle = Buffer.from(requestText(lane).repeat(pipeline));
  let left = bundles;
  let answers = 0;
  socket.write(bundle);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      answers += countAnswers(chunk);
      if (answers < pipeline) return;
      answers = 0;
      left -= 1;
      if (left > 0) socket.write(bundle);
      else resolve();
    });
  });
  await end(socket);
}

async function end(socket: Socket): Promise<void> {
  socket.end();
  await once(socket, 'close');
}

/** The last bytes of an answer are those of its body; this load never sees one cut there. */
function countAnswers(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf('{"ok":true}'); at !== -1; at = chunk.indexOf('{"ok":true}', at + 1))
    count += 1;
  return count;
}

/** An Origin header is nothing that the fast lane knows, and makes no other difference. */
function requestText(lane: string): string {
  const lines = [
    `POST ${PATH}?${signedQuery('POST', PATH, BODY)} HTTP/1.1`,
    'Host: 127.0.0.1:6001',
    'Accept: */*',
    'User-Agent: bench/1.0',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(BODY)}`,
    'Connection: keep-alive',
    ...(lane === 'fast' ? [] : ['Origin: http://localhost']),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${BODY}`;
}
