// GET …/channels/:channel/runs and …/runs/:runId: the state of model runs.
import type { RunStatus } from '@sockudo/ai-transport/wire';
import { httpError, pageLimit, type QueryParameters } from '@sockudo/protocol';
import { type AppCall, type HttpAnswer, type HttpDeps, jsonAnswer } from '@sockudo/server/plugins';
import { isRunStatus, keyOf, type RunLog, stored } from './run-log.ts';
import { runJsonOf } from './stored-run.ts';

const RUNS_PAGE_MAX = 100;
const RUN_ID_MAX_BYTES = 2048;

/** What the routes need of the rest. */
export interface ReadDeps {
  readonly runs: RunLog;
  /** The channel of the path. @throws ProtocolError 400 for its name, 422 where it holds no runs */
  channelOf(call: AppCall, deps: HttpDeps): string;
}

export async function listRuns(call: AppCall, deps: HttpDeps, parts: ReadDeps): Promise<HttpAnswer> {
  const { app, query } = call;
  const channel = parts.channelOf(call, deps);
  const states = statesOf(query);
  const before = cursorOf(query);
  const limit = pageLimit(query, RUNS_PAGE_MAX, 'runs');
  // Read first: the runs show at least what stands up to it.
  const head = await stored(() => parts.runs.of(app).head(keyOf(app, channel)));
  const page = await parts.runs.page(app, channel, {
    limit,
    ...(states !== null && { states }),
    ...(before !== null && { before }),
  });
  return json({
    channel,
    position: { stream_id: head.streamId, serial: head.serial },
    runs: page.runs.map(runJsonOf),
    has_more: page.next !== null,
    next_cursor: page.next === null ? null : String(page.next),
  });
}

export async function oneRun(call: AppCall, deps: HttpDeps, parts: ReadDeps): Promise<HttpAnswer> {
  const channel = parts.channelOf(call, deps);
  const runId = runIdOf(call);
  const run = await parts.runs.run({ app: call.app, channel, runId });
  if (run === null) throw runNotFound(channel, runId);
  return json({ channel, run: runJsonOf(run) });
}

export const json = (body: object): HttpAnswer => jsonAnswer(JSON.stringify(body));

export const runNotFound = (channel: string, runId: string) =>
  httpError('not_found', `Run '${runId}' was not found in channel '${channel}'`);

/** @throws ProtocolError 400 */
export function runIdOf({ request }: AppCall): string {
  const runId = request.params.runId ?? '';
  if (runId !== '' && Buffer.byteLength(runId) <= RUN_ID_MAX_BYTES) return runId;
  throw httpError('invalid_input', `Run id must be 1-${RUN_ID_MAX_BYTES} bytes`);
}

function statesOf(query: QueryParameters): readonly RunStatus[] | null {
  const text = query.get('status');
  if (text === undefined) return null;
  const words = text.split(',');
  const states = words.filter(isRunStatus);
  if (states.length === words.length) return states;
  throw httpError('invalid_input', `Invalid run status '${words.find((word) => !isRunStatus(word))}'`);
}

function cursorOf(query: QueryParameters): number | null {
  const text = query.get('cursor');
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw httpError('invalid_input', 'Invalid runs cursor');
  return Number(text);
}
