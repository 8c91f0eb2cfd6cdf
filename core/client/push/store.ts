/**
 * What a browser remembers of its registration. In IndexedDB, because the service worker must have it too: when the browser changes
 * the subscription, no page need be open.
 */
import { pushErrorOf } from './errors.ts';

/** There is one as long as the user wants pushes here. */
export interface PushRecord {
  readonly deviceId: string;
  /** Null: the backend has not answered with one yet. */
  readonly identityToken: string | null;
  /** Hash of the endpoint by which the server names it. */
  readonly tokenHash: string | null;
  /** SHA-256 of the subscription that the backend knows; null: it knows none. */
  readonly fingerprint: string | null;
  readonly registeredAtMs: number;
  /** Base64url. */
  readonly vapidPublicKey: string;
  /** Of the application's backend, absolute. */
  readonly endpoint: string;
  readonly channels: readonly string[];
  /** What the application adds for the server. */
  readonly metadata?: unknown;
}

/** Each may reject with what its storage fails with. */
export interface PushStore {
  /** Null: there is none. */
  read(): Promise<PushRecord | null>;
  write(record: PushRecord): Promise<void>;
  clear(): Promise<void>;
}

const DATABASE = 'sockudo-push';
const TABLE = 'registrations';

/** @param name tells registrations of one origin apart, where it has several service workers */
export function indexedDbStore(name = 'default'): PushStore {
  return {
    async read() {
      const value: unknown = await transact('readonly', (table) => table.get(name));
      // CAST: only `write` below puts entries there.
      return (value as PushRecord | undefined) ?? null;
    },
    write: async (record) => void (await transact('readwrite', (table) => table.put(record, name))),
    clear: async () => void (await transact('readwrite', (table) => table.delete(name))),
  };
}

async function transact(
  mode: IDBTransactionMode,
  act: (table: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  try {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(TABLE, mode);
        const request = act(transaction.objectStore(TABLE));
        // A write counts when the transaction is through, not when the request was taken.
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
        transaction.onerror = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  } catch (error) {
    throw pushErrorOf(error, 'storage_failed', 'The storage of the browser cannot be used');
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
