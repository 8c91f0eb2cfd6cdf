// A push service in a thread of its own: takes every push, remembers who got one, and decrypts one of every thousand to see that
// it can be read.
import { createECDH, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { parentPort } from 'node:worker_threads';
import { decrypt } from 'http_ece';

const keys = createECDH('prime256v1');
keys.generateKeys();
const auth = randomBytes(16).toString('base64url');
const reached = new Set<string>();
let requests = 0;
let expected = Number.POSITIVE_INFINITY;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    requests += 1;
    reached.add(request.url ?? '');
    if (requests % 1000 === 1) read(Buffer.concat(chunks));
    response.writeHead(201, { location: '/m' });
    response.end();
    if (reached.size === expected) parentPort?.postMessage({ reached: reached.size, requests });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  parentPort?.postMessage({ port, p256dh: keys.getPublicKey('base64url'), auth });
});

parentPort?.on('message', (message: { expect: number } | 'close') => {
  if (message === 'close') process.exit();
  expected = message.expect;
});

function read(body: Buffer): void {
  const plain = decrypt(body, { version: 'aes128gcm', privateKey: keys, authSecret: auth });
  if (!plain.toString().includes('Packed')) throw new Error('a push says something else');
}
