/**
 * One claimed run from its claim to its end: started, handled, ended or given back. Whatever the handler does, the run ends once, and a
 * claim that is lost is left alone. Must not know: where claims come from.
 */
import { createHash } from 'node:crypto';
import type { RunRecord } from '../wire/index.ts';
import type { Agent } from './agent.ts';
import { backoffMs, sleep } from './backoff.ts';
import type { Claim } from './claims.ts';
import { AgentError, FatalRunError } from './errors.ts';
import type { ConversationMessage } from './history.ts';
import { Lease } from './lease.ts';
import type { Run, RunOptions } from './run.ts';

/** What a handler knows of its run besides the run itself. */
export interface RunContext {
  /** The run as it was claimed. */
  readonly record: RunRecord;
  /** Counts from 1; above 1 another worker, or this one, has tried before. */
  readonly attempt: number;
  readonly workerId: string;
  /** The conversation up to the input that is to be answered, which is the last message. Reads the whole history. */
  history(): Promise<readonly ConversationMessage[]>;
}

/** Answers a run. When it resolves the run is complete, unless it ended or suspended it itself; when it throws the run is tried again. */
export type RunHandler = (run: Run, context: RunContext) => Promise<unknown> | unknown;

export interface WorkParts {
  readonly agent: Agent;
  readonly handle: RunHandler;
  readonly workerId: string;
  readonly leaseMs: number;
  readonly maxAttempts: number;
  /** How long a handler may take to notice that its run was cancelled or lost, milliseconds. */
  readonly graceMs: number;
  /** Failures that nobody else hears of. Must not throw. */
  readonly onError: (error: unknown, claim?: Pick<Claim, 'channel' | 'run'>) => void;
}

type Outcome = { readonly kind: 'done' | 'left' } | { readonly kind: 'failed'; readonly error: unknown };

const END_TRIES = 5;
/** What the server takes. */
const RETRY_AFTER_MAX_MS = 3_600_000;

export class Work {
  readonly claim: Claim;
  readonly run: Run;
  readonly #parts: WorkParts;
  readonly #lease: Lease;

