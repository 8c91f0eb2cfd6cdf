// From an HTTP upgrade to an open connection: what is refused before the upgrade (status), what after it (error frame and
// close code), in the order of realtime.md section 1.2 and divergences D1-D4.
import { randomInt } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  appDisabled,
  authenticationError,
  connectionEstablished,
  connectionQuota,
  errorFrameOf,
  type Handshake,
  overCapacity,
  ProtocolError,
  parseHandshakeQuery,
  type TokenGrant,
  unknownApp,
} from '@sockudo/protocol';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { App } from '../apps/app.ts';
import type { AppRegistry } from '../apps/app-registry.ts';
import { isOriginAllowed } from '../apps/origins.ts';
import { UNKNOWN_ADDRESS } from '../http/client-address.ts';
import type { HttpAnswer } from '../http/exchange-types.ts';
import type { RateLimiter } from '../http/rate-limit.ts';
import { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import { disconnect } from './detach.ts';
import { Inbound } from './inbound.ts';
import { Liveness, SignInDeadline } from './liveness.ts';
import { FlushTurn } from './outbox.ts';
import { useToken } from './token-session.ts';
import { deliveryClassOf, frameOf } from './wire-format.ts';

export interface UpgradeDeps {
  readonly context: RealtimeContext;
  readonly apps: AppRegistry;
  readonly rateLimiter: RateLimiter | null;
  isDraining(): boolean;
}

/** What an upgrade asks for, as far as it is known before the WebSocket is open. */
interface Opening {
  readonly appKey: string;
  readonly handshake: Handshake;
  /** What its token grants, or why that is refused. */
  readonly token: TokenGrant | ProtocolError | null;
  readonly origin: string | undefined;
}

/** How long a closed socket may take to answer the Close frame before it is cut. */
const CLOSE_TIMEOUT_MS = 10_000;

export function acceptUpgrades(httpServer: Server, deps: UpgradeDeps): void {
  const upgrades = new Upgrades(deps);
  httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrades.accept(request, socket, head).catch((error: unknown) => {
      deps.context.logger.error({ err: error }, 'an upgrade failed');
      socket.destroy();
    });
  });
}

class Upgrades {
  readonly #deps: UpgradeDeps;
  readonly #turn = new FlushTurn();
  readonly #webSockets: WebSocketServer;

