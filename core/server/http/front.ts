// The main port: one server whose accepted sockets first go through the fast lane and from there, when need be, to Node's own
// HTTP parser and fastify. WebSocket upgrades come out at `httpServer`'s 'upgrade' event; who answers them is not known here.
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createHttpApp } from './app.ts';
import { createExchange } from './exchange.ts';
import type { Route } from './exchange-types.ts';
import { createFastLane, type FastLane } from './fast-lane/fast-lane.ts';
import type { HttpDeps, HttpSettings } from './http-deps.ts';
import { listenOn } from './listen.ts';
import { OpenStreams } from './open-streams.ts';
import { batchEventsRoute } from './routes/batch-events.ts';
import { eventsRoute } from './routes/events.ts';
import { routesFor } from './routes/index.ts';
import { appendRoute } from './routes/messages.ts';
import { CLOSE_GRACE_MS, HEADERS_TIMEOUT_MS, KEEP_ALIVE_TIMEOUT_MS } from './timeouts.ts';

export interface HttpFront {
  /** Attach 'upgrade' here before `listen`. */
  readonly httpServer: Server;
  /** Rejects with a text that names the setting when the address cannot be used. */
  listen(): Promise<AddressInfo>;
  /**
   * Call it when `isDraining` has become true: idle connections are ended, and every further answer closes its own. The port stays
   * open, so that `/up` can say DRAINING (divergence D85).
   */
  drain(): void;
  /** Closes the port, waits a bounded time for answers under way, then ends what is left. Upgraded sockets are left alone. */
  close(): Promise<void>;
}

export interface HttpFrontOptions {
  /** Routes of other parts of the server, beside those of this folder. */
  readonly routes?: readonly Route[];
  /** Default true. Off, every request goes the ordinary way; the answers are the same. */
  readonly fastLane?: boolean;
}

export async function createHttpFront(deps: HttpDeps, options: HttpFrontOptions = {}): Promise<HttpFront> {
  const { settings } = deps;
  const exchange = createExchange(deps);
  const streams = new OpenStreams();
  const { server } = await createHttpApp({
    exchange,
    logger: deps.logger,
    routes: [...routesFor(settings), ...(options.routes ?? [])],
    maxBodyBytes: settings.http.maxBodyBytes,
    streams,
    isDraining: deps.isDraining,
    createServer: (onRequest) => createServer(settings, onRequest),
  });
  const lane = putFastLaneBefore(
    server,
    settings.tls === null ? 'connection' : 'secureConnection',
    (handOver) =>
      createFastLane({
        exchange,
        routes: { events: eventsRoute, batch_events: batchEventsRoute, append: appendRoute },
        takesRequests: () => options.fastLane !== false && !deps.isDraining(),
        handOver,
      }),
  );

  return {
    httpServer: server,
    listen: () => listenOn(server, settings.host, settings.port, 'port'),
    drain() {
      lane.drain();
      streams.drain();
      server.closeIdleConnections();
    },
    async close() {
      streams.close();
      await closeServer(server, lane);
    },
  };
}

function createServer(settings: HttpSettings, onRequest: RequestListener): Server {
  const timeouts = {
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Streams go on for hours; every other request is limited where its body is read (app.ts).
    requestTimeout: 0,
  };
  return settings.tls === null
    ? createPlainServer(timeouts, onRequest)
    : createTlsServer({ ...timeouts, ...readTls(settings.tls) }, onRequest);
}

function readTls({ certPath, keyPath }: { certPath: string; keyPath: string }): {
  cert: Buffer;
  key: Buffer;
} {
  return { cert: readPem('ssl.cert_path', certPath), key: readPem('ssl.key_path', keyPath) };
}

function readPem(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${setting}: cannot read '${path}'`, { cause: error });
  }
}

/**
 * Node attaches its HTTP parser to accepted sockets by a listener of this event; the lane takes its place and calls it for the
 * sockets that it gives up.
 */
function putFastLaneBefore(
  server: Server,
  event: 'connection' | 'secureConnection',
  create: (handOver: (socket: Socket) => void) => FastLane,
): FastLane {
  const ordinary = server.listeners(event);
  server.removeAllListeners(event);
  const lane = create((socket) => {
    for (const listener of ordinary) listener.call(server, socket);
  });
  server.on(event, lane.accept);
  return lane;
}

async function closeServer(server: Server, lane: FastLane): Promise<void> {
  if (!server.listening) {
    lane.close();
    return;
  }
  let deadline: NodeJS.Timeout | undefined;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const late = new Promise<void>((resolve) => {
    deadline = setTimeout(resolve, CLOSE_GRACE_MS);
  });
  lane.drain();
  server.closeIdleConnections();
  await Promise.race([closed, late]);
  clearTimeout(deadline);
  lane.close();
  server.closeAllConnections();
}
