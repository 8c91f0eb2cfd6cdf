// WebSocket framing against the running server: the ideas of Autobahn's groups 1 to 7 as properties. Every violation ends that
// connection with the close code of RFC 6455 section 7.4, and after each test somebody else is served as if nothing had been.
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closePayload,
  encodeRawFrame,
  PING,
  PONG,
  type RawFrame,
  RawWebSocket,
  TEXT,
} from '../support/raw-web-socket.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { expectServing } from '../support/wire-client.ts';

const RUNS = { numRuns: 25 };
const MAX_FRAME_BYTES = 64 * 1024;
const PROTOCOL_ERROR = 1002;
const INVALID_DATA = 1007;
const TOO_BIG = 1009;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => expectServing(server));
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

/** A message that is answered with a pong, of exactly this many bytes or the shortest one. */
function pingMessage(bytes = 0): Buffer {
  const empty = '{"event":"pusher:ping","data":""}';
  return Buffer.from(`${empty.slice(0, -2)}${'x'.repeat(Math.max(0, bytes - empty.length))}"}`);
}

async function withSocket(run: (socket: RawWebSocket) => Promise<void>): Promise<void> {
  const socket = await RawWebSocket.open(server);
  try {
    await run(socket);
  } finally {
    socket.destroy();
  }
}

/** The frames end the connection with this code, however many of them the server looked at. */
const expectClose = (frames: readonly RawFrame[], code: number): Promise<void> =>
  withSocket(async (socket) => {
    for (const frame of frames) socket.send(frame);
    const close = await socket.frames.next(({ opcode }) => opcode === CLOSE);
    expect(close.payload.readUInt16BE()).toBe(code);
  });

