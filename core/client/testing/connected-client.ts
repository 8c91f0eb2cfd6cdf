/**
 * A client that is connected to a scripted socket: the starting point of most unit tests of channels and users.
 */
import type { SockudoOptions } from '../options.ts';
import { Sockudo } from '../sockudo.ts';
import { FakeRuntime, type FakeSocket } from './fake-runtime.ts';

export interface ConnectedClient {
  readonly client: Sockudo;
  readonly runtime: FakeRuntime;
  /** `pusher` or `sockudo`. */
  readonly prefix: string;
  /** The latest socket. */
  socket(): FakeSocket;
  /** The server acknowledges a subscription; `data` goes as JSON text, `more` onto the envelope. */
  acknowledge(channel: string, data?: unknown, more?: object): void;
  /** A protocol event with data as JSON text. */
  internal(name: string, channel: string, data: unknown): void;
  /** The socket is lost, the client connects again. */
  reconnect(): void;
  /** Data of the subscribe frames sent on the latest socket. */
  subscribes(): unknown[];
}

export function connectedClient(
  options: Partial<SockudoOptions> = {},
  runtime: FakeRuntime = new FakeRuntime(),
): ConnectedClient {
  const prefix = options.protocolVersion === 2 ? 'sockudo' : 'pusher';
  const client = new Sockudo('app-key', { wsHost: 'localhost', forceTLS: false, ...options }, runtime);
  let connections = 0;
  const establish = () => runtime.socket.establish({ prefix, socketId: `1.${++connections}` });
  establish();
  const internal = (name: string, channel: string, data: unknown, more: object = {}) =>
    runtime.socket.receive({
      event: `${prefix}_internal:${name}`,
      channel,
      data: JSON.stringify(data),
      ...more,
    });
  return {
    client,
    runtime,
    prefix,
    socket: () => runtime.socket,
    acknowledge: (channel, data = {}, more = {}) => internal('subscription_succeeded', channel, data, more),
    internal,
    reconnect: () => {
      const before = runtime.sockets.length;
      runtime.socket.drop(1006);
      while (runtime.sockets.length === before) runtime.advance(1000);
      establish();
    },
    subscribes: () => runtime.socket.sentData(`${prefix}:subscribe`),
  };
}
