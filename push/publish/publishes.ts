// Publishes in the store: what is to be sent, and the status of it. A publish and its status are written in one step, with a note
// that its job may still be missing in the queue.
import type { KeyedOperation, KeyedStore } from '@sockudo/server/ports';
import type { AcceptedPublish, PublishTarget } from '../contracts.ts';
import { keys } from '../store/keys.ts';
import { change, putOf, read, recordOf, unchanged } from '../store/records.ts';
import { isOpen, type Status } from './status.ts';

/** `AcceptedPublish` without its targets, which may be large. */
interface StoredPublish extends Omit<AcceptedPublish, 'targets'> {
  readonly targetParts: number;
}

/** UTF-16 units of the targets of one part: well below what a value may hold. */
const PART_CHARS = 60_000;

export class Publishes {
  readonly #store: KeyedStore;
  readonly #ttlMs: number;
  readonly #onConflict: () => void;

  /** @param ttlMs how long a status is kept after its last change */
  constructor(store: KeyedStore, ttlMs: number, onConflict: () => void = () => {}) {
    this.#store = store;
    this.#ttlMs = ttlMs;
    this.#onConflict = onConflict;
  }

  status(appId: string, publishId: string): Promise<Status | null> {
    return read<Status>(this.#store, keys.status(appId, publishId));
  }

  async get(appId: string, publishId: string): Promise<AcceptedPublish | null> {
    const stored = await read<StoredPublish>(this.#store, keys.publish(appId, publishId));
    if (stored === null) return null;
    const { targetParts, ...publish } = stored;
    const wanted = Array.from({ length: targetParts }, (_, part) =>
      keys.publishTargets(appId, publishId, part),
    );
    const parts = wanted.length === 0 ? [] : await this.#store.getMany(wanted);
    const targets = parts.flatMap((part) => (part === null ? [] : recordOf<PublishTarget[]>(part)));
    return { ...publish, targets };
  }

  /**
   * False: there is one of that id already, nothing was written.
   * @param more written in the same step; their expectations count, too
   */
  async insert(
    publish: AcceptedPublish,
    status: Status,
    more: readonly KeyedOperation[] = [],
  ): Promise<'inserted' | 'known' | 'conflict'> {
    const { appId, publishId, targets, ...rest } = publish;
    const parts = partsOf(targets);
    const expiresAtMs = this.#endOf(status);
    const statusKey = keys.status(appId, publishId);
    const stored: StoredPublish = { ...rest, appId, publishId, targetParts: parts.length };
    const result = await this.#store.write([
      putOf(statusKey, status, { ifAbsent: true, expiresAtMs }),
      putOf(keys.publish(appId, publishId), stored, { expiresAtMs }),
      ...parts.map((part, index) =>
        putOf(keys.publishTargets(appId, publishId, index), part, { expiresAtMs }),
      ),
      ...(isOpen(status) ? [putOf(keys.outbox(appId, publishId), publish.acceptedAtMs)] : []),
      ...more,
    ]);
    if (result.kind === 'written') return 'inserted';
    return result.keys.includes(statusKey) ? 'known' : 'conflict';
  }

  /** The job is in the queue. Nothing is lost where this is: the repair finds the publish once more. */
  async isQueued(appId: string, publishId: string): Promise<void> {
    const operations: KeyedOperation[] = [{ kind: 'delete', key: keys.outbox(appId, publishId) }];
    await this.#store.write(operations, { durability: 'process' });
  }

  /**
   * Changes a status and writes more with it. `next` may be called again; null: nothing is to change. Answers the status before and
   * after; null: there is none.
   */
  async update(
    appId: string,
    publishId: string,
    next: (
      status: Status,
    ) =>
      | Promise<{ readonly status: Status; readonly more?: readonly KeyedOperation[] } | null>
      | { readonly status: Status; readonly more?: readonly KeyedOperation[] }
      | null,
  ): Promise<{ readonly before: Status; readonly after: Status } | null> {
    const key = keys.status(appId, publishId);
    const look = async () => {
      const entry = await this.#store.get(key);
      if (entry === null) return { operations: null, answer: null };
      const before = recordOf<Status>(entry);
      const plan = await next(before);
      if (plan === null) return { operations: null, answer: { before, after: before } };
      const { status: after, more = [] } = plan;
      const expiresAtMs = this.#endOf(after);
      const operations = [putOf(key, after, { ...unchanged(entry), expiresAtMs }), ...more];
      return { operations, answer: { before, after } };
    };
    return change(this.#store, look, this.#onConflict);
  }

  #endOf({ notBeforeMs = 0 }: Status): number {
    return Math.max(Date.now(), notBeforeMs) + this.#ttlMs;
  }
}

function partsOf(targets: readonly PublishTarget[]): PublishTarget[][] {
  const parts: PublishTarget[][] = [];
  let room = 0;
  for (const target of targets) {
    const chars = JSON.stringify(target).length + 1;
    if (parts.length === 0 || chars > room) {
      parts.push([]);
      room = PART_CHARS;
    }
    parts.at(-1)?.push(target);
    room -= chars;
  }
  return parts;
}
