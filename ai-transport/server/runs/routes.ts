// Paths of the HTTP API of runs (docs/ai-transport/http.md).
import type { AppHandler, AppRoute } from '@sockudo/server/plugins';
import { listRuns, oneRun } from './routes-read.ts';
import { claimOneRun, claimRuns, heartbeat, move, release, type WriteDeps } from './routes-write.ts';

const RUNS = '/apps/:appId/channels/:channel/runs';

type Answering = (
  call: Parameters<AppHandler>[0],
  deps: Parameters<AppHandler>[1],
  parts: WriteDeps,
) => ReturnType<AppHandler>;

/** `parts`: what the routes work with, once the server is there. */
export function runRoutes(parts: () => WriteDeps): readonly AppRoute[] {
  const bound =
    (answer: Answering): AppHandler =>
    (call, deps) =>
      answer(call, deps, parts());
  const post = (path: string, answer: Answering): AppRoute => ({
    kind: 'app',
    path,
    methods: { POST: bound(answer) },
  });
  return [
    { kind: 'app', path: RUNS, methods: { GET: bound(listRuns) } },
    { kind: 'app', path: `${RUNS}/:runId`, methods: { GET: bound(oneRun) } },
    post('/apps/:appId/runs/claim', claimRuns),
    post(`${RUNS}/:runId/claim`, claimOneRun),
    post(`${RUNS}/:runId/heartbeat`, heartbeat),
    post(`${RUNS}/:runId/release`, release),
    post(`${RUNS}/:runId/move`, move),
  ];
}
