// Deliveries that were given up, in the store: seen from every node, ending by themselves, and never in the way of a publish
// (divergence D75).
import { randomUUID } from 'node:crypto';
import { httpError } from '@sockudo/protocol';
import type { KeyedOperation, KeyedStore } from '@sockudo/server/ports';
import type { DeliveryResult, Dispatcher, ProviderName, TargetRef } from '../contracts.ts';
import { keys, prefixes } from '../store/keys.ts';
import { putOf, read, recordOf } from '../store/records.ts';
import { targetName } from './targets.ts';

export interface DeadLetter {
  readonly deadLetterId: string;
  readonly publishId: string;
  readonly provider: ProviderName;
  /** Where it was given up, in Sockudo's words. */
  readonly stage: string;
  readonly target: TargetRef;
  readonly reason: string;
  readonly occurredAtMs: number;
  readonly replayable: boolean;
}

export interface DeadLetterFilter {
  readonly provider?: ProviderName | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** Pages of the store that one request looks through for a provider at most; then the list goes on behind a cursor. */
const MAX_PAGES = 20;
const PAGE = 1000;
const TIME_DIGITS = 16;

const timeText = (timeMs: number): string => String(timeMs).padStart(TIME_DIGITS, '0');

/** The write that keeps a result as a dead letter; null: it is none. Ids begin with the time, so they sort by it. */
export function deadLetterOf(
  appId: string,
  publishId: string,
  { ref, provider, outcome }: DeliveryResult,
  ttlMs: number,
): KeyedOperation | null {
  const isDead = outcome.kind === 'dead';
  const isRefused = outcome.kind === 'rejected' && outcome.removesDevice !== true;
  if (!isDead && !isRefused) return null;
  const occurredAtMs = Date.now();
  const deadLetterId = `dl-${timeText(occurredAtMs)}-${randomUUID()}`;
  const letter: DeadLetter = {
    deadLetterId,
    publishId,
    provider,
    stage: isDead ? 'RetrySchedule' : 'delivery_result',
    target: ref,
    reason: outcome.reason,
    occurredAtMs,
    replayable: isDead,
  };
  return putOf(keys.deadLetter(appId, deadLetterId), letter, { expiresAtMs: occurredAtMs + ttlMs });
}

export class DeadLetters {
  readonly #store: KeyedStore;
  readonly #dispatcher: Pick<Dispatcher, 'replay'>;

  constructor(store: KeyedStore, dispatcher: Pick<Dispatcher, 'replay'>) {
    this.#store = store;
    this.#dispatcher = dispatcher;
  }

  /** By time; `after` and `next` are keys. A page may be short of `limit` and have a next one. */
  async list(
    appId: string,
    { provider, sinceMs, untilMs }: DeadLetterFilter,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly DeadLetter[]; readonly next: string | null }> {
    const items: DeadLetter[] = [];
    let last =
      after ?? (sinceMs === undefined ? undefined : keys.deadLetter(appId, `dl-${timeText(sinceMs)}`));
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { entries, next } = await this.#store.scan({
        prefix: prefixes.deadLetters(appId),
        limit: PAGE,
        ...(last !== undefined && { after: last }),
      });
      for (const entry of entries) {
        const letter = recordOf<DeadLetter>(entry);
        if (untilMs !== undefined && letter.occurredAtMs > untilMs) return { items, next: null };
        const isWanted = provider === undefined || letter.provider === provider;
        if (isWanted && items.length === limit) return { items, next: last ?? null };
        if (isWanted) items.push(letter);
        last = entry.key;
      }
      if (next === null) return { items, next: null };
      last = next;
    }
    return { items, next: last ?? null };
  }

  /** Sends once more. The letter stays. @throws ProtocolError 404 for an unknown one, 400 where nothing can be sent again */
  async replay(appId: string, deadLetterId: string): Promise<{ readonly messageId: string }> {
    const letter = await read<DeadLetter>(this.#store, keys.deadLetter(appId, deadLetterId));
    if (letter === null) throw httpError('not_found', 'dead letter not found');
    if (!letter.replayable) throw httpError('invalid_input', 'dead letter is not replayable');
    const publish = await this.#store.get(keys.publish(appId, letter.publishId));
    if (publish === null)
      throw httpError('invalid_input', 'dead letter is not replayable: its publish is gone');
    const messageId = randomUUID();
    await this.#dispatcher.replay({
      appId,
      publishId: letter.publishId,
      ref: letter.target,
      replayId: messageId,
    });
    return { messageId };
  }
}

export const deadLetterView = (appId: string, letter: DeadLetter): Record<string, unknown> => ({
  deadLetterId: letter.deadLetterId,
  appId,
  publishId: letter.publishId,
  provider: letter.provider,
  stage: letter.stage,
  key: `${letter.publishId}:${targetName(letter.target)}`,
  reason: letter.reason,
  occurredAtMs: letter.occurredAtMs,
  replayable: letter.replayable,
});
