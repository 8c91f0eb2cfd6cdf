import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';
import { textFrame } from './websocket-frame.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(() => realtime.close());

describe('closing a connection', () => {
  it('sends what is queued, then one error frame, then the Close, and nothing after it', async () => {
    const { connection, webSocket, ...client } = realtime.client();
    connection.sendText('{"event":"before"}');
    connection.close(4200, 'bye');
    connection.sendText('{"event":"after"}');
    connection.close(4009, 'again');
    expect(webSocket.closed).toEqual({ code: 4200, reason: 'bye' });
    expect(connection.isOpen).toBe(false);
    expect(connection.closeCode).toBe(4200);
    const sent = Buffer.concat(client.socket.writes).toString('utf8');
    expect(sent).toContain('before');
    expect(sent.match(/pusher:error/g)).toHaveLength(1);
    expect(sent).not.toContain('after');
  });

  it('silently sends the Close alone', async () => {
    const client = realtime.client();
    client.connection.close(1001, 'Idle timeout', true);
    expect(await client.answers()).toEqual([]);
    expect(client.webSocket.closed).toEqual({ code: 1001, reason: 'Idle timeout' });
  });

  it('for reading too slowly is silent and counted', async () => {
    const small = testRealtime({ config: { websocket: { max_messages: 1, max_bytes: 10 } } });
    const client = small.client();
    client.socket.stall();
    for (let sent = 0; sent < 3; sent += 1) {
      client.connection.sendText(JSON.stringify({ event: 'x'.repeat(2000) }));
      await client.answers();
    }
    expect(client.webSocket.closed).toEqual({ code: 4100, reason: 'Outbound buffer full' });
    expect(client.frames.map(({ event }) => event)).not.toContain('pusher:error');
    await small.close();
  });
});

describe('a connection', () => {
  it('counts messages and bytes it was given to send, pongs not', () => {
    const { connection } = realtime.client();
    const frame = textFrame('{"event":"x"}');
    connection.push(frame);
    connection.pong(Buffer.from('p'));
    const { wsMessagesSent, socketTransmittedBytes } = connection.counters;
    expect([wsMessagesSent, socketTransmittedBytes]).toEqual([1, frame.length]);
  });

  it('writes queued frames before a native ping, so that order is kept', () => {
    const client = realtime.client({ protocol: 2 });
    client.connection.sendText('{"event":"x"}');
    client.connection.ping(Buffer.alloc(8));
    expect(client.socket.writes).toHaveLength(1);
    expect(client.webSocket.pings).toHaveLength(1);
  });

  it('has ids for its own frames on protocol 2 only', () => {
    expect(realtime.client().connection.messageId()).toBeUndefined();
    const { connection } = realtime.client({ protocol: 2 });
    expect(connection.messageId()).not.toBe(connection.messageId());
  });
});
