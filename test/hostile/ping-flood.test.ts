// Native pings without end from somebody who reads no answers: what waits to be sent is bounded, whatever it is.
import { expect, it, onTestFinished } from 'vitest';
import { CLOSE, encodeRawFrame, PING, PONG, RawWebSocket } from '../support/raw-web-socket.ts';
import { startTestServer } from '../support/test-server.ts';
import { expectServing } from '../support/wire-client.ts';

const FLOOD_BYTES = 48 * 1024 * 1024;

it('a flood of pings by somebody who does not read ends with 4100', async () => {
  const server = await startTestServer({
    config: { websocket: { max_messages: 0, max_bytes: 256 * 1024 } },
  });
  onTestFinished(() => server.close());
  const socket = await RawWebSocket.open(server);
  onTestFinished(() => socket.destroy());
  const ping = encodeRawFrame({ opcode: PING, payload: Buffer.alloc(125) });
  const pings = Buffer.concat(Array.from({ length: 2000 }, () => ping));
  socket.socket.pause();
  // More than the kernel keeps for a connection in both directions, so most of it has to go through the server.
  for (let sent = 0; sent < FLOOD_BYTES; sent += pings.length) {
    await new Promise((resolve) => socket.socket.write(pings, resolve));
  }
  await expectServing(server);
  socket.socket.resume();
  const close = await socket.frames.next(({ opcode }) => opcode === CLOSE);
  expect(close.payload.readUInt16BE()).toBe(4100);
  const answered = socket.frames.all.filter(({ opcode }) => opcode === PONG).length;
  expect(answered).toBeLessThan(FLOOD_BYTES / ping.length);
});
