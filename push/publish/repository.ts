// What delivery asks of the domain, and tells it: the PushRepository on the KeyedStore.
import type { RealtimeContext } from '@sockudo/server/plugins';
import type { KeyedOperation, KeyedStore } from '@sockudo/server/ports';
import type { Reads } from '../away/reads.ts';
import type { WantedAudience } from '../away/wanted-audience.ts';
import type {
  AcceptedPublish,
  AudiencePage,
  DeliveryResult,
  PushRepository,
  Recipient,
  RetryCounts,
  TargetRef,
} from '../contracts.ts';
import type { Devices } from '../devices/devices.ts';
import type { PushMetrics } from '../metrics.ts';
import { keys } from '../store/keys.ts';
import { putOf } from '../store/records.ts';
import { deadLetterOf } from './dead-letters.ts';
import { DeviceEffects } from './device-effects.ts';
import type { Publishes } from './publishes.ts';
import { type Counters, counted, isOpen, type Status, settledStatus } from './status.ts';
import { targetName } from './targets.ts';

export interface RepositoryParts {
  readonly store: KeyedStore;
  readonly publishes: Publishes;
  readonly devices: Devices;
  readonly audience: Pick<WantedAudience, 'page'>;
  readonly reads: Reads;
  readonly metrics: PushMetrics;
  readonly logger: Pick<RealtimeContext['logger'], 'info'>;
  /** How long dead letters are kept. */
  readonly deadLetterTtlMs: number;
  /** How old a publish was when it was begun. */
  readonly onBegin?: (lagMs: number) => void;
}

/** How long a result keeps its target from being sent to again. */
const RESULT_TTL_MS = 7 * 24 * 60 * 60 * 1000;
/** Results of one step: each may write two entries. */
const RESULTS_AT_ONCE = 400;

export class StoredPushRepository implements PushRepository {
  readonly #parts: RepositoryParts;
  readonly #effects: DeviceEffects;

  constructor(parts: RepositoryParts) {
    this.#parts = parts;
    this.#effects = new DeviceEffects(parts.devices, parts.metrics);
  }

  async publish(appId: string, publishId: string): Promise<AcceptedPublish | null> {
    const status = await this.#parts.publishes.status(appId, publishId);
    return status === null || !isOpen(status) ? null : this.#parts.publishes.get(appId, publishId);
  }

  publishForReplay(appId: string, publishId: string): Promise<AcceptedPublish | null> {
    return this.#parts.publishes.get(appId, publishId);
  }

