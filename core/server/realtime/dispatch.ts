// Which handler answers which event. Platform events are understood with any of the four prefixes on every connection
// (realtime.md section 2.3); events nobody knows are ignored without an error.
import { type ClientFrame, pong, stripPrefix } from '@sockudo/protocol';
import type { ClientAcknowledgement } from '../publish/acknowledgement.ts';
import { runNamed } from './acknowledged-request.ts';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import { countEvent } from './event-rate.ts';
import { handleAuth } from './handlers/auth.ts';
import { handleChannelHistory } from './handlers/channel-history.ts';
import { handleClientEvent } from './handlers/client-event.ts';
import { handleDeltaSyncError } from './handlers/delta-sync-error.ts';
import { handleEnableDeltaCompression } from './handlers/enable-delta-compression.ts';
import { handleMutate } from './handlers/mutate.ts';
import { handlePresenceUpdate } from './handlers/presence-update.ts';
import { handlePublish } from './handlers/publish.ts';
import { handleResume } from './handlers/resume.ts';
import { handleSignin } from './handlers/signin.ts';
import { handleSubscribe } from './handlers/subscribe.ts';
import { handleUnsubscribe } from './handlers/unsubscribe.ts';

export type Handler = (
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
) => void | Promise<void>;

/** Answers an event of a plug-in. What it resolves to acknowledges a `sockudo:publish` of that event; nothing: only that it was done. */
export type ClientEventHandler = (
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that publishes nothing answers nothing
) => void | Promise<ClientAcknowledgement | void>;

const PLATFORM_HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['ping', (connection) => connection.sendText(pong(connection.protocol))],
  ['pong', () => {}],
  ['subscribe', handleSubscribe],
  ['unsubscribe', handleUnsubscribe],
  ['signin', handleSignin],
  ['auth', handleAuth],
  ['presence_update', handlePresenceUpdate],
  ['resume', handleResume],
  ['enable_delta_compression', handleEnableDeltaCompression],
  ['delta_sync_error', handleDeltaSyncError],
  ['channel_history', handleChannelHistory],
  ['publish', handlePublish],
  ['mutate', handleMutate],
]);

/** Events that exist under the plain prefix only. */
const NEVER_INTERNAL: ReadonlySet<string> = new Set(['presence_update']);

/** Events that are understood without any prefix, too. */
const WITHOUT_PREFIX: ReadonlySet<string> = new Set(['channel_history']);

/** A promise, if the frame is not done with yet. */
export function dispatch(connection: Connection, frame: ClientFrame, context: RealtimeContext): unknown {
  if (frame.event.startsWith('client-')) return handleClientEvent(connection, frame, context);
  const own = context.stages.clientEvents.get(frame.event);
  if (own !== undefined) return countEvent(connection) ? own(connection, frame, context) : undefined;
  const platform = stripPrefix(frame.event);
  const name = platform?.name ?? (WITHOUT_PREFIX.has(frame.event) ? frame.event : null);
  if (name === null) return;
  if (platform?.internal === true && NEVER_INTERNAL.has(name)) return;
  const handler = PLATFORM_HANDLERS.get(name);
  if (handler !== undefined) return handler(connection, frame, context);
  const plugged = context.stages.platformRequests.get(name);
  return plugged && runNamed(plugged, connection, frame, context);
}
