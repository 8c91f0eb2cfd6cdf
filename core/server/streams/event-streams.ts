// Durable channels over plain HTTP: an event stream is a connection of the realtime side like any other, protocol 2, whose
// subscriptions stand in its request. Replay, live delivery, filters, presence and bounds are those of WebSockets.
import { randomInt } from 'node:crypto';
import {
  asStringData,
  channelKind,
  clientFrameFrom,
  connectionEstablished,
  encodeV2,
  type Filter,
  ProtocolError,
  resumeFailed,
  type TokenGrant,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { StreamAnswer, StreamIo } from '../http/exchange-types.ts';
import type { Position } from '../ports/channel-log.ts';
import { attach } from '../realtime/attach.ts';
import type { RealtimeContext } from '../realtime/context.ts';
import { disconnect } from '../realtime/detach.ts';
import { handleSubscribe } from '../realtime/handlers/subscribe.ts';
import { SignInDeadline } from '../realtime/liveness.ts';
import { FlushTurn } from '../realtime/outbox.ts';
import { useToken } from '../realtime/token-session.ts';
import { V2_EVENTS } from '../realtime/wire-format.ts';
import { EventCarrier } from './event-carrier.ts';
import { EventConnection } from './event-connection.ts';
import type { From } from './event-ids.ts';

export const EVENT_STREAM_TYPE = 'text/event-stream';

/** The data of a protocol 2 subscribe. */
export type SubscribeData = Readonly<Record<string, unknown>> & { readonly channel: string };

/** Where a reader was in each of its channels; null: it is new. */
type Froms = readonly From[] | null;

export interface ChannelEvents {
  readonly app: App;
  readonly channel: string;
  readonly filter: Filter | null;
  readonly from: Froms;
}

export interface ClientEvents {
  readonly app: App;
  readonly subscriptions: readonly SubscribeData[];
  readonly from: Froms;
  /** The id that channel signatures were made for; undefined: none was issued. */
  readonly proofSocketId: string | undefined;
  readonly token: TokenGrant | null;
}

export class EventStreams {
  readonly #context: RealtimeContext;
  readonly #turn = new FlushTurn();

  constructor(context: RealtimeContext) {
    this.#context = context;
  }

  /** One channel for a trusted server, which may read all of them. It is no member of a presence channel. */
  ofChannel({ app, channel, filter, from }: ChannelEvents): StreamAnswer {
    return this.#answer(app, [channel], from, undefined, async (connection) => {
      const kind = channelKind(channel);
      connection.proveIdentity();
      await attach(connection, { channel, kind, filter, member: null }, this.#context);
    });
  }

  /** The channels of a client, which has to prove for each that it may be there. */
  ofClient({ app, subscriptions, from, proofSocketId, token }: ClientEvents): StreamAnswer {
    const channels = subscriptions.map(({ channel }) => channel);
    return this.#answer(app, channels, from, proofSocketId, async (connection) => {
      if (token !== null) useToken(connection, token, this.#context);
      let refusal: ProtocolError | null = null;
      for (const data of subscriptions) {
        const frame = clientFrameFrom({ event: 'sockudo:subscribe', data });
        try {
          await handleSubscribe(connection, frame, this.#context);
        } catch (error) {
          if (!ProtocolError.is(error)) throw error;
          refusal = error;
          tellRefusal(connection, data.channel, error);
        }
      }
      if (refusal !== null && connection.subscriptions.size === 0) {
        connection.close(refusal.wsCode, refusal.message, true);
      }
    });
  }

  #answer(
    app: App,
    channels: readonly string[],
    from: Froms,
    proofSocketId: string | undefined,
    subscribe: (connection: EventConnection) => Promise<void>,
  ): StreamAnswer {
    return {
      contentType: EVENT_STREAM_TYPE,
      beat: ':\n\n',
      run: (io) => this.#run(io, app, { channels, from, proofSocketId, subscribe }),
    };
  }

  async #run(io: StreamIo, app: App, opening: Opening): Promise<void> {
    const { output } = io;
    const gone = new Promise<void>((resolve) => output.once('close', resolve));
    if (output.destroyed) return;
    const connection = this.#connect(io, app, opening);
    try {
      await this.#open(connection, opening);
      await gone;
    } finally {
      connection.signInDeadline?.cancel();
      disconnect(connection, this.#context);
    }
  }

  #connect({ output }: StreamIo, app: App, { channels, from, proofSocketId }: Opening): EventConnection {
    const { hub, settings } = this.#context;
    const connection = new EventConnection(
      {
        app,
        counters: hub.app(app.id).counters,
        socketId: newSocketId(),
        ...(proofSocketId !== undefined && { proofSocketId }),
        protocol: 2,
        deliveryClass: V2_EVENTS,
        appendMode: 'delta',
        echo: true,
        rollupWindowMs: hub.rollupWindow(),
        webSocket: new EventCarrier(output),
        socket: output,
        turn: this.#turn,
        bounds: settings.outbox,
      },
      channels,
      from,
    );
    hub.add(connection);
    return connection;
  }

  async #open(connection: EventConnection, opening: Opening): Promise<void> {
    const { settings, wheel, logger } = this.#context;
    const { socketId, proofSocketId, app } = connection;
    connection.sendText(
      connectionEstablished(2, proofSocketId, settings.activityTimeoutSeconds, connection.messageId()),
    );
    if (app.userAuthenticationEnabled) {
      connection.signInDeadline = new SignInDeadline(connection, wheel, settings.userAuthenticationTimeoutMs);
    }
    try {
      await this.#resume(connection, opening);
      await opening.subscribe(connection);
      tellUnrecoverable(connection, opening);
    } catch (error) {
      if (ProtocolError.is(error)) {
        connection.sendError(error.wsCode, error.message, error.aiCode);
        connection.close(error.wsCode, error.message, true);
        return;
      }
      logger.error(
        { err: error, app_id: app.id, socket_id: socketId },
        'an event stream could not be opened',
      );
      connection.close(4200, 'Internal server error', true);
    }
  }

  /** Positions wait for the subscribe that follows. */
  async #resume(connection: EventConnection, { channels, from }: Opening): Promise<void> {
    if (from === null || !connection.app.recovery.enabled) return;
    const positions = new Map<string, Position>();
    for (const [index, channel] of channels.entries()) {
      const position = from[index] ?? null;
      if (position !== null && position !== 'new') positions.set(channel, position);
    }
    if (positions.size > 0) await this.#context.recovery.resume(connection, positions);
  }
}

