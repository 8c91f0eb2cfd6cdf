// The least that any server on Node and ws can do: accept, confirm a subscription, write a prepared frame to every socket. No
// protocol, no signatures, no bounds. What ours costs beyond it is what ours does; measured in the same run, on the same machine.
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { textFrame } from '../core/server/realtime/websocket-frame.ts';

const sockets = new Set<Duplex>();
const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
const subscribed = textFrame(
  '{"event":"pusher_internal:subscription_succeeded","channel":"floor","data":"{}"}',
);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { name, channel, data } = JSON.parse(Buffer.concat(chunks).toString());
    const frame = textFrame(JSON.stringify({ event: name, channel, data }));
    for (const socket of sockets) socket.write(frame);
    response.end('{"ok":true}');
  });
});
server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    sockets.add(socket);
    webSocket.on('message', () => socket.write(subscribed));
    webSocket.on('close', () => sockets.delete(socket));
    webSocket.on('error', () => {});
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});

process.on('message', (question: unknown) => {
  if (question === 'collect') {
    globalThis.gc?.();
    setTimeout(() => {
      globalThis.gc?.();
      answer();
    }, 1000);
    return;
  }
  answer();
});
process.on('disconnect', () => process.exit());

function answer(): void {
  const { user, system } = process.cpuUsage();
  process.send?.({ userUs: user, systemUs: system, rssBytes: process.memoryUsage.rss() });
}
