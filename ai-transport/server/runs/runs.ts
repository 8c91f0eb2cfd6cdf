// The state of model runs, held by the server: derived from the events of a channel in the step that stores them, given to workers
// under leases, asked for over HTTP and sockets. This file puts the parts together.
import type { Lifecycle } from '@sockudo/ai-transport/wire';
import { httpError } from '@sockudo/protocol';
import type { Connection, Plugin, Settings } from '@sockudo/server/plugins';
import type { RecordChange } from '@sockudo/server/ports';
import type { AiChannels } from '../channels.ts';
import { authoriseControl, isControl } from './control.ts';
import { parseFence, requireFence } from './fence.ts';
import { HeldFences } from './held-fences.ts';
import { runRoutes } from './routes.ts';
import { RunService } from './run-service.ts';
import { heldCheck, RunSteps } from './run-steps.ts';
import { runRequests } from './socket-requests.ts';

export interface RunsOptions {
  readonly channels: AiChannels;
  /** Silence after which a run that no worker has is given up. */
  readonly orphanTtlMs: number;
  readonly drivers: Settings['drivers'];
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
}

export interface RunsPlugin extends Plugin {
  /**
   * Whether a client may do this to the run that it names (divergence D64).
   * @throws ProtocolError 4009 `Connection is not allowed to control run 'ID'`, `ai_code` 104003
   */
  authorise(connection: Connection, channel: string, lifecycle: Lifecycle): Promise<void>;
}

/** The part of the plug-in that keeps runs. */
export function createRuns({ channels, orphanTtlMs, drivers, now = Date.now }: RunsOptions): RunsPlugin {
  const isAlone = drivers.fanout === 'local' && drivers.channelLog !== 'postgres';
  const held = new HeldFences(isAlone);
  const policy = { orphanTtlMs };
  const steps = new RunSteps(policy, held);
  let service: RunService | null = null;
  const started = (): RunService => {
    if (service === null) throw new Error('the runs are not started');
    return service;
  };
  return {
    name: 'ai_transport runs',
    start(context) {
      service = new RunService({ context, channels, steps, held, policy, isAlone, now });
    },
    async close() {
      await service?.close();
    },
    checkPublish(_app, channel, { fence, extras }) {
      requireFenceOf(channels, channel, fence);
      if (fence !== undefined && extras?.ephemeral === true)
        throw httpError('invalid_input', 'fence: an ephemeral event belongs to no run');
    },
    checkMutation: (_app, channel, { fence }) => requireFenceOf(channels, channel, fence),
    recordsOfCreate: (publication) =>
      channels.has(publication.channel) ? steps.changesOf(publication) : NONE,
    recordsOfVersion: (app, channel, _current, _next, { fence }) =>
      fence === undefined ? NONE : checkOf(held, app.id, channel, fence),
    published(publication) {
      const outcome = steps.outcomeOf(publication);
      if (outcome !== null) started().stored(publication, outcome);
    },
    routes: runRoutes(() => started().http),
    platformRequests: runRequests(() => started().socket),
    async authorise(connection, channel, lifecycle) {
      const { runId } = lifecycle;
      if (runId === undefined || !isControl(lifecycle)) return;
      await authoriseControl(started().runs, connection, channel, runId);
    },
  };
}

/** @throws ProtocolError 400 for what is no claim, and where there can be none */
function requireFenceOf(channels: AiChannels, channel: string, fence: string | undefined): void {
  if (fence === undefined) return;
  requireFence(fence);
  if (!channels.has(channel)) throw httpError('invalid_input', 'fence: the channel has no runs');
}

const NONE: readonly RecordChange[] = [];

/** Refuses a change in its step unless the claim is held; nothing, where that is known. */
function checkOf(held: HeldFences, appId: string, channel: string, fence: string): readonly RecordChange[] {
  const claim = held.has(appId, channel, fence) ? null : parseFence(fence);
  if (claim === null) return NONE;
  return [heldCheck(claim, () => held.add(appId, channel, claim.runId, fence))];
}
