/**
 * Work that waits while nobody looks: before each call of the model it is asked whether somebody has the session open, and where nobody
 * has had it for some time, the call waits until somebody does. Opt-in; the run keeps its worker meanwhile. Must not know: any provider.
 */
import { sleep } from '../agent/backoff.ts';
import type { Run } from '../agent/run.ts';
import type { AppRoutes } from './app-routes.ts';
import type { RunToolsOptions } from './tool-loop.ts';

export interface AttentionOptions {
  readonly sockudo: Pick<AppRoutes, 'get'>;
  /** Whether somebody looks. Default: the session's channel has a subscriber besides the agent itself. */
  readonly isWatched?: ((channel: string) => Promise<boolean>) | undefined;
  /** How long nobody may look before calls wait, milliseconds, default 30,000: a reload or a tunnel is no absence. */
  readonly graceMs?: number | undefined;
  /** How often it is asked while a call waits, milliseconds, default 2,000. */
  readonly pollMs?: number | undefined;
  /** After this long a call is made all the same, milliseconds, default an hour. */
  readonly maxMs?: number | undefined;
  /** For tests; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

type AttentiveRun = Pick<Run, 'channel' | 'signal'>;

/**
 * `ask` for `runTools`, which waits while nobody looks. A cancel of the run ends the waiting; where the server cannot be asked, nothing
 * waits.
 */
export function whileWatched(
  run: AttentiveRun,
  options: AttentionOptions,
  ask: RunToolsOptions['ask'],
): RunToolsOptions['ask'] {
  const { graceMs = 30_000, now = Date.now } = options;
  // Somebody has just asked for it.
  let seenAtMs = now();
  return async (conversation, context) => {
    if (await isWatched(run, options)) seenAtMs = now();
    else if (now() - seenAtMs >= graceMs) seenAtMs = await nextSeen(run, options);
    return ask(conversation, context);
  };
}

/** When somebody looks again, or it has been too long. */
async function nextSeen(run: AttentiveRun, options: AttentionOptions): Promise<number> {
  const { pollMs = 2_000, maxMs = 3_600_000, now = Date.now } = options;
  const untilMs = now() + maxMs;
  while (now() < untilMs && !run.signal.aborted) {
    await sleep(pollMs, run.signal);
    if (await isWatched(run, options)) break;
  }
  return now();
}

function isWatched({ channel }: AttentiveRun, options: AttentionOptions): Promise<boolean> {
  const ask = options.isWatched ?? ((name: string) => hasOthers(options.sockudo, name));
  return ask(channel).catch(() => true);
}

/** The agent listens, too: for cancels. */
async function hasOthers(sockudo: AttentionOptions['sockudo'], channel: string): Promise<boolean> {
  const path = `/channels/${encodeURIComponent(channel)}`;
  const response = await sockudo.get({ path, params: { info: 'subscription_count' } });
  // CAST: the server's own answer; what is no number is not above 1.
  const { subscription_count: count = 0 } = (await response.json()) as { subscription_count?: number };
  return count > 1;
}
