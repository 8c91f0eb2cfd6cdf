// Turning away a WebSocket upgrade: an ordinary HTTP answer on the raw socket, which then closes.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpAnswer } from './exchange-types.ts';

/** How long a refused peer may take to read its answer. */
const LINGER_MS = 5_000;

export function refuseUpgrade(socket: Duplex, { status, contentType, body, headers = [] }: HttpAnswer): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    ...(contentType === null ? [] : [`content-type: ${contentType}`]),
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  // The peer may be gone already; there is nobody to tell then.
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
