// One push to one target: waits for a place, asks the provider, shrinks what is too large, and tells the circuit breaker.
import type { Delivery, Provider, SendResult } from '../contracts.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { FairSlots } from './fair-slots.ts';
import { pointerPayload } from './pointer.ts';

/** What came of it. `deferred`: nothing was sent, its service is left alone until then; no attempt was made. */
export type Attempt =
  | Exclude<SendResult, { kind: 'too-large' }>
  | { readonly kind: 'deferred'; readonly waitMs: number };

export interface SendDeps {
  readonly slots: FairSlots;
  readonly breaker: CircuitBreaker;
}

/** Rejects when the signal is aborted, and as the provider does, which is a defect. */
export async function sendOne(
  { slots, breaker }: SendDeps,
  provider: Provider,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Attempt> {
  const release = await slots.acquire(delivery.appId);
  try {
    signal.throwIfAborted();
    const circuit = circuitOf(delivery);
    const waitMs = breaker.waitMs(circuit);
    if (waitMs > 0) return { kind: 'deferred', waitMs };
    try {
      const result = await send(provider, delivery, signal);
      judge(breaker, circuit, result);
      return result;
    } catch (error) {
      breaker.failed(circuit);
      throw error;
    }
  } finally {
    release();
  }
}

async function send(
  provider: Provider,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Exclude<SendResult, { kind: 'too-large' }>> {
  const first = await provider.send(delivery, signal);
  if (first.kind !== 'too-large') return first;
  const payload = pointerPayload(provider.name, delivery.payload, delivery.publishId);
  const second = await provider.send({ ...delivery, payload }, signal);
  if (second.kind !== 'too-large') return second;
  return { kind: 'rejected', failureClass: 'caller_payload', reason: 'payload_too_large' };
}

function judge(breaker: CircuitBreaker, circuit: string, result: SendResult): void {
  if (result.kind === 'retry') breaker.failed(circuit, result.retryAfterMs);
  // A refusal is an answer: the service works.
  else breaker.succeeded(circuit);
}

/** Push services of Web Push and WNS fail each on its own; so do credentials. */
function circuitOf({ appId, credential, recipient }: Delivery): string {
  const owner = credential === null || credential.source === 'environment' ? '' : appId;
  const address = addressOf(recipient);
  return JSON.stringify([recipient.transportType, owner, address]);
}

function addressOf(recipient: Delivery['recipient']): string {
  const url =
    recipient.transportType === 'web'
      ? recipient.endpoint
      : recipient.transportType === 'wns'
        ? recipient.channelUri
        : null;
  return url === null ? '' : (URL.parse(url)?.host ?? '');
}
