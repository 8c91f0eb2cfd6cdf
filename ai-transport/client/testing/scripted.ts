/** A session on a scripted socket: the test is the server, and time moves when told to. */
import { FakeRuntime, type FakeSocket, settled } from '../../../core/client/testing/fake-runtime.ts';
import type { FakeChannel, Frame } from './fake-channel.ts';
import { Session, type SessionOptions, Sockudo } from './session-under-test.ts';

export const NAME = 'ai-room';

export interface Scripted {
  readonly runtime: FakeRuntime;
  readonly client: Sockudo;
  readonly session: Session;
  socket(): FakeSocket;
  /** The connection is there and the channel granted. */
  attach(): Promise<void>;
  /** The socket breaks, and the client has another. */
  reconnect(): Promise<void>;
  /** The page is back. */
  wake(): void;
  deliver(...frames: Frame[]): Promise<void>;
  answer(event: string, data: unknown): Promise<void>;
  /** Data of frames that were sent on this socket. */
  sent(event: string): unknown[];
}

export function scripted(options: Partial<SessionOptions> = {}, recovers = false): Scripted {
  const runtime = new FakeRuntime();
  const client = new Sockudo(
    'key',
    { wsHost: 'localhost', forceTLS: false, protocolVersion: 2, connectionRecovery: recovers },
    runtime,
  );
  let wake = () => {};
  const session = new Session(
    { client, channel: NAME, ...options },
    {
      setTimer: (then, delayMs) => runtime.setTimer(then, delayMs),
      clearTimer: (timer) => runtime.clearTimer(timer),
      random: () => 0.5,
      watchWake: (listener) => {
        wake = listener;
        return () => {};
      },
    },
  );
  session.open();
  const socket = () => runtime.socket;
  const answer = async (event: string, data: unknown) => {
    socket().receive({ event, channel: NAME, data });
    await settled();
  };
  const attach = async () => {
    socket().establish({ prefix: 'sockudo' });
    await answer('sockudo_internal:subscription_succeeded', '{}');
  };
  return {
    runtime,
    client,
    session,
    socket,
    attach,
    answer,
    wake: () => wake(),
    async reconnect() {
      const before = runtime.sockets.length;
      socket().drop(1006);
      while (runtime.sockets.length === before) runtime.advance(1000);
      await attach();
    },
    async deliver(...frames) {
      for (const { event, data, metadata } of frames)
        socket().receive({ event, data, ...metadata, channel: NAME });
      await settled();
    },
    sent: (event) =>
      socket()
        .sent.filter((frame) => frame.event === event)
        .map(({ data }) => data),
  };
}

/** A page as `channel_history` gives it, newest first. */
export function historyPage(
  channel: FakeChannel,
  { at = channel.head, above = 0, below = Number.POSITIVE_INFINITY, hasMore = false } = {},
): object {
  const items = channel.rows({ at, above, below });
  return {
    items,
    direction: 'newest_first',
    limit: 100,
    has_more: hasMore,
    next_cursor: hasMore ? 'c' : null,
    bounds: { start_serial: null, end_serial: null, start_time_ms: null, end_time_ms: null },
    continuity: {
      stream_id: 'stream-1',
      oldest_available_serial: 1,
      newest_available_serial: at,
      oldest_available_published_at_ms: 1,
      newest_available_published_at_ms: 1,
      retained_messages: items.length,
      retained_bytes: 1,
      degraded: false,
      complete: true,
      truncated_by_retention: false,
    },
    stream_state: {
      stream_id: 'stream-1',
      durable_state: 'healthy',
      recovery_allowed: true,
      reset_required: false,
      reason: null,
      node_id: null,
      last_transition_at_ms: null,
      authoritative_source: 'memory',
      observed_source: 'memory',
    },
  };
}

/** The same as `sockudo:ai_session` gives it. */
export function sessionAnswer(
  channel: FakeChannel,
  more: Parameters<typeof historyPage>[1] & { runs?: readonly object[] } = {},
): object {
  const { runs = [], ...page } = more;
  return {
    ...historyPage(channel, page),
    channel: NAME,
    position: { stream_id: 'stream-1', serial: page.at ?? channel.head },
    runs,
  };
}
