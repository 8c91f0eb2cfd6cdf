import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import { FastLaneConnection, type LaneContext } from './connection.ts';
import { RequestReader } from './request-reader.ts';

/** A socket whose other end is this test. */
class FakeSocket extends EventEmitter {
  readonly written: string[] = [];
  destroyed = false;
  hasEnded = false;
  writableNeedDrain = false;
  #isPaused = false;

  write(text: string): boolean {
    this.written.push(text);
    return !this.writableNeedDrain;
  }
  end(text = ''): void {
    this.written.push(text);
    this.hasEnded = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
  }
  isPaused(): boolean {
    return this.#isPaused;
  }
  receive(text: string): void {
    this.emit('data', Buffer.from(text, 'latin1'));
  }
}

function plainRequest(body: string): string {
  const headers = `Host: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return `POST /apps/1/events?a=b HTTP/1.1\r\n${headers}\r\n${body}`;
}

/** A connection whose requests are answered when the test says so. */
function open() {
  const socket = new FakeSocket();
  const handedOver: string[] = [];
  const requests: { body: string; answer: (text: string) => Promise<void> }[] = [];
  let flush = (): void => {};
  const context = {
    reader: new RequestReader(),
    clock: { seconds: 0 },
    writer: { write: ({ body }: HttpAnswer) => `<${body}>` },
    isOpen: () => true,
    answer: (request: { body: Buffer }) =>
      new Promise<HttpAnswer>((resolve) => {
        requests.push({
          body: request.body.toString(),
          async answer(text) {
            resolve(jsonAnswer(text));
            await Promise.resolve();
            await Promise.resolve();
          },
        });
      }),
    flushLater: (connection: FastLaneConnection) => {
      flush = () => connection.flush();
    },
    handOver: (_socket: Socket, unread: Buffer) => void handedOver.push(unread.toString('latin1')),
    forget: () => {},
  } satisfies LaneContext;
  // CAST: only these members of a socket are used by a connection
  const connection = new FastLaneConnection(socket as unknown as Socket, context);
  return { socket, context, connection, requests, handedOver, flush: () => flush() };
}

describe('the order of answers', () => {
  it('is that of the requests, whichever is ready first; those of a turn leave in one write', async () => {
    const { socket, requests, flush } = open();
    socket.receive(plainRequest('1') + plainRequest('2') + plainRequest('3'));
    expect(requests.map(({ body }) => body)).toEqual(['1', '2', '3']);
    await requests[2]?.answer('c');
    flush();
    expect(socket.written).toEqual([]);
    await requests[1]?.answer('b');
    await requests[0]?.answer('a');
    flush();
    expect(socket.written).toEqual(['<a><b><c>']);
  });

  it('holds for what goes the ordinary way: it waits for the answers before it, unread', async () => {
    const { socket, requests, flush, handedOver } = open();
    const rest = 'GET /live HTTP/1.1\r\n\r\n';
    socket.receive(plainRequest('1') + plainRequest('2') + rest);
    expect(socket.isPaused()).toBe(true);
    await requests[0]?.answer('a');
    flush();
    expect(handedOver).toEqual([]);
    await requests[1]?.answer('b');
    flush();
    expect(socket.written).toEqual(['<a>', '<b>']);
    expect(handedOver).toEqual([rest]);
    expect(socket.eventNames()).toEqual([]);
  });

  it('ends after the last answer when the peer has ended', async () => {
    const { socket, requests, flush } = open();
    socket.receive(plainRequest('1'));
    socket.emit('end');
    expect(socket.hasEnded).toBe(false);
    await requests[0]?.answer('a');
    flush();
    expect(socket.hasEnded).toBe(true);
  });

  it('writes nothing to a socket that is gone', async () => {
    const { socket, requests, flush } = open();
    socket.receive(plainRequest('1'));
    socket.destroyed = true;
    socket.emit('close');
    await requests[0]?.answer('a');
    flush();
    expect(socket.written).toEqual([]);
  });
});

describe('bounds', () => {
  it('starts 64 requests of a connection at most, and the rest when those are answered', async () => {
    const { socket, requests, flush } = open();
    socket.receive(Array.from({ length: 100 }, (_, i) => plainRequest(String(i))).join(''));
    expect(requests).toHaveLength(64);
    expect(socket.isPaused()).toBe(true);
    for (const request of requests.slice()) await request.answer('a');
    flush();
    expect(requests).toHaveLength(100);
    expect(socket.isPaused()).toBe(false);
  });

  it('reads nothing from a peer that does not take its answers', async () => {
    const { socket, requests, flush } = open();
    socket.receive(plainRequest('1'));
    socket.writableNeedDrain = true;
    await requests[0]?.answer('a');
    flush();
    expect(socket.isPaused()).toBe(true);
    socket.writableNeedDrain = false;
    socket.emit('drain');
    expect(socket.isPaused()).toBe(false);
  });

  it('leaves a request that comes in too many pieces to the ordinary parser', () => {
    const { socket, handedOver } = open();
    const text = plainRequest('1');
    for (const character of text.slice(0, 17)) socket.receive(character);
    expect(handedOver).toEqual([text.slice(0, 17)]);
  });
});

describe('time', () => {
  it('ends a connection on which nothing happens', () => {
    const { socket, context, connection } = open();
    context.clock.seconds = 71;
    connection.tick(72, 20);
    expect(socket.destroyed).toBe(false);
    context.clock.seconds = 72;
    connection.tick(72, 20);
    expect(socket.destroyed).toBe(true);
  });

  it('gives half a request to the ordinary parser, whose own limits go on from there', () => {
    const { socket, context, connection, handedOver } = open();
    socket.receive('POST /apps/');
    context.clock.seconds = 10;
    socket.receive('1/ev');
    context.clock.seconds = 19;
    connection.tick(72, 20);
    expect(handedOver).toEqual([]);
    context.clock.seconds = 20;
    connection.tick(72, 20);
    expect(handedOver).toEqual(['POST /apps/1/ev']);
  });

  it('waits for an answer as long as it takes', () => {
    const { socket, context, connection, handedOver } = open();
    socket.receive(`${plainRequest('1')}POST`);
    context.clock.seconds = 1000;
    connection.tick(72, 20);
    expect(socket.destroyed).toBe(false);
    expect(handedOver).toEqual([]);
  });

  it('ends a peer that does not take its answer', async () => {
    const { socket, context, connection, requests, flush } = open();
    socket.receive(plainRequest('1'));
    socket.writableNeedDrain = true;
    await requests[0]?.answer('a');
    flush();
    context.clock.seconds = 72;
    connection.tick(72, 20);
    expect(socket.destroyed).toBe(true);
  });

  it('counts each request for itself', async () => {
    const { socket, context, connection, requests, flush, handedOver } = open();
    socket.receive('POST');
    context.clock.seconds = 15;
    socket.receive(`${plainRequest('1').slice(4)}POST`);
    await requests[0]?.answer('a');
    flush();
    context.clock.seconds = 30;
    connection.tick(72, 20);
    expect(handedOver).toEqual([]);
    context.clock.seconds = 35;
    connection.tick(72, 20);
    expect(handedOver).toEqual(['POST']);
  });
});

describe('draining', () => {
  it('ends only connections that wait for a request', async () => {
    const idle = open();
    idle.connection.endIfIdle();
    expect(idle.socket.hasEnded).toBe(true);
    const busy = open();
    busy.socket.receive(plainRequest('1'));
    busy.connection.endIfIdle();
    expect(busy.socket.hasEnded).toBe(false);
  });
});
