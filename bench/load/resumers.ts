// A worker thread whose clients go and come back: at its start each connects, subscribes and is cut off; later each connects
// again, subscribes, resumes from where it was, and is done when that is answered. A few are under way at the same time; how
// long each took to come back is kept. Then all may resume once more on the connections that they have.
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { clientFrame, FrameReader } from './frame-reader.ts';

export interface ResumersOptions {
  readonly port: number;
  readonly appKey: string;
  readonly channel: string;
  readonly clients: number;
  /** How often each connects and subscribes before it counts: a server that was just started is slow for its first seconds. */
  readonly visits: number;
  /** Clients that are under way at the same time. */
  readonly parallel: number;
  /** Messages that each has to get. */
  readonly missed: number;
}

/** A client that has come back. */
interface Returned {
  readonly socket: Socket;
  readonly resume: Buffer;
  answered: () => void;
}

interface Position {
  readonly stream_id: string;
  readonly serial: number;
}

// CAST: given by bench/load/pool.ts.
const options = workerData as ResumersOptions;
const UPGRADE =
  `GET /app/${options.appKey}?protocol=2 HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const SUBSCRIBE = frame('subscribe', { channel: options.channel });
const latenciesMs: number[] = [];
let refused = 0;
const sockets: Socket[] = [];
const returned: Returned[] = [];
let resumes: Buffer[] = [];
for (let visits = 0; visits < options.visits; visits += 1) {
  resumes = [];
  await inLanes(async () => {
    const position = await visit();
    resumes.push(frame('resume', { channel_positions: { [options.channel]: position } }));
  });
  for (const socket of sockets.splice(0)) socket.destroy();
}

parentPort?.postMessage({ kind: 'ready' });
parentPort?.on('message', (message: { kind: string }) => {
  if (message.kind === 'start') void run();
  if (message.kind === 'again') void runAgain();
  if (message.kind === 'close') {
    for (const socket of sockets) socket.destroy();
    parentPort?.close();
  }
});

async function inLanes(each: () => Promise<void>): Promise<void> {
  let left = options.clients;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await each();
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, lane));
}

async function run(): Promise<void> {
  await inLanes(comeBack);
  parentPort?.postMessage({ kind: 'done', latenciesMs, refused });
}

async function runAgain(): Promise<void> {
  await inLanes(async () => {
    const client = returned.pop();
    if (client === undefined) return;
    const answered = new Promise<void>((resolve) => {
      client.answered = resolve;
    });
    client.socket.write(client.resume);
    await answered;
  });
  parentPort?.postMessage({ kind: 'done', latenciesMs: [], refused });
}

function frame(name: string, data: unknown): Buffer {
  return clientFrame(JSON.stringify({ event: `sockudo:${name}`, data }));
}

/** The frames of one connection from its first on, until `onFrame` answers true. */
function open(requests: readonly Buffer[], onFrame: (text: string) => boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options.port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('error', reject);
    const reader = new FrameReader((bytes, start, end) => {
      if (onFrame(bytes.toString('latin1', start, end))) resolve(socket);
    });
    socket.once('data', (head) => {
      socket.write(Buffer.concat(requests));
      reader.push(head.subarray(head.indexOf('\r\n\r\n') + 4));
      socket.on('data', (chunk) => reader.push(chunk));
    });
    socket.write(UPGRADE);
  });
}

/** Connects, subscribes, and stays: answers where the channel is. */
async function visit(): Promise<Position> {
  let found: Position = { stream_id: '', serial: 0 };
  const socket = await open([SUBSCRIBE], (text) => {
    if (!text.includes('subscription_succeeded')) return false;
    const { stream_id, serial } = JSON.parse(text);
    found = { stream_id, serial };
    return true;
  });
  sockets.push(socket);
  return found;
}

/** Resumes once; a client that did not get everything counts as refused. */
async function comeBack(): Promise<void> {
  const startedAtMs = performance.now();
  const resume = resumes.pop() ?? SUBSCRIBE;
  let messages = 0;
  let client: Returned | undefined;
  const socket = await open([SUBSCRIBE, resume], (text) => {
    if (text.startsWith('{"event":"tick"')) messages += 1;
    if (!text.startsWith('{"event":"sockudo:resume_success"')) return false;
    if (messages !== options.missed) refused += 1;
    messages = 0;
    client?.answered();
    return true;
  });
  latenciesMs.push(performance.now() - startedAtMs);
  client = { socket, resume, answered: () => {} };
  returned.push(client);
  sockets.push(socket);
}
