import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { binaryFrame, pongFrame, textFrame } from './websocket-frame.ts';

interface FrameReceiver {
  on(event: string, listener: (...values: never[]) => void): void;
  write(bytes: Buffer): void;
}

// CAST: the package exports its parser, its types do not name it.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => FrameReceiver };

/** What a client's parser makes of the frames. */
function received(bytes: Buffer): unknown[] {
  const events: unknown[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    events.push([isBinary ? 'binary' : 'text', data]),
  );
  receiver.on('pong', (data: Buffer) => events.push(['pong', data]));
  receiver.on('error', (error: Error) => events.push(['error', error.message]));
  receiver.write(bytes);
  return events;
}

const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000];

describe('frames', () => {
  it.each(SIZES)('of %i bytes are read by a client as what they are', (size) => {
    const text = 'x'.repeat(size);
    expect(received(textFrame(text))).toEqual([['text', Buffer.from(text)]]);
    expect(received(binaryFrame(Buffer.from(text)))).toEqual([['binary', Buffer.from(text)]]);
  });

  it('of any text keep it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const wellFormed = text.toWellFormed();
        expect(received(textFrame(wellFormed))).toEqual([['text', Buffer.from(wellFormed)]]);
      }),
    );
  });

  it('one behind the other are read one by one', () => {
    const bytes = Buffer.concat([textFrame('a'), pongFrame(Buffer.from('p')), binaryFrame(Buffer.of(1, 2))]);
    expect(received(bytes)).toEqual([
      ['text', Buffer.from('a')],
      ['pong', Buffer.from('p')],
      ['binary', Buffer.of(1, 2)],
    ]);
  });

  it.each([0, 125])('pongs carry back %i bytes', (size) => {
    expect(received(pongFrame(Buffer.alloc(size, 7)))).toEqual([['pong', Buffer.alloc(size, 7)]]);
  });
});
