// What clients ask about runs on a socket (protocol 2, subscribed by name): a session as it stands, in one frame, and to be told of its
// runs from then on; another order of its queue.
import {
  CHANNEL_HISTORY_LIMIT_MAX,
  type ClientFrame,
  clientEventError,
  encodeV2,
  type HistoryQuery,
  historyQueryOf,
  invalidMessage,
  isJsonObject,
  type JsonObject,
  member,
  NO_BOUNDS,
  namedRequestOf,
  protocolError,
  tryParseJson,
} from '@sockudo/protocol';
import {
  type App,
  type Connection,
  countEvent,
  type Handler,
  holdWhile,
  type RealtimeContext,
  requireCapability,
  requireNamespace,
  withoutRollup,
} from '@sockudo/server/plugins';
import type { AiChannels } from '../channels.ts';
import { noAiChannel } from '../refusals.ts';
import { RUN_INTEREST } from './announce-run.ts';
import { authoriseControl } from './control.ts';
import { moveRun } from './move-run.ts';
import { LIVE_STATES, type RunLog } from './run-log.ts';
import { runJsonOf, type StoredRun } from './stored-run.ts';

/** Runs of a session's frame: as many live ones, and the newest of those that have ended. */
const LIVE_RUNS = 100;
const NEWEST_RUNS = 20;

const INTERESTS: ReadonlySet<string> = new Set([RUN_INTEREST]);

export interface SocketDeps {
  readonly channels: AiChannels;
  readonly runs: RunLog;
  readonly now: () => number;
}

/** Requests by name, without prefix. */
export const runRequests = (deps: () => SocketDeps): ReadonlyMap<string, Handler> =>
  new Map<string, Handler>([
    ['ai_session', (connection, frame, context) => showSession(connection, frame, context, deps())],
    ['ai_runs_move', (connection, frame, context) => reorder(connection, frame, context, deps())],
  ]);

async function showSession(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
  deps: SocketDeps,
): Promise<void> {
  const data = dataOf(frame, 'ai_session');
  const { channel, subscription } = sessionOf(connection, data, 'ai_session', deps.channels);
  requireCapability(connection, 'history', channel);
  const { app } = connection;
  context.history.requireEnabled(app, channel);
  const query = pageOf(data, app, channel, context);
  subscription.interests = INTERESTS;
  const show = async (): Promise<void> => {
    const head = await deps.runs.of(app).head({ appId: app.id, channel });
    const page = await context.history.frameData(app, channel, query, null);
    const runs = await shownRuns(deps.runs, connection, channel);
    if (connection.subscriptions.get(channel) !== subscription) return;
    const position = { stream_id: head.streamId, serial: head.serial };
    const facts = JSON.stringify({ ...nameOf(frame), channel, position, runs: runs.map(runJsonOf) });
    // The page is pasted in: its items may be many, and nobody has to read them on the way.
    const text = `${facts.slice(0, -1)},${page.slice(1)}`;
    connection.sendText(frameOf('sockudo:ai_session', channel, text, connection));
  };
  await withoutRollup(
    subscription,
    () => holdWhile(subscription, context, show),
    () => context.logs.head(app, channel),
  );
}

function pageOf(data: JsonObject, app: App, channel: string, { history }: RealtimeContext): HistoryQuery {
  const limit = member(data, 'limit') ?? undefined;
  if (limit !== undefined && !Number.isSafeInteger(limit))
    throw invalidMessage('limit must be a whole number');
  return historyQueryOf(
    // CAST: looked at above.
    { bounds: NO_BOUNDS, ...(limit !== undefined && { limit: limit as number }) },
    {
      appId: app.id,
      channel,
      maxLimit: Math.min(history.pageSize, CHANNEL_HISTORY_LIMIT_MAX),
      noun: 'History',
      refuse: invalidMessage,
    },
  );
}

/** Newest first. */
async function shownRuns(runs: RunLog, { app }: Connection, channel: string): Promise<readonly StoredRun[]> {
  const live = await runs.page(app, channel, { states: LIVE_STATES, limit: LIVE_RUNS });
  const newest = await runs.page(app, channel, { limit: NEWEST_RUNS });
  // Read last: what stands in both is newer there.
  const all = new Map([...live.runs, ...newest.runs].map((run) => [run.ordinal, run]));
  return [...all.values()].sort((one, other) => other.ordinal - one.ordinal);
}

async function reorder(
  connection: Connection,
  frame: ClientFrame,
  _context: RealtimeContext,
  { channels, runs, now }: SocketDeps,
): Promise<void> {
  const data = dataOf(frame, 'ai_runs_move');
  const { channel } = sessionOf(connection, data, 'ai_runs_move', channels);
  requireNamespace(connection, channel, 'publish');
  requireCapability(connection, 'publish', channel);
  const runId = member(data, 'run_id');
  const before = member(data, 'before');
  if (typeof runId !== 'string' || runId === '')
    throw invalidMessage('Missing run_id in ai_runs_move message');
  if (before !== null && (typeof before !== 'string' || before === ''))
    throw invalidMessage('before must be the id of a run, or null');
  await authoriseControl(runs, connection, channel, runId);
  // Many runs may have to make room.
  if (!countEvent(connection)) return;
  const run = await moveRun(runs, { app: connection.app, channel, runId }, before, now);
  const text = JSON.stringify({ ...nameOf(frame), channel, run: runJsonOf(run) });
  connection.sendText(frameOf('sockudo:ai_runs_move', channel, text, connection));
}

/** The id that the client gave its request, if it did. */
function nameOf({ data }: ClientFrame): { readonly request_id?: string } {
  const named = namedRequestOf(data);
  return named === null ? {} : { request_id: named.requestId };
}

const frameOf = (event: string, channel: string, data: string, connection: Connection): string =>
  encodeV2({ event, channel, data, messageId: connection.messageId() });

/** An object, or a string that holds its JSON. */
function dataOf({ data }: ClientFrame, request: string): JsonObject {
  const value = typeof data === 'string' ? tryParseJson(data) : data;
  if (isJsonObject(value)) return value;
  throw invalidMessage(`Missing data in ${request} message`);
}

/** @throws ProtocolError 4000 on protocol 1, without a channel, and for what is no AI channel; 4301 without a subscription */
function sessionOf(connection: Connection, data: JsonObject, request: string, channels: AiChannels) {
  if (connection.protocol === 1) throw protocolError(`${request} is only supported on protocol V2`);
  const channel = member(data, 'channel');
  if (typeof channel !== 'string') throw invalidMessage(`Missing channel in ${request} message`);
  const subscription = connection.subscriptions.get(channel);
  if (subscription === undefined) {
    throw clientEventError(`Socket ${connection.socketId} is not subscribed to channel ${channel}`);
  }
  if (!channels.has(channel)) throw noAiChannel();
  return { channel, subscription };
}