  constructor(deps: UpgradeDeps) {
    this.#deps = deps;
    // The type package does not know `closeTimeout` yet.
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: deps.context.settings.maxFrameBytes,
      closeTimeout: CLOSE_TIMEOUT_MS,
      // Pongs take the way of all frames, so that they count against the bounds of a client that does not read them.
      autoPong: false,
      handleProtocols: (offered) => [...offered][0] ?? false,
    };
    this.#webSockets = new WebSocketServer(options);
  }

  async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', ignoreSocketError);
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    const key = /^\/app\/([^/]+)\/?$/.exec(url?.pathname ?? '')?.[1];
    if (url === null || key === undefined) return refuse(socket, plain(404, '404 NOT FOUND'));
    const limited = await this.#rateLimit(request, socket);
    if (limited !== null) return refuse(socket, limited);
    if (this.#deps.isDraining()) return refuse(socket, plain(503, 'DRAINING'));
    const handshake = parseHandshakeQuery(url.searchParams, this.#rollupBounds());
    if (!handshake.ok) return refuse(socket, plain(handshake.status, handshake.text));
    const appKey = decodeKey(key);
    const token = await this.#checkToken(appKey, handshake);
    // The handshake's answer and the first frame leave in one write.
    socket.cork();
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignoreSocketError);
      this.#open(webSocket, socket, { appKey, handshake, token, origin: request.headers.origin });
    });
    socket.uncork();
  }

  #rollupBounds(): { minMs: number; maxMs: number } {
    const windows = this.#deps.context.settings.appendRollupWindowsMs;
    return { minMs: Math.min(...windows), maxMs: Math.max(...windows) };
  }

  async #rateLimit(request: IncomingMessage, socket: Duplex): Promise<HttpAnswer | null> {
    const { rateLimiter } = this.#deps;
    if (rateLimiter === null) return null;
    const verdict = await rateLimiter.check({
      peerAddress: request.socket.remoteAddress ?? UNKNOWN_ADDRESS,
      header(name) {
        const value = request.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
    });
    if (socket.destroyed) return plain(499, '');
    return verdict.allowed ? null : verdict.answer;
  }

  /** Null: no token was given, or the connection is refused for something else. */
  async #checkToken(
    appKey: string,
    { token, protocol }: Handshake,
  ): Promise<TokenGrant | ProtocolError | null> {
    const app = this.#deps.apps.byKey(appKey);
    if (token === undefined || app === undefined) return null;
    if (protocol === 1) return authenticationError('capability tokens require protocol V2');
    try {
      const grant = await this.#deps.context.tokens.verify(app, token);
      await this.#deps.context.revocations.requireNotRevoked(app, grant);
      return grant;
    } catch (error) {
      if (ProtocolError.is(error)) return error;
      throw error;
    }
  }

  #open(webSocket: WebSocket, socket: Duplex, { appKey, handshake, token, origin }: Opening): void {
    const app = this.#deps.apps.byKey(appKey);
    const refusal = app === undefined ? unknownApp() : this.#refusal(app, token, origin);
    if (app === undefined || refusal !== null) {
      turnAway(webSocket, socket, handshake, refusal ?? unknownApp());
      return;
    }
    const connection = this.#connect(webSocket, socket, app, handshake);
    this.#establish(connection, webSocket);
    if (token !== null && !ProtocolError.is(token)) useToken(connection, token, this.#deps.context);
  }

  #refusal(app: App, token: Opening['token'], origin: string | undefined): ProtocolError | null {
    const { hub, settings } = this.#deps.context;
    if (!app.enabled) return appDisabled();
    if (!isOriginAllowed(app.allowedOrigins, origin)) return new ProtocolError('origin_not_allowed');
    if (settings.maxConnections > 0 && hub.connectionCount >= settings.maxConnections) return overCapacity();
    const { maxConnections } = app.limits;
    if (maxConnections > 0 && hub.app(app.id).connections.size >= maxConnections) return connectionQuota();
    return ProtocolError.is(token) ? token : null;
  }

  #connect(webSocket: WebSocket, socket: Duplex, app: App, handshake: Handshake): Connection {
    const { hub, settings } = this.#deps.context;
    const appHub = hub.app(app.id);
    const echo = handshake.echoMessages ?? settings.echo.defaultEcho;
    const connection = new Connection({
      app,
      counters: appHub.counters,
      socketId: newSocketId(),
      protocol: handshake.protocol,
      deliveryClass: deliveryClassOf(handshake.protocol, handshake.format),
      appendMode: handshake.appendMode,
      rollupWindowMs: hub.rollupWindow(handshake.appendRollupWindowMs),
      echo: handshake.protocol === 2 && (!settings.echo.enabled || echo),
      webSocket,
      socket,
      turn: this.#turn,
      bounds: settings.outbox,
    });
    hub.add(connection);
    return connection;
  }

  #establish(connection: Connection, webSocket: WebSocket): void {
    const { context } = this.#deps;
    const { settings, wheel } = context;
    const inbound = new Inbound(connection, context);
    const liveness = new Liveness(connection, wheel, {
      activityTimeoutMs: settings.activityTimeoutSeconds * 1000,
      nativePingAfterMs: settings.nativePingIntervalMs,
      idleTimeoutMs: settings.idleTimeoutMs,
    });
    const alive = (): void => {
      connection.lastInboundMs = wheel.nowMs;
    };
    webSocket.on('message', (bytes: Buffer) => inbound.receive(bytes));
    webSocket.on('ping', (payload: Buffer) => {
      alive();
      connection.pong(payload);
    });
    webSocket.on('pong', alive);
    webSocket.on('error', () => connection.counters.connectionErrors.add('websocket'));
    webSocket.on('close', (code: number) => {
      // 1006: no Close frame was read, so the client did not say goodbye.
      connection.closedByClient = code !== 1006 && connection.isOpen;
      liveness.close();
      connection.signInDeadline?.cancel();
      disconnect(connection, context);
    });
    const { socketId, protocol } = connection;
    connection.sendText(
      connectionEstablished(protocol, socketId, settings.activityTimeoutSeconds, connection.messageId()),
    );
    connection.outbox.flush();
    if (connection.app.userAuthenticationEnabled) {
      connection.signInDeadline = new SignInDeadline(connection, wheel, settings.userAuthenticationTimeoutMs);
    }
  }
}

/** Error frame and Close to a connection that never became one. */
function turnAway(webSocket: WebSocket, socket: Duplex, handshake: Handshake, error: ProtocolError): void {
  webSocket.on('error', ignoreSocketError);
  const deliveryClass = deliveryClassOf(handshake.protocol, handshake.format);
  const messageId = handshake.protocol === 2 ? crypto.randomUUID() : undefined;
  socket.write(frameOf(deliveryClass, errorFrameOf(handshake.protocol, error, messageId)));
  webSocket.close(error.wsCode, error.message);
}

/** Two decimal numbers of at most ten digits, as Pusher clients expect it. */
const newSocketId = (): string => `${randomInt(10_000_000_001)}.${randomInt(10_000_000_001)}`;

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded text: then it is no key that anybody has.
    return text;
  }
}

const plain = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain',
  body,
  headers: [],
});

function refuse(socket: Duplex, answer: HttpAnswer): void {
  const body = answer.body ?? '';
  const lines = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Refused'}`,
    'connection: close',
    `content-type: ${answer.contentType ?? 'text/plain'}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...(answer.headers ?? []).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** A peer that goes away during the handshake is nobody's business. */
function ignoreSocketError(): void {}
