// What workers ask for: runs to do, more time, to give one back; and the order of a queue.
import { applyRunEvent, type RunRefusalReason } from '@sockudo/ai-transport/wire';
import { httpError } from '@sockudo/protocol';
import {
  type App,
  type AppCall,
  type HttpAnswer,
  type HttpDeps,
  parseJsonBody,
} from '@sockudo/server/plugins';
import { checkedBody, claimBody, claimOneBody, heartbeatBody, moveBody, releaseBody } from './bodies.ts';
import type { Chores } from './chores.ts';
import type { ClaimQueue, RunClaim } from './claim-queue.ts';
import type { ClaimWaiters } from './claim-waiters.ts';
import { type Fence, fenced, fenceText, requireFence } from './fence.ts';
import { moveRun } from './move-run.ts';
import { json, type ReadDeps, runIdOf } from './routes-read.ts';
import type { RunChangeResult, RunPlace } from './run-log.ts';
import { runJsonOf, type StoredRun } from './stored-run.ts';

export interface WriteDeps extends ReadDeps {
  readonly queue: ClaimQueue;
  readonly waiters: ClaimWaiters;
  readonly chores: Chores;
  readonly now: () => number;
}

export async function claimRuns(call: AppCall, deps: HttpDeps, parts: WriteDeps): Promise<HttpAnswer> {
  const body = checkedBody(claimBody, parseJsonBody(call.request));
  const wish = {
    channelPrefix: body.channel_prefix,
    workerId: body.worker_id,
    limit: body.limit,
    leaseMs: body.lease_ms,
    perChannel: body.per_channel,
  };
  const isOver = () => deps.isDraining() || call.request.isGone?.() === true;
  const claims = await parts.waiters.claim(call.app, wish, body.wait_ms, isOver);
  // It ended while they were taken: nobody would work on them until their leases end.
  if (call.request.isGone?.() === true) return json({ claims: await giveBack(call.app, claims, parts) });
  return json({ claims: claims.map(({ channel, run }) => claimJson(channel, run)) });
}

/** The attempts do not count. */
async function giveBack(app: App, claims: readonly RunClaim[], { runs, now }: WriteDeps): Promise<[]> {
  for (const { channel, run } of claims) {
    const { runId, generation } = run.run;
    await runs.change({ app, channel, runId }, { kind: 'release', runId, generation, nowMs: now() });
  }
  return [];
}

export async function claimOneRun(call: AppCall, deps: HttpDeps, parts: WriteDeps): Promise<HttpAnswer> {
  const place = placeOf(call, deps, parts);
  const body = checkedBody(claimOneBody, parseJsonBody(call.request));
  const run = await parts.queue.takeOne(place, body.worker_id, body.lease_ms);
  return json(claimJson(place.channel, run));
}

const claimJson = (channel: string, run: StoredRun) => ({
  channel,
  run: runJsonOf(run),
  fence: fenceText(run.run),
});

export async function heartbeat(call: AppCall, deps: HttpDeps, parts: WriteDeps): Promise<HttpAnswer> {
  const place = placeOf(call, deps, parts);
  const body = checkedBody(heartbeatBody, parseJsonBody(call.request));
  const { runId, generation } = fenceOf(body.fence, place);
  const event = { kind: 'heartbeat', runId, generation, leaseMs: body.lease_ms, nowMs: parts.now() } as const;
  return runAnswer(place, await parts.runs.change(place, event));
}

export async function release(call: AppCall, deps: HttpDeps, parts: WriteDeps): Promise<HttpAnswer> {
  const place = placeOf(call, deps, parts);
  const body = checkedBody(releaseBody, parseJsonBody(call.request));
  const { runId, generation } = fenceOf(body.fence, place);
  const nowMs = parts.now();
  const base = { runId, generation, nowMs };
  const given = body.error_code === undefined ? null : { code: body.error_code, message: body.error_message };
  const error = errorOf(given ?? { code: 'worker_failed', message: body.error_message });
  const queuedAtMs = body.retry_after_ms > 0 ? nowMs + body.retry_after_ms : undefined;
  const result = await parts.chores.around(place, generation, () =>
    parts.runs.changeBy(
      place,
      (run) => {
        if (body.outcome === 'dead')
          return applyRunEvent(run, { kind: 'end', reason: 'error', error, ...base });
        // Without an error the worker just goes away: that attempt does not count.
        if (given === null) return applyRunEvent(run, { kind: 'release', ...base });
        return applyRunEvent(run, { kind: 'retry', error, ...base });
      },
      queuedAtMs,
    ),
  );
  if (result.kind === 'refused') return runAnswer(place, result);
  // The end may have been told in between, which the run shows.
  return json({ channel: place.channel, run: runJsonOf((await parts.runs.run(place)) ?? result.after) });
}

const errorOf = ({ code, message }: { code: string; message: string | undefined }) => ({
  code,
  ...(message !== undefined && { message }),
});

export async function move(call: AppCall, deps: HttpDeps, parts: WriteDeps): Promise<HttpAnswer> {
  const place = placeOf(call, deps, parts);
  const { before } = checkedBody(moveBody, parseJsonBody(call.request));
  const run = await moveRun(parts.runs, place, before, parts.now);
  return json({ channel: place.channel, run: runJsonOf(run) });
}

const placeOf = (call: AppCall, deps: HttpDeps, parts: WriteDeps): RunPlace => ({
  app: call.app,
  channel: parts.channelOf(call, deps),
  runId: runIdOf(call),
});

function fenceOf(text: string, { runId }: RunPlace): Fence {
  const fence = requireFence(text);
  if (fence.runId === runId) return fence;
  throw httpError('invalid_input', `fence is of another run than '${runId}'`);
}

function runAnswer({ channel, runId }: RunPlace, result: RunChangeResult): HttpAnswer {
  if (result.kind === 'changed') return json({ channel, run: runJsonOf(result.after) });
  throw refusal(runId, result.reason);
}

const refusal = (runId: string, reason: RunRefusalReason) =>
  reason === 'record_too_large' ? httpError('invalid_input', 'error_message is too long') : fenced(runId);
