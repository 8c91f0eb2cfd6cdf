// For tests: a client that reads channels over any number of connections, resumes, and keeps what it read as an application
// would: what came before a failed recovery is thrown away, a cut connection leaves it at its last sure position.
import type { WebSocket } from 'ws';
import type { Position } from '../../../ports/channel-log.ts';
import { Connection } from '../../connection.ts';
import type { RealtimeContext } from '../../context.ts';
import { disconnect } from '../../detach.ts';
import { Inbound } from '../../inbound.ts';
import { FlushTurn } from '../../outbox.ts';
import { FakeSocket } from '../../testing/fake-socket.ts';
import { FakeWebSocket } from '../../testing/test-client.ts';
import { V2_TEXT } from '../../wire-format.ts';

export interface Seen extends Position {
  readonly event: string;
  readonly data: unknown;
}

interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly serial?: number;
  readonly stream_id?: string;
}

export interface ClientBehaviour {
  /** Sends its positions before it subscribes, so that they wait (D33), or after each acknowledgement (D88). */
  readonly resumesFirst: boolean;
  /** Subscribes to one pattern in place of the channels' names. */
  readonly pattern: string | null;
  /** Hears events of this name only. */
  readonly onlyEvent: string | null;
}

/** One channel as the client has it. */
export class Assembly {
  /** Everything after this is in `seen`; null: nothing is known yet. */
  base: Position | null = null;
  seen: Seen[] = [];
  /** What it would resume from. */
  position: Position | null = null;
  isResuming = false;
  /** Acknowledged while resuming. */
  acknowledged: Position | null = null;
  /** Came while resuming: counts once the channel is recovered. */
  meanwhile: Seen[] = [];

  restart(base: Position | null): void {
    this.base = base;
    this.position = base;
    this.seen = [];
  }

  take(seen: Seen): void {
    if (this.isResuming) {
      this.meanwhile.push(seen);
      return;
    }
    if (this.base === null) this.restart({ streamId: seen.streamId, serial: seen.serial - 1 });
    this.seen.push(seen);
    this.position = further(this.position, seen);
  }

  recovered(position: Position | null): void {
    this.isResuming = false;
    for (const seen of this.meanwhile.splice(0)) this.take(seen);
    this.position = further(this.position, position);
  }

  /** The gap stays: it goes on from the acknowledgement; on a pattern, from whatever comes next. */
  failed(): void {
    this.isResuming = false;
    const kept = this.meanwhile
      .splice(0)
      .filter((seen) => this.acknowledged !== null && isAbove(seen, this.acknowledged));
    this.restart(this.acknowledged);
    for (const seen of kept) this.take(seen);
  }

  lost(): void {
    this.isResuming = false;
    this.meanwhile = [];
    this.acknowledged = null;
  }
}

const turns = new FlushTurn();
let lastSocketId = 0;

/** Hands every frame over as text, as soon as it is queued. */
class ListeningConnection extends Connection {
  onFrame: (frame: Frame) => void = () => {};

  override push(frame: Buffer): void {
    const length = frame.readUInt8(1);
    const head = length < 126 ? 2 : length === 126 ? 4 : 10;
    this.onFrame(JSON.parse(frame.toString('utf8', head)));
  }
}

export class AssemblingClient {
  readonly channels: ReadonlyMap<string, Assembly>;
  readonly behaviour: ClientBehaviour;
  readonly #context: RealtimeContext;
  readonly #appId: string;
  readonly #onFailed: (channel: string, position: Position, code: string) => void;
  #connection: ListeningConnection | null = null;
  #inbound: Inbound | null = null;

