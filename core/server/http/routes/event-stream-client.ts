// /app/:appKey/events: the channels of a client as Server-Sent Events, for networks that let no WebSocket through. What a
// WebSocket says in its subscribes stands in the query; channel signatures are made for a socket id that is issued before.
import {
  appDisabled,
  channelKind,
  httpError,
  isJsonObject,
  ProtocolError,
  type TokenGrant,
  tryParseJson,
} from '@sockudo/protocol';
import type { App } from '../../apps/app.ts';
import { isOriginAllowed } from '../../apps/origins.ts';
import type { RealtimeContext } from '../../realtime/context.ts';
import { parseEventId } from '../../streams/event-ids.ts';
import { type EventStreams, newSocketId, type SubscribeData } from '../../streams/event-streams.ts';
import { issueTicket, requireTicket } from '../../streams/socket-ticket.ts';
import {
  type HttpAnswer,
  type HttpRequest,
  jsonAnswer,
  type OpenRoute,
  type OpenStreamRoute,
} from '../exchange-types.ts';
import type { AppDirectory } from '../http-deps.ts';
import type { RateLimiter } from '../rate-limit.ts';
import { lastEventId } from './event-stream.ts';

export interface ClientEventsDeps {
  readonly streams: EventStreams;
  readonly context: RealtimeContext;
  readonly apps: AppDirectory;
  /** That of WebSocket upgrades; null: it is off. */
  readonly limiter: RateLimiter | null;
}

/** Channels of one stream. */
const MAX_CHANNELS = 100;

export function clientEventsRoute(deps: ClientEventsDeps): OpenStreamRoute {
  return {
    kind: 'open-stream',
    path: '/app/:appKey/events',
    methods: {
      async GET(request) {
        const limited = await limit(request, deps);
        if (limited !== null) return limited;
        const app = requireApp(request, deps);
        requireRoom(app, deps.context);
        const query = new URLSearchParams(request.query);
        const subscriptions = subscriptionsIn(query);
        const given = lastEventId(request, query.get('last_event_id') ?? undefined);
        return deps.streams.ofClient({
          app,
          subscriptions,
          from: given === undefined ? null : parseEventId(given, subscriptions.length),
          proofSocketId: proofIn(app, query),
          token: await grantIn(app, query, deps.context),
        });
      },
    },
  };
}

export function socketTicketRoute(deps: ClientEventsDeps): OpenRoute {
  return {
    kind: 'open',
    path: '/app/:appKey/events/ticket',
    methods: {
      async POST(request) {
        const limited = await limit(request, deps);
        if (limited !== null) return limited;
        const issued = issueTicket(requireApp(request, deps), newSocketId(), Date.now() / 1000);
        const { socketId: socket_id, ticket, expiresAtSeconds: expires_at } = issued;
        return jsonAnswer(JSON.stringify({ socket_id, ticket, expires_at }));
      },
    },
  };
}

async function limit(request: HttpRequest, { limiter }: ClientEventsDeps): Promise<HttpAnswer | null> {
  const verdict = limiter === null ? null : await limiter.check(request);
  return verdict === null || verdict.allowed ? null : verdict.answer;
}

/** @throws ProtocolError 404, 403 */
function requireApp(request: HttpRequest, { apps }: ClientEventsDeps): App {
  const app = apps.byKey(request.params.appKey ?? '');
  if (app === undefined) throw httpError('app_not_found', 'Application key not found');
  if (!app.enabled) throw httpError('forbidden', appDisabled().message);
  if (!isOriginAllowed(app.allowedOrigins, request.header('origin'))) {
    throw httpError('forbidden', new ProtocolError('origin_not_allowed').message);
  }
  return app;
}

/** @throws ProtocolError 503 `backpressure`: streams count as connections */
function requireRoom(app: App, { hub, settings }: RealtimeContext): void {
  const isFull = settings.maxConnections > 0 && hub.connectionCount >= settings.maxConnections;
  const { maxConnections } = app.limits;
  if (isFull || (maxConnections > 0 && hub.app(app.id).connections.size >= maxConnections)) {
    throw httpError('backpressure', 'Over connection quota');
  }
}

function subscriptionsIn(query: URLSearchParams): readonly SubscribeData[] {
  const plain = query.getAll('channel').map((channel) => ({ channel }));
  const subscriptions = [...plain, ...query.getAll('subscribe').map(subscriptionIn)];
  const names = new Set(subscriptions.map(({ channel }) => channel));
  if (names.size === 0 || names.size > MAX_CHANNELS) {
    throw httpError('invalid_input', `Name 1 to ${MAX_CHANNELS} channels with 'channel' or 'subscribe'`);
  }
  if (names.size < subscriptions.length) throw httpError('invalid_input', 'A channel is named twice');
  for (const name of names) {
    if (channelKind(name).kind === 'wildcard') {
      throw httpError('invalid_input', 'Wildcard subscriptions need a WebSocket');
    }
  }
  return subscriptions;
}

/** The data of a subscribe, without what an event stream can't do. */
function subscriptionIn(text: string): SubscribeData {
  const value = tryParseJson(text);
  if (!isJsonObject(value) || typeof value.channel !== 'string') {
    throw httpError('invalid_input', "'subscribe' must be the JSON data of a subscribe");
  }
  if (value.rewind !== undefined) throw httpError('invalid_input', "'rewind' needs a WebSocket");
  // Deltas are made for one socket, and what it has had.
  const { delta: _, channel, ...rest } = value;
  return { ...rest, channel: String(channel) };
}

function proofIn(app: App, query: URLSearchParams): string | undefined {
  const socketId = query.get('socket_id');
  if (socketId === null) return undefined;
  requireTicket(app, socketId, query.get('ticket') ?? '', Date.now() / 1000);
  return socketId;
}

/** @throws ProtocolError 401 `auth_failed` */
async function grantIn(
  app: App,
  query: URLSearchParams,
  { revocations, tokens }: RealtimeContext,
): Promise<TokenGrant | null> {
  const token = query.get('token');
  if (token === null) return null;
  try {
    const grant = await tokens.verify(app, token);
    await revocations.requireNotRevoked(app, grant);
    return grant;
  } catch (error) {
    if (ProtocolError.is(error)) throw httpError('auth_failed', error.message);
    throw error;
  }
}
