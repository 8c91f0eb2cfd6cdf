// The domain as delivery sees it, in memory: devices, channels that list them, and publishes with what became of them.
import type {
  AcceptedPublish,
  AudienceMember,
  AudiencePage,
  DeliveryResult,
  PushRepository,
  Recipient,
  RetryCounts,
  TargetRef,
} from '../contracts.ts';

interface Kept {
  readonly publish: AcceptedPublish;
  isOpen: boolean;
  planned: number;
  isComplete: boolean;
  readonly results: Map<string, DeliveryResult>;
  readonly replays: DeliveryResult[];
  scheduled: number;
  attempted: number;
}

const nameOf = (ref: TargetRef): string => (ref.kind === 'device' ? `d:${ref.deviceId}` : `r:${ref.index}`);

export class FakeRepository implements PushRepository {
  readonly devices = new Map<string, Recipient>();
  /** Ids of devices by channel. */
  readonly channels = new Map<string, readonly string[]>();
  readonly publishes = new Map<string, Kept>();
  /** Names of targets (`d:ID`) whose clients have read everything. */
  readonly readBy = new Set<string>();
  /** Writes of results. */
  writes = 0;
  readonly #watchers = new Set<() => void>();

  /** Keeps a publish to a channel, or to what is given. */
  accept(publishId: string, rest: Partial<AcceptedPublish> = {}): AcceptedPublish {
    const publish: AcceptedPublish = {
      appId: 'shop',
      publishId,
      targets: [{ type: 'channel', channel: 'news' }],
      rendered: [
        { provider: 'webPush', payload: { notification: { title: 'News' } }, usedOverride: false },
        { provider: 'fcm', payload: { message: {} }, usedOverride: false },
      ],
      fanoutRegime: 'fastPath',
      acceptedAtMs: Date.now(),
      ...rest,
    };
    this.publishes.set(publishId, {
      publish,
      isOpen: true,
      planned: 0,
      isComplete: false,
      results: new Map(),
      replays: [],
      scheduled: 0,
      attempted: 0,
    });
    return publish;
  }

  subscribe(channel: string, devices: Readonly<Record<string, Recipient>>): void {
    this.channels.set(channel, [...(this.channels.get(channel) ?? []), ...Object.keys(devices)]);
    for (const [id, recipient] of Object.entries(devices)) this.devices.set(id, recipient);
  }

  cancel(publishId: string): void {
    const kept = this.publishes.get(publishId);
    if (kept !== undefined) kept.isOpen = false;
  }

  of(publishId: string): Kept {
    const kept = this.publishes.get(publishId);
    if (kept === undefined) throw new Error(`no publish ${publishId}`);
    return kept;
  }

  /** Kinds of outcomes, with how many targets had them. */
  outcomes(publishId: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { outcome } of this.of(publishId).results.values()) {
      counts[outcome.kind] = (counts[outcome.kind] ?? 0) + 1;
    }
    return counts;
  }

  ended(publishId: string): Promise<void> {
    return this.until(() => {
      const { isComplete, planned, results } = this.of(publishId);
      return isComplete && results.size >= planned;
    });
  }

  /** Resolves once the condition holds after something was written. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!condition()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  async publish(_appId: string, publishId: string): Promise<AcceptedPublish | null> {
    const kept = this.publishes.get(publishId);
    return kept?.isOpen === true ? kept.publish : null;
  }

  async publishForReplay(_appId: string, publishId: string): Promise<AcceptedPublish | null> {
    return this.publishes.get(publishId)?.publish ?? null;
  }

  begin(appId: string, publishId: string): Promise<AcceptedPublish | null> {
    return this.publish(appId, publishId);
  }

  async audience({ targets }: AcceptedPublish, cursor: string | null, limit: number): Promise<AudiencePage> {
    const all = targets.flatMap((target, index): AudienceMember[] => {
      if (target.type === 'recipient')
        return [{ ref: { kind: 'recipient', index }, recipient: target.recipient }];
      const ids =
        target.type === 'channel'
          ? (this.channels.get(target.channel) ?? [])
          : target.type === 'device'
            ? [target.deviceId]
            : [];
      return ids.flatMap((deviceId) => {
        const recipient = this.devices.get(deviceId);
        return recipient === undefined ? [] : [{ ref: { kind: 'device', deviceId }, recipient }];
      });
    });
    const start = Number(cursor ?? 0);
    const members = all.slice(start, start + limit);
    return { members, next: start + limit < all.length ? String(start + limit) : null };
  }

  async recipients(
    { targets }: AcceptedPublish,
    refs: readonly TargetRef[],
  ): Promise<readonly (Recipient | null)[]> {
    return refs.map((ref) => {
      if (ref.kind === 'device') return this.devices.get(ref.deviceId) ?? null;
      const target = targets[ref.index];
      return target?.type === 'recipient' ? target.recipient : null;
    });
  }

  async planned(
    _appId: string,
    publishId: string,
    { planned, complete }: { readonly planned: number; readonly complete: boolean },
  ): Promise<void> {
    const kept = this.of(publishId);
    kept.planned = Math.max(kept.planned, planned);
    kept.isComplete ||= complete;
    this.#notify();
  }

  async unsettled(_appId: string, publishId: string): Promise<number> {
    const { planned, results } = this.of(publishId);
    return planned - results.size;
  }

  async settled(_appId: string, publishId: string, refs: readonly TargetRef[]): Promise<readonly boolean[]> {
    return refs.map((ref) => this.of(publishId).results.has(nameOf(ref)));
  }

  async read(_publish: AcceptedPublish, refs: readonly TargetRef[]): Promise<readonly boolean[]> {
    return refs.map((ref) => this.readBy.has(nameOf(ref)));
  }

  async recordResults(_appId: string, publishId: string, results: readonly DeliveryResult[]): Promise<void> {
    this.writes += 1;
    const kept = this.of(publishId);
    for (const result of results) {
      if (result.replayId !== undefined) kept.replays.push(result);
      else if (!kept.results.has(nameOf(result.ref))) kept.results.set(nameOf(result.ref), result);
    }
    this.#notify();
  }

  async recordRetries(_appId: string, publishId: string, retries: RetryCounts): Promise<void> {
    const kept = this.of(publishId);
    kept.scheduled += retries.scheduled ?? 0;
    kept.attempted += retries.attempted ?? 0;
    this.#notify();
  }

  async fail(_appId: string, publishId: string): Promise<void> {
    this.cancel(publishId);
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