  async begin(appId: string, publishId: string): Promise<AcceptedPublish | null> {
    const result = await this.#parts.publishes.update(appId, publishId, (status) =>
      status.state === 'queued' ? { status: { ...status, state: 'planning' } } : null,
    );
    if (result === null || !isOpen(result.after)) return null;
    const publish = await this.#parts.publishes.get(appId, publishId);
    if (publish !== null && result.before.state === 'queued') {
      const dueMs = Math.max(publish.acceptedAtMs, publish.notBeforeMs ?? 0);
      this.#parts.onBegin?.(Date.now() - dueMs);
    }
    return publish;
  }

  audience(publish: AcceptedPublish, cursor: string | null, limit: number): Promise<AudiencePage> {
    return this.#parts.audience.page(publish, cursor, limit);
  }

  async recipients(
    publish: AcceptedPublish,
    refs: readonly TargetRef[],
  ): Promise<readonly (Recipient | null)[]> {
    const ids = refs.flatMap((ref) => (ref.kind === 'device' ? [ref.deviceId] : []));
    const found = ids.length === 0 ? [] : await this.#parts.devices.getMany(publish.appId, ids);
    const byId = new Map(ids.map((id, index) => [id, found[index]?.recipient ?? null]));
    return refs.map((ref) => {
      if (ref.kind === 'device') return byId.get(ref.deviceId) ?? null;
      const target = publish.targets[ref.index];
      return target?.type === 'recipient' ? target.recipient : null;
    });
  }

  async planned(
    appId: string,
    publishId: string,
    { planned, complete }: { readonly planned: number; readonly complete: boolean },
  ): Promise<void> {
    await this.#update(appId, publishId, (status) => {
      if (!isOpen(status)) return null;
      const counters = { ...status.counters, planned: Math.max(status.counters.planned, planned) };
      return { ...status, counters, isPlanned: status.isPlanned || complete, state: 'dispatching' };
    });
  }

  async unsettled(appId: string, publishId: string): Promise<number> {
    const status = await this.#parts.publishes.status(appId, publishId);
    if (status === null) return 0;
    const { planned, succeeded, failed, expired, deadLettered } = status.counters;
    return planned - succeeded - failed - expired - deadLettered;
  }

  async settled(appId: string, publishId: string, refs: readonly TargetRef[]): Promise<readonly boolean[]> {
    if (refs.length === 0) return [];
    const wanted = refs.map((ref) => keys.result(appId, publishId, targetName(ref)));
    return (await this.#parts.store.getMany(wanted)).map((entry) => entry !== null);
  }

  async read(publish: AcceptedPublish, refs: readonly TargetRef[]): Promise<readonly boolean[]> {
    const ids = refs.flatMap((ref) => (ref.kind === 'device' ? [ref.deviceId] : []));
    const devices = ids.length === 0 ? [] : await this.#parts.devices.getMany(publish.appId, ids);
    const clients = new Map(ids.map((id, index) => [id, devices[index]?.clientId]));
    const readers = await this.#parts.reads.readersOf(publish, new Set(clients.values()));
    return refs.map((ref) => ref.kind === 'device' && readers.has(clients.get(ref.deviceId) ?? ''));
  }

  async recordResults(appId: string, publishId: string, results: readonly DeliveryResult[]): Promise<void> {
    for (let from = 0; from < results.length; from += RESULTS_AT_ONCE) {
      await this.#recordSome(appId, publishId, results.slice(from, from + RESULTS_AT_ONCE));
    }
  }

  async recordRetries(appId: string, publishId: string, retries: RetryCounts): Promise<void> {
    const { scheduled = 0, attempted = 0, nextAttemptAtMs } = retries;
    this.#parts.metrics.of(appId).retries.add(['all'], scheduled);
    await this.#update(appId, publishId, (status) => {
      const added = { retryScheduled: scheduled, retryAttempted: attempted };
      const counters = counted(status.counters, added);
      const isWaiting = nextAttemptAtMs !== undefined && isOpen(status);
      return { ...status, counters, ...(isWaiting && { retryAfterMs: nextAttemptAtMs }) };
    });
  }

  async fail(appId: string, publishId: string, reason: string): Promise<void> {
    await this.#update(appId, publishId, (status) =>
      isOpen(status) ? { ...status, state: 'failed', errorReason: reason } : null,
    );
  }

  /** Effects on devices come first: they may happen twice, and would be missed after results that are not recorded again. */
  async #recordSome(appId: string, publishId: string, results: readonly DeliveryResult[]): Promise<void> {
    const unique = [...new Map(results.map((result) => [targetName(result.ref), result])).values()];
    await this.#effects.apply(appId, unique);
    const replays = unique.filter(({ replayId }) => replayId !== undefined);
    const first = unique.filter(({ replayId }) => replayId === undefined);
    const letters = replays.map((result) => this.#letterOf(appId, publishId, result));
    const kept = letters.filter((operation) => operation !== null);
    if (kept.length > 0) await this.#parts.store.write(kept);
    let fresh: readonly DeliveryResult[] = [];
    await this.#update(appId, publishId, async (status) => {
      const settled = await this.settled(
        appId,
        publishId,
        first.map(({ ref }) => ref),
      );
      fresh = first.filter((_, index) => settled[index] === false);
      if (fresh.length === 0) return null;
      const more = fresh.flatMap((result) => this.#operationsOf(appId, publishId, result));
      return { status: { ...status, counters: counted(status.counters, countersOf(fresh)) }, more };
    });
    this.#effects.count(appId, [...fresh, ...replays]);
  }

  #operationsOf(appId: string, publishId: string, result: DeliveryResult): KeyedOperation[] {
    const key = keys.result(appId, publishId, targetName(result.ref));
    const isAccepted = result.outcome.kind === 'accepted';
    const end = { ifAbsent: true, expiresAtMs: Date.now() + RESULT_TTL_MS } as const;
    const marker = putOf(key, isAccepted ? 1 : 0, end);
    const letter = this.#letterOf(appId, publishId, result);
    return letter === null ? [marker] : [marker, letter];
  }

  #letterOf(appId: string, publishId: string, result: DeliveryResult): KeyedOperation | null {
    return deadLetterOf(appId, publishId, result, this.#parts.deadLetterTtlMs);
  }

  /** As `Publishes.update`; ends the publish when nothing is left to happen. */
  async #update(
    appId: string,
    publishId: string,
    next: (status: Status) => NextStatus | Promise<NextStatus>,
  ): Promise<void> {
    const result = await this.#parts.publishes.update(appId, publishId, async (status) => {
      const plan = await next(status);
      if (plan === null) return null;
      return 'status' in plan
        ? { status: settledStatus(plan.status), more: plan.more }
        : { status: settledStatus(plan) };
    });
    if (result !== null && isOpen(result.before) && !isOpen(result.after)) {
      const { state, counters } = result.after;
      this.#parts.logger.info({ app_id: appId, state, ...counters }, 'publish-completed');
    }
  }
}

type NextStatus = Status | { readonly status: Status; readonly more: readonly KeyedOperation[] } | null;

function countersOf(results: readonly DeliveryResult[]): Partial<Counters> {
  const added = { dispatched: 0, succeeded: 0, failed: 0, expired: 0, deadLettered: 0 };
  for (const { outcome } of results) {
    const { kind } = outcome;
    if (kind === 'accepted' || kind === 'rejected' || kind === 'expired') added.dispatched += 1;
    if (kind === 'accepted') added.succeeded += 1;
    if (kind === 'rejected' || kind === 'gone') added.failed += 1;
    if (kind === 'expired') added.expired += 1;
    if (kind === 'dead') added.deadLettered += 1;
  }
  return added;
}
