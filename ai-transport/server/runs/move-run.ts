// Reorders the queue of one channel. A run's place is the time from which it may be taken, so moving one before another is giving it an
// earlier time; where there is no room, those in front of it move up as well.
import { httpError } from '@sockudo/protocol';
import { notQueued } from './claim-queue.ts';
import { type RunLog, type RunPlace, stored } from './run-log.ts';
import type { StoredRun } from './stored-run.ts';

/** Queued runs of a channel that can be put in order. */
const QUEUE_MAX = 1000;

/**
 * @param before the run that comes after it then; null: it is the last
 * @throws ProtocolError 404 `not_found`, 409 `conflict` where one of the two does not wait
 */
export async function moveRun(
  runs: RunLog,
  place: RunPlace,
  before: string | null,
  now: () => number,
): Promise<StoredRun> {
  const { app, channel, runId } = place;
  const page = await stored(() => runs.page(app, channel, { states: ['queued'], limit: QUEUE_MAX }));
  const moved = await waiting(page.runs, runs, place);
  const rest = page.runs.filter((other) => other !== moved).sort(inOrder);
  if (before === runId) return moved;
  if (before !== null) await waiting(rest, runs, { ...place, runId: before });
  const index = before === null ? rest.length : rest.findIndex(({ run }) => run.runId === before);
  for (const { run, queuedAtMs } of placed(rest, moved, index)) {
    const result = await runs.changeBy(
      { ...place, runId: run.runId },
      (current) => {
        if (current?.status !== 'queued') return { refused: 'not_queued' };
        return { ...current, updatedAtMs: Math.max(current.updatedAtMs, now()) };
      },
      queuedAtMs,
    );
    // Taken by a worker in between; that matters only for the one that was to be moved.
    if (run.runId !== runId) continue;
    if (result.kind === 'refused') throw notQueued(runId);
    return result.after;
  }
  return moved;
}

/** What gets another place, `moved` at the end: runs that come before it are moved out of its way first. */
function placed(rest: readonly StoredRun[], moved: StoredRun, index: number): readonly StoredRun[] {
  const next = rest[index];
  const last = rest.at(-1);
  if (next === undefined) {
    return last === undefined ? [] : [{ ...moved, queuedAtMs: Math.max(placeOf(last), placeOf(moved)) + 1 }];
  }
  const own = { ...moved, queuedAtMs: placeOf(next) - 1 };
  const changed = [own];
  let behind = own;
  for (const run of rest.slice(0, index).reverse()) {
    if (inOrder(run, behind) < 0) break;
    behind = { ...run, queuedAtMs: placeOf(behind) - 1 };
    changed.unshift(behind);
  }
  return changed;
}

const placeOf = ({ queuedAtMs, run }: StoredRun): number => queuedAtMs ?? run.createdAtMs;

const inOrder = (one: StoredRun, other: StoredRun): number =>
  placeOf(one) - placeOf(other) || one.ordinal - other.ordinal;

async function waiting(queued: readonly StoredRun[], runs: RunLog, place: RunPlace): Promise<StoredRun> {
  const found = queued.find(({ run }) => run.runId === place.runId);
  if (found !== undefined) return found;
  if ((await runs.run(place)) !== null) throw notQueued(place.runId);
  throw httpError('not_found', `Run '${place.runId}' was not found in channel '${place.channel}'`);
}
