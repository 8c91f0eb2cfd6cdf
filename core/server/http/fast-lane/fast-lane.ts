// The short way for signed publishes and appends on kept-open connections: about a third of the processor time of the ordinary way
// (bench/http-publish.ts shows both). It holds accepted sockets until something else than one of these comes, and shares one
// timer and one flush a turn among all of them. Which answer a request gets is decided by the Exchange alone.
import type { Socket } from 'node:net';
import type { Exchange } from '../exchange.ts';
import type { AppRoute, HttpAnswer, HttpRequest } from '../exchange-types.ts';
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_TIMEOUT_MS } from '../timeouts.ts';
import { createAnswerWriter } from './answer-writer.ts';
import { FastLaneConnection, type LaneContext } from './connection.ts';
import { type FastTarget, RequestReader } from './request-reader.ts';

export interface FastLaneOptions {
  readonly exchange: Exchange;
  readonly routes: Readonly<Record<FastTarget, AppRoute>>;
  /** While false, every further request goes the ordinary way. */
  takesRequests(): boolean;
  /** Gives the socket to the ordinary parser; its next bytes have been put back. */
  handOver(socket: Socket): void;
}

export interface FastLane {
  /** Takes a socket nothing has been read from. */
  accept(socket: Socket): void;
  /** Ends connections that wait for a request, and the others after their answers. */
  drain(): void;
  /** Ends what is left without waiting. */
  close(): void;
}

const TICK_MS = 1_000;

export function createFastLane({ exchange, routes, takesRequests, handOver }: FastLaneOptions): FastLane {
  const connections = new Set<FastLaneConnection>();
  const clock = { seconds: 0 };
  let toFlush: FastLaneConnection[] = [];
  let isDraining = false;

  function flushAll(): void {
    const due = toFlush;
    toFlush = [];
    for (const connection of due) connection.flush();
  }

  const context: LaneContext = {
    reader: new RequestReader(),
    writer: createAnswerWriter(),
    clock,
    isOpen: () => !isDraining && takesRequests(),
    answer: (request, target) => answer(exchange, routes[target], request),
    flushLater(connection) {
      // At the end of the turn, when all requests that had arrived are read: answers that leave one after the other cost less
      // than answers written between reads, because the peer is woken once (a third less in bench/http-publish.ts).
      if (toFlush.length === 0) setImmediate(flushAll);
      toFlush.push(connection);
    },
    handOver(socket, unread) {
      socket.pause();
      if (unread.length > 0) socket.unshift(unread);
      handOver(socket);
      socket.resume();
    },
    forget: (connection) => connections.delete(connection),
  };

  const timer = setInterval(() => {
    clock.seconds += TICK_MS / 1000;
    for (const connection of connections) {
      connection.tick(KEEP_ALIVE_TIMEOUT_MS / 1000, HEADERS_TIMEOUT_MS / 1000);
    }
  }, TICK_MS);
  timer.unref();

  return {
    accept: (socket) => void connections.add(new FastLaneConnection(socket, context)),
    drain() {
      isDraining = true;
      for (const connection of connections) connection.endIfIdle();
    },
    close() {
      clearInterval(timer);
      for (const connection of connections) connection.destroy();
    },
  };
}

function answer(exchange: Exchange, route: AppRoute, request: HttpRequest): Promise<HttpAnswer> {
  const { freePass } = exchange;
  return freePass === null
    ? admitAndAnswer(exchange, route, request)
    : exchange.answer(route, request, freePass);
}

async function admitAndAnswer(
  exchange: Exchange,
  route: AppRoute,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const admission = await exchange.admit(route, request);
  return admission.admitted ? exchange.answer(route, request, admission.headers) : admission.answer;
}
