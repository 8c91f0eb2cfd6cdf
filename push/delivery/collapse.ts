// One notification for each collapse key and target: the publish that was planned last is remembered, and one that is older is
// not sent to that target any more.
import { createHash } from 'node:crypto';
import { type KeyedEntry, type KeyedOperation, type KeyedStore, StoreFull } from '@sockudo/server/ports';
import { type AcceptedPublish, providerOf, type TargetRef, tokenHashOf } from '../contracts.ts';
import { keys } from '../store/keys.ts';
import { putOf, unchanged } from '../store/records.ts';

/** A push that waits longer than this for its turn is not held against newer ones. */
const KEPT_MS = 25 * 60 * 60 * 1000;
const ATTEMPTS = 5;

interface Newest {
  readonly publishId: string;
  /** When its turn to be sent came. */
  readonly atMs: number;
}

export class Collapse {
  readonly #store: KeyedStore;
  readonly #now: () => number;

  constructor(store: KeyedStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** From now on this publish is the newest of its collapse key at some targets, at most 1,000, unless it is not. */
  async claim(publish: AcceptedPublish, refs: readonly TargetRef[]): Promise<void> {
    const paths = keysOf(publish, refs);
    for (let attempt = 1; paths.length > 0 && attempt <= ATTEMPTS; attempt += 1) {
      const entries = await this.#store.getMany(paths);
      const operations = paths.flatMap((key, index) => this.#claimOf(publish, key, entries[index] ?? null));
      if (operations.length === 0) return;
      try {
        const { kind } = await this.#store.write(operations, { durability: 'process' });
        if (kind === 'written') return;
      } catch (error) {
        // Without it somebody may get a push that is out of date; without the push they would get none.
        if (error instanceof StoreFull) return;
        throw error;
      }
    }
  }

  /** Which of some targets have a newer publish. In the order asked for. */
  async replaced(publish: AcceptedPublish, refs: readonly TargetRef[]): Promise<readonly boolean[]> {
    const paths = keysOf(publish, refs);
    if (paths.length === 0) return refs.map(() => false);
    const entries = await this.#store.getMany(paths);
    return entries.map((entry) => entry !== null && isNewer(newestOf(entry), publish));
  }

  #claimOf(publish: AcceptedPublish, key: string, entry: KeyedEntry | null): KeyedOperation[] {
    if (entry !== null) {
      const newest = newestOf(entry);
      if (newest.publishId === publish.publishId || isNewer(newest, publish)) return [];
    }
    const value: Newest = { publishId: publish.publishId, atMs: turnOf(publish) };
    const expiresAtMs = Math.floor(Math.max(this.#now(), value.atMs) + KEPT_MS);
    return [putOf(key, value, { ...unchanged(entry), expiresAtMs })];
  }
}

/** CAST: what is written here and nowhere else. */
const newestOf = (entry: KeyedEntry): Newest => JSON.parse(entry.value) as Newest;

const turnOf = ({ acceptedAtMs, notBeforeMs = 0 }: AcceptedPublish): number =>
  Math.max(acceptedAtMs, notBeforeMs);

/** Of two of one moment the ids decide, so that every node decides alike. */
function isNewer(other: Newest, publish: AcceptedPublish): boolean {
  const ownMs = turnOf(publish);
  return other.atMs === ownMs ? other.publishId > publish.publishId : other.atMs > ownMs;
}

function keysOf(publish: AcceptedPublish, refs: readonly TargetRef[]): string[] {
  const { appId, collapseKey } = publish;
  if (collapseKey === undefined) return [];
  const hash = createHash('sha256').update(collapseKey).digest('base64url');
  return refs.map((ref) => keys.collapse(appId, hash, targetOf(publish, ref)));
}

/** A recipient that two publishes name is the same where its token is. */
function targetOf(publish: AcceptedPublish, ref: TargetRef): string {
  if (ref.kind === 'device') return `d:${ref.deviceId}`;
  const target = publish.targets[ref.index];
  if (target?.type !== 'recipient') return `r:${publish.publishId}:${ref.index}`;
  return `r:${providerOf(target.recipient)}:${tokenHashOf(target.recipient)}`;
}
