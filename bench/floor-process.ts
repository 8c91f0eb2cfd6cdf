// The least that any server on Node and ws can do: accept, confirm a subscription, parse what is published and write it to every socket
// of its channel at once, acknowledge it. No protocol, no signatures, no storage, no bounds. What ours costs beyond it is what ours does;
// measured in the same run, on the same machine.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { textFrame } from '../core/server/realtime/websocket-frame.ts';

const SUBSCRIBED = '"event":"pusher_internal:subscription_succeeded","data":"{}"';
const PATH = /^\/apps\/[^/]+\/(?:channels\/([^/]+)\/messages\/[^/]+\/(appends?)|events)/;

const subscribers = new Map<string, Duplex[]>();
const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });

const server = createServer((request, response) => {
  const [, channel = '', how] = PATH.exec(request.url ?? '') ?? [];
  if (how === 'appends') return takeLines(request, response, channel);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { name, channel: named, data } = JSON.parse(Buffer.concat(chunks).toString());
    deliver(named ?? channel, name, data);
    response.end('{"ok":true,"message_serial":"msg","status":"applied"}');
  });
});

function takeLines(request: IncomingMessage, response: ServerResponse, channel: string): void {
  response.flushHeaders();
  request.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) {
      if (line === '') continue;
      const { op_id: opId, data } = JSON.parse(line);
      deliver(channel, 'append', data);
      response.write(`{"op_id":"${opId}","status":"applied"}\n`);
    }
  });
  request.on('end', () => response.end());
}

function deliver(channel: string, event: string, data: string): void {
  const frame = textFrame(JSON.stringify({ event, channel, data }));
  for (const socket of subscribers.get(channel) ?? []) socket.write(frame);
}

server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    let sockets: Duplex[] = [];
    webSocket.on('message', (message) => {
      const { channel } = JSON.parse(String(message)).data;
      sockets = subscribers.get(channel) ?? [];
      subscribers.set(channel, sockets);
      sockets.push(socket);
      socket.write(textFrame(`{${SUBSCRIBED},"channel":"${channel}"}`));
    });
    webSocket.on('close', () => sockets.splice(sockets.indexOf(socket), 1));
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
