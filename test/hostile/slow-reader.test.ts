// Readers that stop reading (divergence D5): what is kept for them is bounded, they are closed with 4100 and told so once they
// read again, nothing before that is missing, and nobody else notices: not the other subscribers, not the publisher.
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLOSE, encodeRawFrame, RawWebSocket, TEXT } from '../support/raw-web-socket.ts';
import { startTestServer } from '../support/test-server.ts';
import { expectServing, WireClient } from '../support/wire-client.ts';

const MIB = 1024 * 1024;

async function start(websocket: Record<string, number>) {
  const server = await startTestServer({ config: { websocket } });
  onTestFinished(async () => {
    await server.close();
    expect(server.complaints).toEqual([]);
  });
  const slow = await RawWebSocket.open(server);
  onTestFinished(() => slow.destroy());
  return { server, slow };
}

describe.each([
  ['bytes', { max_messages: 0, max_bytes: MIB }, MIB, 40],
  ['messages', { max_messages: 10, max_bytes: 1024 * MIB }, MIB, 40],
])('a subscriber that stops reading, bounded by %s', (_, bounds, bytes, count) => {
  it('is closed with 4100, after whole messages in order', async () => {
    const { server, slow } = await start(bounds);
    slow.send({ opcode: TEXT, payload: '{"event":"pusher:subscribe","data":{"channel":"firehose"}}' });
    await slow.frames.next();
    const fast = await WireClient.connect(server);
    await fast.subscribe('firehose');
    slow.socket.pause();

    const filling = 'x'.repeat(bytes);
    for (let index = 0; index < count; index += 1) await server.publish('firehose', `e-${index}`, filling);
    for (let index = 0; index < count; index += 1) await fast.next(`e-${index}`);
    await expectServing(server);

    slow.socket.resume();
    const close = await slow.frames.next(({ opcode }) => opcode === CLOSE);
    expect(close.payload.readUInt16BE()).toBe(4100);
    expect(close.payload.toString('utf8', 2)).toBe('Outbound buffer full');
    const events = slow.frames.all
      .filter(({ opcode }) => opcode === TEXT)
      .map(({ payload }) => JSON.parse(payload.toString('utf8')).event as string)
      .filter((event) => event.startsWith('e-'));
    expect(events).toEqual(events.map((_, index) => `e-${index}`));
    expect(events.length).toBeLessThan(count);
    await fast.close();
  });
});

it('somebody who asks without reading the answers is closed too', async () => {
  const { server, slow } = await start({ max_messages: 0, max_bytes: MIB });
  const ping = encodeRawFrame({ opcode: TEXT, payload: '{"event":"pusher:ping"}' });
  const pings = Buffer.concat(Array.from({ length: 5000 }, () => ping));
  slow.socket.pause();
  // Answers are shorter than questions: enough of them to fill the kernel's buffers and the server's bound.
  for (let sent = 0; sent < 48 * MIB; sent += pings.length) {
    await new Promise((resolve) => slow.socket.write(pings, resolve));
  }
  await expectServing(server);
  slow.socket.resume();
  const close = await slow.frames.next(({ opcode }) => opcode === CLOSE);
  expect(close.payload.readUInt16BE()).toBe(4100);
});
