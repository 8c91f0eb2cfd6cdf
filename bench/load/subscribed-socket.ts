// A raw connection that is subscribed to one channel: frames are handed on as bytes.
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameReader } from './frame-reader.ts';

export interface SubscribedSocketOptions {
  readonly port: number;
  readonly appKey: string;
  readonly channel: string;
  readonly protocol: 1 | 2;
}

/** Resolves when the subscription is acknowledged; `onFrame` gets what comes after that. */
export function subscribedSocket(
  { port, appKey, channel, protocol }: SubscribedSocketOptions,
  onFrame: (bytes: Buffer, start: number, end: number) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let isSubscribed = false;
    const reader = new FrameReader((bytes, start, end) => {
      if (isSubscribed) return onFrame(bytes, start, end);
      const text = bytes.toString('latin1', start, end);
      if (text.includes('subscription_succeeded')) {
        isSubscribed = true;
        resolve(socket);
      }
    });
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.once('data', (head) => {
      const end = head.indexOf('\r\n\r\n') + 4;
      const prefix = protocol === 2 ? 'sockudo' : 'pusher';
      const subscribe = { event: `${prefix}:subscribe`, data: { channel } };
      socket.write(clientFrame(JSON.stringify(subscribe)));
      reader.push(head.subarray(end));
      socket.on('data', (chunk) => reader.push(chunk));
    });
    socket.write(
      `GET /app/${appKey}?protocol=${protocol === 2 ? 2 : 7} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
  });
}