  constructor(
    context: RealtimeContext,
    appId: string,
    channels: readonly string[],
    behaviour: ClientBehaviour,
    onFailed: (channel: string, position: Position, code: string) => void,
  ) {
    this.#context = context;
    this.#appId = appId;
    this.behaviour = behaviour;
    this.channels = new Map(channels.map((channel) => [channel, new Assembly()]));
    this.#onFailed = onFailed;
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  connect(): void {
    if (this.#connection !== null) return;
    const { hub, settings } = this.#context;
    const { app, counters } = hub.app(this.#appId);
    lastSocketId += 1;
    const connection = new ListeningConnection({
      app,
      counters,
      socketId: `${lastSocketId}.2`,
      protocol: 2,
      deliveryClass: V2_TEXT,
      appendMode: 'delta',
      echo: true,
      // CAST: a connection uses these methods of a WebSocket and no others.
      webSocket: new FakeWebSocket() as unknown as WebSocket,
      socket: new FakeSocket(),
      turn: turns,
      bounds: settings.outbox,
    });
    connection.onFrame = (frame) => {
      if (this.#connection === connection) this.#receive(frame);
    };
    hub.add(connection);
    this.#connection = connection;
    this.#inbound = new Inbound(connection, this.#context);
    for (const assembly of this.channels.values()) assembly.isResuming = assembly.position !== null;
    if (this.behaviour.resumesFirst) this.#resume([...this.channels.keys()]);
    const filter =
      this.behaviour.onlyEvent === null ? {} : { filter: { events: [this.behaviour.onlyEvent] } };
    const names = this.behaviour.pattern === null ? [...this.channels.keys()] : [this.behaviour.pattern];
    for (const channel of names) this.#send('subscribe', { channel, ...filter });
  }

  disconnect(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    disconnect(connection, this.#context);
    for (const assembly of this.channels.values()) assembly.lost();
  }

  #send(name: string, data: unknown): void {
    this.#inbound?.receive(Buffer.from(JSON.stringify({ event: `sockudo:${name}`, data })));
  }

  #resume(channels: readonly string[]): void {
    const positions: Record<string, unknown> = {};
    for (const channel of channels) {
      const assembly = this.channels.get(channel);
      if (assembly?.isResuming !== true || assembly.position === null) continue;
      positions[channel] = { stream_id: assembly.position.streamId, serial: assembly.position.serial };
    }
    if (Object.keys(positions).length > 0) this.#send('resume', { channel_positions: positions });
  }

  #receive(frame: Frame): void {
    switch (frame.event) {
      case 'sockudo_internal:subscription_succeeded':
        this.#acknowledged(frame);
        break;
      case 'sockudo:resume_failed':
        this.#failed(JSON.parse(String(frame.data)));
        break;
      case 'sockudo:resume_success':
        for (const { channel, position } of JSON.parse(String(frame.data)).recovered) {
          this.channels
            .get(channel)
            ?.recovered(position && { streamId: position.stream_id, serial: position.serial });
        }
        break;
      case 'sockudo:error':
        throw new Error(JSON.stringify(frame.data));
      default: {
        const { channel = '', event, data, serial, stream_id: streamId } = frame;
        if (serial === undefined || streamId === undefined) break;
        this.channels.get(channel)?.take({ streamId, serial, event, data });
      }
    }
  }

  #acknowledged({ channel = '', serial = 0, stream_id: streamId = '' }: Frame): void {
    const { resumesFirst, pattern } = this.behaviour;
    const assembly = this.channels.get(channel);
    if (assembly !== undefined) {
      const head = { streamId, serial };
      assembly.acknowledged = head;
      if (!assembly.isResuming) assembly.restart(head);
    }
    // A client sends in a turn of its own, and its answer comes after what was queued before.
    const due = pattern === null ? [channel] : [...this.channels.keys()];
    if (!resumesFirst) queueMicrotask(() => this.#resume(due));
  }

  #failed({ channel, code }: { channel: string; code: string }): void {
    const assembly = this.channels.get(channel);
    if (assembly === undefined || assembly.position === null) throw new Error(`${channel} was not asked for`);
    this.#onFailed(channel, assembly.position, code);
    assembly.failed();
  }
}

function isAbove(seen: Position, position: Position): boolean {
  return seen.streamId !== position.streamId || seen.serial > position.serial;
}

/** In one stream the higher serial; of two streams the newer knowledge. */
function further(known: Position | null, newer: Position | null): Position | null {
  if (known === null || newer === null) return newer ?? known;
  const { streamId, serial } = newer;
  return known.streamId !== streamId || serial >= known.serial ? { streamId, serial } : known;
}
