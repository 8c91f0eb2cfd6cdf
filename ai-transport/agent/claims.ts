/** The server's routes of runs: claiming them, keeping and giving back a claim. One attempt a call: when to repeat is the caller's to say. */
import type { Sockudo } from 'sockudo';
import { type RunRecord, runFromJson } from '../wire/index.ts';
import { AgentError, statusOf } from './errors.ts';

/** A run that this process may work on until its lease ends. */
export interface Claim {
  readonly channel: string;
  readonly run: RunRecord;
  /** `RUNID:GENERATION`, sent with everything that is published for the run. */
  readonly fence: string;
}

export interface ClaimWish {
  readonly channelPrefix: string;
  readonly workerId: string;
  readonly limit: number;
  readonly leaseMs: number;
  /** How long the server may wait for a run, milliseconds. */
  readonly waitMs: number;
  readonly perChannel: number;
}

export interface Release {
  readonly outcome: 'retry' | 'dead';
  /** Absent: the worker just goes away, and the attempt does not count. */
  readonly error?: { readonly code: string; readonly message?: string | undefined } | undefined;
  readonly retryAfterMs?: number | undefined;
}

type Place = Pick<Claim, 'channel'> & { readonly run: Pick<RunRecord, 'runId'> };

/** Each rejects with a SockudoRequestError, or with an AgentError for an answer of unknown form. */
export class Claims {
  readonly #sockudo: Sockudo;

  constructor(sockudo: Sockudo) {
    this.#sockudo = sockudo;
  }

  /** @param signal gives up waiting: the server takes back what it gives to a request that has ended */
  async claim(wish: ClaimWish, signal?: AbortSignal): Promise<readonly Claim[]> {
    const body = {
      channel_prefix: wish.channelPrefix,
      worker_id: wish.workerId,
      limit: wish.limit,
      lease_ms: wish.leaseMs,
      wait_ms: wish.waitMs,
      per_channel: wish.perChannel,
    };
    const answer = await this.#post('/runs/claim', body, signal);
    if (!Array.isArray(answer.claims)) throw unknownForm();
    return answer.claims.map(claimOf);
  }

  /** One run, which is made where the channel knows none of this id. 409 `conflict`: another worker has it, or it has ended. */
  async claimOne(channel: string, runId: string, workerId: string, leaseMs: number): Promise<Claim> {
    const path = `${pathOf({ channel, run: { runId } })}/claim`;
    return claimOf(await this.#post(path, { worker_id: workerId, lease_ms: leaseMs }));
  }

  async heartbeat(claim: Claim, leaseMs: number): Promise<RunRecord> {
    const answer = await this.#post(`${pathOf(claim)}/heartbeat`, { fence: claim.fence, lease_ms: leaseMs });
    return recordOf(answer.run);
  }

  async release(claim: Claim, { outcome, error, retryAfterMs = 0 }: Release): Promise<void> {
    await this.#post(`${pathOf(claim)}/release`, {
      fence: claim.fence,
      outcome,
      error_code: error?.code,
      error_message: error?.message,
      retry_after_ms: Math.round(retryAfterMs),
    });
  }

  /** The run as it stands; null: the server knows none. */
  async run(channel: string, runId: string): Promise<RunRecord | null> {
    try {
      const response = await this.#sockudo.get({ path: pathOf({ channel, run: { runId } }) });
      return recordOf((await answerOf(response)).run);
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  async #post(path: string, body: object, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    return answerOf(await this.#sockudo.post({ path, body, signal }));
  }
}

const pathOf = ({ channel, run }: Place): string =>
  `/channels/${encodeURIComponent(channel)}/runs/${encodeURIComponent(run.runId)}`;

async function answerOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const value: unknown = await response.json();
  if (typeof value !== 'object' || value === null) throw unknownForm();
  // CAST: an object; its members are checked where they are read.
  return value as Readonly<Record<string, unknown>>;
}

function claimOf(value: unknown): Claim {
  // CAST: every member is checked.
  const { channel, fence, run } = (value ?? {}) as Record<string, unknown>;
  if (typeof channel !== 'string' || typeof fence !== 'string') throw unknownForm();
  return { channel, fence, run: recordOf(run) };
}

function recordOf(value: unknown): RunRecord {
  const record = runFromJson(value);
  if (record === null) throw unknownForm();
  return record;
}

const unknownForm = (): AgentError =>
  new AgentError('publish_failed', "The server's answer has an unknown form");
