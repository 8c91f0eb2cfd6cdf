// Sends one webhook and says what became of it. Redirects are not followed: the signature is meant for the address that the
// operator configured. Nothing that is logged or kept names more of an address than its origin, since paths carry tokens.
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import { BlockedAddress } from '../net/guarded-agent.ts';
import type { Job, JobOutcome } from '../ports/work-queue.ts';
import type { DeliveryJob } from './delivery-job.ts';
import { retryPauseMs, verdictOf } from './retry-policy.ts';

/** Bytes of an answer that are read so that its connection can be used again; a longer one costs the connection. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Sends the request and decides by the answer. `job` tells the attempt and its signal; never rejects. */
export async function deliver(delivery: DeliveryJob, job: Job, dispatcher: Dispatcher): Promise<JobOutcome> {
  const timeout = AbortSignal.timeout(delivery.requestTimeoutMs);
  try {
    const status = await send(delivery, AbortSignal.any([job.signal, timeout]), dispatcher);
    const verdict = verdictOf(status);
    if (verdict === 'delivered') return { kind: 'done' };
    if (verdict === 'refused') return { kind: 'dead', reason: `HTTP ${status}` };
    return again(delivery, job, `HTTP ${status}`);
  } catch (error) {
    if (job.signal.aborted) return { kind: 'release' };
    if (timeout.aborted) return again(delivery, job, `no answer within ${delivery.requestTimeoutMs} ms`);
    if (isFinal(error)) return { kind: 'dead', reason: describe(error) };
    return again(delivery, job, describe(error));
  }
}

/** `scheme://host:port` of an endpoint, for logs. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'an address that is no URL';
}

async function send(delivery: DeliveryJob, signal: AbortSignal, dispatcher: Dispatcher): Promise<number> {
  const response = await request(delivery.url, {
    method: 'POST',
    headers: delivery.headers,
    body: delivery.body,
    dispatcher,
    signal,
    // The signal bounds the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  // The status is the answer; a body that breaks off does not change it.
  await response.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
  return response.statusCode;
}

function again(delivery: DeliveryJob, job: Job, reason: string): JobOutcome {
  const elapsedMs = Date.now() - job.firstAttemptAtMs;
  const delayMs = retryPauseMs(delivery.retry, { attempt: job.attempt, elapsedMs });
  return delayMs === null ? { kind: 'dead', reason } : { kind: 'retry', delayMs, reason };
}

/** Failures that no repetition mends: a blocked address, an impossible URL or header. */
function isFinal(error: unknown): boolean {
  if (error instanceof BlockedAddress) return true;
  const code = codeOf(error);
  return code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL';
}

/** The error's code or name: its text may repeat the address. */
function describe(error: unknown): string {
  if (error instanceof BlockedAddress) return error.message;
  if (error instanceof AggregateError) return describe(error.errors[0]);
  return codeOf(error) ?? (error instanceof Error ? error.name : 'unknown failure');
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
