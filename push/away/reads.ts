// What clients have read, so that their other devices are left alone: a publish, or whatever has a collapse key and was published
// before. Remembered by client, since publishes may still wait when it is said.
import { createHash } from 'node:crypto';
import { type KeyedStore, MAX_BATCH_OPERATIONS } from '@sockudo/server/ports';
import type { AcceptedPublish } from '../contracts.ts';
import { keys } from '../store/keys.ts';
import { putOf, recordOf } from '../store/records.ts';

/** What was published before and is still not sent after that is sent nevertheless. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

/** As it stands in keys; collapse keys may be longer than those. */
export const collapseHashOf = (collapseKey: string): string =>
  createHash('sha256').update(collapseKey).digest('base64url');

const ofPublish = (publishId: string): string => `p:${publishId}`;
const ofCollapseKey = (collapseKey: string): string => `k:${collapseHashOf(collapseKey)}`;

export class Reads {
  readonly #store: KeyedStore;
  readonly #now: () => number;

  constructor(store: KeyedStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  markPublish(appId: string, clientId: string, publishId: string): Promise<void> {
    return this.#mark(keys.readMark(appId, clientId, ofPublish(publishId)));
  }

  /** All that was published with the key up to now. */
  markKey(appId: string, clientId: string, collapseKey: string): Promise<void> {
    return this.#mark(keys.readMark(appId, clientId, ofCollapseKey(collapseKey)));
  }

  /** Who of some clients has read the publish. */
  async readersOf(
    { appId, publishId, collapseKey, acceptedAtMs }: AcceptedPublish,
    clients: ReadonlySet<string | undefined>,
  ): Promise<ReadonlySet<string>> {
    const names = [ofPublish(publishId), ...(collapseKey === undefined ? [] : [ofCollapseKey(collapseKey)])];
    const wanted = [...clients]
      .filter((clientId) => clientId !== undefined)
      .flatMap((clientId) => names.map((name) => ({ clientId, key: keys.readMark(appId, clientId, name) })));
    const readers = new Set<string>();
    for (let from = 0; from < wanted.length; from += MAX_BATCH_OPERATIONS) {
      const portion = wanted.slice(from, from + MAX_BATCH_OPERATIONS);
      const marks = await this.#store.getMany(portion.map(({ key }) => key));
      for (const [index, { clientId }] of portion.entries()) {
        const mark = marks[index] ?? null;
        if (mark !== null && recordOf<number>(mark) >= acceptedAtMs) readers.add(clientId);
      }
    }
    return readers;
  }

  async #mark(key: string): Promise<void> {
    const nowMs = this.#now();
    await this.#store.write([putOf(key, nowMs, { expiresAtMs: nowMs + KEPT_MS })]);
  }
}