/** Cuts bytes at the given places, wherever they fall. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : at[index - 1], end));
}

const places = fc.array(fc.nat(), { maxLength: 8 });

describe('1: messages', () => {
  it.each([0, 125, 126, 127, 128, 65_535, MAX_FRAME_BYTES])(
    'of %i bytes are read, as text and as binary',
    (bytes) =>
      withSocket(async (socket) => {
        for (const opcode of [TEXT, BINARY]) {
          socket.send({ opcode, payload: pingMessage(bytes) });
          expect(await socket.nextJson()).toEqual({ event: 'pusher:pong' });
        }
      }),
  );

  it('arrive whole in whatever pieces TCP brings them', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 300 }), places, (bytes, at) =>
        withSocket(async (socket) => {
          const frame = encodeRawFrame({ opcode: TEXT, payload: pingMessage(bytes) });
          for (const piece of cut(frame, at)) socket.write(piece);
          expect(await socket.nextJson()).toEqual({ event: 'pusher:pong' });
        }),
      ),
      RUNS,
    ));

  it('arrive byte by byte', () =>
    withSocket(async (socket) => {
      for (const byte of encodeRawFrame({ opcode: TEXT, payload: pingMessage() })) {
        await new Promise((resolve) => socket.socket.write(Buffer.of(byte), resolve));
      }
      expect(await socket.nextJson()).toEqual({ event: 'pusher:pong' });
    }));

  it('must be masked', () =>
    expectClose([{ opcode: TEXT, payload: pingMessage(), masked: false }], PROTOCOL_ERROR));

  it('may not be longer than the limit, whole or in fragments', async () => {
    await expectClose([{ opcode: TEXT, payload: pingMessage(MAX_FRAME_BYTES + 1) }], TOO_BIG);
    const half = Buffer.alloc(MAX_FRAME_BYTES / 2, ' ');
    await expectClose(
      [
        { opcode: TEXT, payload: half, fin: false },
        { opcode: CONTINUATION, payload: half, fin: false },
        { opcode: CONTINUATION, payload: ' ' },
      ],
      TOO_BIG,
    );
  });

  it.each([2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n])(
    'that claim %d bytes are refused before any of them is read',
    (claimedLength) => expectClose([{ opcode: TEXT, payload: '', claimedLength }], TOO_BIG),
  );
});

describe('2: pings', () => {
  it('are answered in order with their own payload', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 125 }), { minLength: 1, maxLength: 10 }),
        (payloads) =>
          withSocket(async (socket) => {
            for (const payload of payloads) socket.send({ opcode: PING, payload });
            const pongs = await socket.frames.take(payloads.length, ({ opcode }) => opcode === PONG);
            expect(pongs.map(({ payload }) => [...payload])).toEqual(payloads.map((payload) => [...payload]));
          }),
      ),
      RUNS,
    ));

  it('of more than 125 bytes are refused', () =>
    expectClose([{ opcode: PING, payload: Buffer.alloc(126) }], PROTOCOL_ERROR));

  it('that nobody asked for may also come as pongs', () =>
    withSocket(async (socket) => {
      socket.send({ opcode: PONG, payload: 'unasked' });
      socket.send({ opcode: TEXT, payload: pingMessage() });
      expect(await socket.nextJson()).toEqual({ event: 'pusher:pong' });
    }));
});

describe('3 and 4: bits and opcodes without a meaning', () => {
  it('end the connection', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(TEXT, BINARY, PING, PONG, CLOSE),
        (reserved, opcode) => expectClose([{ opcode, reserved, payload: pingMessage() }], PROTOCOL_ERROR),
      ),
      RUNS,
    ));

  it.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('opcode %i', (opcode) =>
    expectClose([{ opcode, payload: '' }], PROTOCOL_ERROR),
  );
});

describe('5: fragments', () => {
  it('may be cut anywhere, with pings in between', () =>
    fc.assert(
      fc.asyncProperty(places, fc.boolean(), (at, withPings) =>
        withSocket(async (socket) => {
          const pieces = cut(pingMessage(40), at);
          pieces.forEach((payload, index) => {
            const fin = index === pieces.length - 1;
            socket.send({ opcode: index === 0 ? TEXT : CONTINUATION, payload, fin });
            if (withPings && !fin) socket.send({ opcode: PING, payload: String(index) });
          });
          expect(await socket.nextJson()).toEqual({ event: 'pusher:pong' });
          const pongs = socket.frames.all.filter(({ opcode }) => opcode === PONG);
          expect(pongs).toHaveLength(withPings ? pieces.length - 1 : 0);
        }),
      ),
      RUNS,
    ));

  it.each<[string, RawFrame[]]>([
    ['a control frame in pieces', [{ opcode: PING, payload: 'x', fin: false }]],
    ['a continuation of nothing', [{ opcode: CONTINUATION, payload: 'x' }]],
    [
      'a new message before the end of the last',
      [
        { opcode: TEXT, payload: 'x', fin: false },
        { opcode: TEXT, payload: 'y' },
      ],
    ],
    [
      'a continuation after the end',
      [
        { opcode: TEXT, payload: pingMessage() },
        { opcode: CONTINUATION, payload: 'x' },
      ],
    ],
  ])('end the connection: %s', (_, frames) => expectClose(frames, PROTOCOL_ERROR));

  it('cannot be sent without end', () => {
    const many = Array.from({ length: 20_000 }, () => ({ opcode: CONTINUATION, payload: '', fin: false }));
    return expectClose([{ opcode: TEXT, payload: '', fin: false }, ...many], 1008);
  });
});

describe('6: text', () => {
  it('of any characters is read, its bytes cut anywhere', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 40 }), places, (text, at) =>
        withSocket(async (socket) => {
          const message = Buffer.from(JSON.stringify({ event: 'pusher:ping', data: text.toWellFormed() }));
          const pieces = cut(message, at);
          pieces.forEach((payload, index) => {
            const fin = index === pieces.length - 1;
            socket.send({ opcode: index === 0 ? TEXT : CONTINUATION, payload, fin });
          });
          expect(await socket.nextJson()).toEqual({ event: 'pusher:pong' });
        }),
      ),
      RUNS,
    ));

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an over-long form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point beyond the last', [0xf4, 0x90, 0x80, 0x80]],
    ['a sequence that breaks off', [0xe2, 0x82]],
    ['0xff', [0xff]],
  ])('that is not UTF-8 is refused: %s', async (_, bytes) => {
    await expectClose([{ opcode: TEXT, payload: Buffer.from(bytes) }], INVALID_DATA);
    await expectClose(
      [
        { opcode: TEXT, payload: '{"event":"', fin: false },
        { opcode: CONTINUATION, payload: Buffer.from(bytes) },
      ],
      INVALID_DATA,
    );
  });
});

describe('7: closes', () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])(
    'with %i are answered with the same code',
    (code) => expectClose([{ opcode: CLOSE, payload: closePayload(code, 'goodbye') }], code),
  );

  it('without a code are answered without one', () =>
    withSocket(async (socket) => {
      socket.send({ opcode: CLOSE, payload: '' });
      expect(await socket.ended).toBeNull();
      expect(socket.frames.all.at(-1)).toMatchObject({ opcode: CLOSE, payload: Buffer.alloc(0) });
    }));

  it.each([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535])('with %i are refused', (code) =>
    expectClose([{ opcode: CLOSE, payload: closePayload(code) }], PROTOCOL_ERROR),
  );

  it('of one byte, of too many bytes and with a reason that is not UTF-8 are refused', async () => {
    await expectClose([{ opcode: CLOSE, payload: Buffer.of(3) }], PROTOCOL_ERROR);
    await expectClose([{ opcode: CLOSE, payload: closePayload(1000, 'x'.repeat(124)) }], PROTOCOL_ERROR);
    await expectClose([{ opcode: CLOSE, payload: closePayload(1000, Buffer.of(0xff)) }], INVALID_DATA);
  });

  it('end the conversation: what comes after is not looked at', () =>
    withSocket(async (socket) => {
      socket.send({ opcode: CLOSE, payload: closePayload(1000) });
      socket.send({ opcode: TEXT, payload: pingMessage() });
      expect(await socket.ended).toBe(1000);
      expect(socket.frames.all.filter(({ opcode }) => opcode === TEXT)).toHaveLength(1);
    }));
});

it('random bytes never do more than end their own connection', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) =>
      withSocket(async (socket) => {
        socket.write(bytes);
        socket.socket.end();
        await socket.ended;
      }),
    ),
    RUNS,
  ));
