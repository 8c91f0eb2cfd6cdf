// The state of model runs, held by the server: derived from the events of a channel in the step that stores them, asked for over
// HTTP and sockets.
import { httpError } from '@sockudo/protocol';
import {
  type AppCall,
  channelParameter,
  type HttpDeps,
  type Plugin,
  type Route,
  type Settings,
} from '@sockudo/server/plugins';
import type { AiChannels } from '../channels.ts';
import { parseFence, requireFence } from './fence.ts';
import { HeldFences } from './held-fences.ts';
import { listRuns, oneRun, type ReadDeps } from './routes-read.ts';
import { RunLog } from './run-log.ts';
import { heldCheck, RunSteps } from './run-steps.ts';

/** @param orphanTtlMs silence after which a run that no worker has is given up */
export interface RunsOptions {
  readonly channels: AiChannels;
  readonly orphanTtlMs: number;
  readonly drivers: Settings['drivers'];
}

/** The part of the plug-in that keeps runs. */
export function createRuns({ channels, orphanTtlMs, drivers }: RunsOptions): Plugin {
  const policy = { orphanTtlMs };
  const held = new HeldFences(drivers.fanout === 'local' && drivers.channelLog !== 'postgres');
  const steps = new RunSteps(policy, held);
  let started: ReadDeps | null = null;

  const channelOf = (call: AppCall, deps: HttpDeps): string => {
    const channel = channelParameter(call, deps);
    if (channels.has(channel)) return channel;
    throw httpError('feature_disabled', 'AI Transport is not enabled for this channel');
  };
  const parts = (): ReadDeps => {
    if (started === null) throw new Error('the runs are not started');
    return started;
  };
  const requireFenceOf = (channel: string, fence: string | undefined): void => {
    if (fence === undefined) return;
    requireFence(fence);
    if (!channels.has(channel)) throw httpError('invalid_input', 'fence: the channel has no runs');
  };

  return {
    name: 'ai_transport runs',
    start({ logs }) {
      started = { runs: new RunLog({ logs, policy, held, onChange() {} }), channelOf };
    },
    checkPublish(_app, channel, { fence, extras }) {
      requireFenceOf(channel, fence);
      if (fence !== undefined && extras?.ephemeral === true)
        throw httpError('invalid_input', 'fence: an ephemeral event belongs to no run');
    },
    checkMutation(_app, channel, { fence }) {
      requireFenceOf(channel, fence);
    },
    recordsOfCreate: (publication) => (channels.has(publication.channel) ? steps.changesOf(publication) : []),
    recordsOfVersion(app, channel, _current, _next, { fence }) {
      if (fence === undefined || held.has(app.id, channel, fence)) return [];
      const claim = parseFence(fence);
      if (claim === null) return [];
      return [heldCheck(claim, () => held.add(app.id, channel, claim.runId, fence))];
    },
    routes: routesOf(parts),
  };
}

const RUNS = '/apps/:appId/channels/:channel/runs';

const routesOf = (parts: () => ReadDeps): readonly Route[] => [
  { kind: 'app', path: RUNS, methods: { GET: (call, deps) => listRuns(call, deps, parts()) } },
  { kind: 'app', path: `${RUNS}/:runId`, methods: { GET: (call, deps) => oneRun(call, deps, parts()) } },
];
