import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { limitUpload } from './request-timeout.ts';

let server: Server;

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

/** All that a peer hears who announces ten bytes and sends one. */
async function heard(onRequest: RequestListener): Promise<string> {
  server = createServer(onRequest).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // CAST: it listens on a TCP port.
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('limitUpload', () => {
  it('answers 408 to a body that does not come, and closes', async () => {
    expect(await heard((request, response) => limitUpload(request, response, 1))).toBe(
      'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
    );
  });

  it('closes where the answer has begun', async () => {
    const text = await heard((request, response) => {
      response.writeHead(200).write('part');
      limitUpload(request, response, 1);
    });
    expect(text).toContain('part');
    expect(text).not.toContain('408');
  });
});