  constructor(claim: Claim, parts: WorkParts) {
    const { agent, leaseMs, onError } = parts;
    this.claim = claim;
    this.#parts = parts;
    this.#lease = new Lease({
      claims: agent.claims,
      claim,
      leaseMs,
      onRecord: (record) => void agent.catchUp(this.run, record).catch((error) => onError(error, claim)),
      onLost: (error) => this.run.lose(error),
      onError: (error) => onError(error, claim),
    });
    let kept: ReturnType<Agent['kept']> | undefined;
    const readKept = () => {
      kept ??= agent.kept(claim.channel, claim.run);
      return kept;
    };
    this.run = agent.open(
      claim.channel,
      {
        options: optionsOf(claim.run),
        fence: claim.fence,
        scope: scopeOf(claim.run),
        coversAll: true,
        // A worker that stopped in good order left no attempt behind, but its steps.
        kept: claim.run.startedSerial === undefined ? undefined : readKept,
      },
      () => void this.#lease.beat(),
    );
  }

  /** Resolves when nothing more is done for the run. Never rejects. */
  async perform(): Promise<void> {
    try {
      await this.#conclude(await this.#handled());
    } catch (error) {
      this.#parts.onError(error, this.claim);
    } finally {
      this.#lease.stop();
      // Whoever still holds the run publishes nothing for it.
      this.run.lose();
    }
  }

  /** Gives the run back unharmed: the attempt does not count. Never rejects. */
  async leave(): Promise<void> {
    if (this.run.state === 'ended' || this.run.state === 'suspended' || this.run.state === 'lost') return;
    this.run.lose(new AgentError('stopped', 'The worker stops'));
    this.#lease.stop();
    const { agent, onError } = this.#parts;
    await agent.claims.release(this.claim, { outcome: 'retry' }).catch((error) => onError(error, this.claim));
  }

  async #handled(): Promise<Outcome> {
    const { run, claim } = this;
    const { handle, workerId, agent } = this.#parts;
    if (claim.run.cancelRequested) run.cancel();
    try {
      if (!run.isCancelled) await run.start();
      if (run.signal.aborted) return { kind: 'left' };
      const context: RunContext = {
        record: claim.run,
        attempt: claim.run.attempt,
        workerId,
        history: () => agent.conversation(claim.channel, claim.run),
      };
      const handled = (async () => {
        await handle(run, context);
        return { kind: 'done' } as const;
      })();
      return await Promise.race([handled, this.#left()]);
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  /** Resolves some time after the run was stopped: a handler that takes no notice is not waited for. */
  #left(): Promise<Outcome> {
    const { signal } = this.run;
    return new Promise((resolve) => {
      const leave = (): void => {
        const timer = setTimeout(() => resolve({ kind: 'left' }), this.#parts.graceMs);
        timer.unref();
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  async #conclude(outcome: Outcome): Promise<void> {
    const { run } = this;
    if (run.state !== 'new' && run.state !== 'running') return;
    if (run.isCancelled) return this.#end('cancelled');
    if (outcome.kind !== 'failed') return this.#end('complete');
    const fatal = fatalIn(outcome.error);
    if (fatal !== null) return this.#end('error', { code: fatal.code, message: fatal.message });
    this.#parts.onError(outcome.error, this.claim);
    const cause = causeOf(outcome.error);
    if (helpOf(cause).isRetryable === false) return this.#end('error', this.#parts.agent.describe(cause));
    await this.#giveBack(outcome.error);
  }

  async #end(...end: Parameters<Run['end']>): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.run.end(...end);
      } catch (error) {
        if (this.run.state === 'lost') return;
        this.#parts.onError(error, this.claim);
        if (failures === END_TRIES) return this.#giveBack(error);
        await sleep(backoffMs(failures, 200, 5_000));
      }
    }
  }

  /** For another attempt, later, or for nobody after the last. */
  async #giveBack(error: unknown): Promise<void> {
    const { agent, maxAttempts } = this.#parts;
    const { attempt } = this.claim.run;
    const { retryAfterMs = 0 } = helpOf(causeOf(error));
    await this.run.halt();
    await agent.claims.release(this.claim, {
      outcome: attempt < maxAttempts ? 'retry' : 'dead',
      error: agent.describe(causeOf(error)),
      retryAfterMs: Math.min(Math.max(retryAfterMs, backoffMs(attempt, 1_000, 60_000)), RETRY_AFTER_MAX_MS),
    });
  }
}

const isFromSource = (error: unknown): error is AgentError =>
  error instanceof AgentError && error.code === 'source_failed';

/** What the source of a pipe threw, or whatever was thrown. */
const causeOf = (error: unknown): unknown => (isFromSource(error) ? error.cause : error);

/** What an error says about trying again, as those of models do. */
function helpOf(error: unknown): { readonly isRetryable?: unknown; readonly retryAfterMs?: number } {
  if (!(error instanceof Error)) return {};
  // CAST: both are checked before they are used.
  const { isRetryable, retryAfterMs } = error as Error & { isRetryable?: unknown; retryAfterMs?: unknown };
  return { isRetryable, ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 && { retryAfterMs }) };
}

function fatalIn(error: unknown): FatalRunError | null {
  if (error instanceof FatalRunError) return error;
  return isFromSource(error) && error.cause instanceof FatalRunError ? error.cause : null;
}

/** A run whose handler threw this is not tried again: it ends. */
export const isFinal = (error: unknown, attempt: number, maxAttempts: number): boolean =>
  attempt >= maxAttempts || fatalIn(error) !== null || helpOf(causeOf(error)).isRetryable === false;

/** Of a run that began before this input: its serial, which is the same in every attempt at it. */
function scopeOf({ input, startedSerial }: RunRecord): string {
  const isLater = input !== undefined && startedSerial !== undefined && input.serial > startedSerial;
  return isLater ? `~${input.serial}` : '';
}

function optionsOf(record: RunRecord): RunOptions {
  const { runId, clientId, invocationId, input, parent, forkOf, regenerates, startedSerial, attempt } =
    record;
  const scope = scopeOf(record);
  const answer = createHash('sha256')
    .update(JSON.stringify([runId, scope]))
    .digest('base64url');
  const resumes = scope !== '' && attempt === 1;
  return {
    runId,
    // Whoever asked may also stop it.
    clientId: clientId ?? input?.clientId,
    invocationId,
    inputClientId: input?.clientId,
    inputCodecMessageId: input?.codecMessageId,
    parent,
    forkOf,
    regenerates,
    // The same in every attempt, and another one for every input.
    codecMessageId: `msg_${answer.slice(0, 22)}`,
    continues: startedSerial === undefined ? undefined : resumes ? 'resume' : 'start',
  };
}