interface Opening {
  readonly channels: readonly string[];
  readonly from: Froms;
  readonly proofSocketId: string | undefined;
  readonly subscribe: (connection: EventConnection) => Promise<void>;
}

/** Unlike on a WebSocket, the reader can't know by the order of things which subscribe is meant: the event names it. */
function tellRefusal(connection: EventConnection, channel: string, error: ProtocolError): void {
  connection.counters.connectionErrors.add(error.code);
  connection.sendError(error.wsCode, error.message, error.aiCode);
  const data = { type: 'PusherError', error: error.message, code: error.wsCode, message: error.message };
  connection.sendText(
    encodeV2({
      event: 'sockudo:subscription_error',
      channel,
      data: asStringData(JSON.stringify(data)),
      messageId: connection.messageId(),
    }),
  );
}

/** A reader that was here before and can't be told what it missed has to know that. */
function tellUnrecoverable(connection: EventConnection, { channels, from }: Opening): void {
  if (from === null) return;
  for (const [index, channel] of channels.entries()) {
    const position = from[index] ?? null;
    if (position === 'new' || !connection.subscriptions.has(channel)) continue;
    if (position !== null && connection.app.recovery.enabled) continue;
    const reason =
      position === null
        ? 'The channel had no position to go on from'
        : 'Connection recovery is not enabled for this app';
    const failure = {
      channel,
      code: 'continuity_unverifiable' as const,
      reason,
      expectedStreamId: position?.streamId ?? null,
      currentStreamId: null,
      oldestAvailableSerial: null,
      newestAvailableSerial: null,
    };
    connection.sendText(resumeFailed(2, failure, connection.messageId()));
  }
}

/** As the socket id of a WebSocket: two decimal numbers. */
export const newSocketId = (): string => `${randomInt(10_000_000_001)}.${randomInt(10_000_000_001)}`;
