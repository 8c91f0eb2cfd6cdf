// The audience of a publish that looks at what clients do: nobody who sees the application, nobody who has read it, and of each client
// first the device that was used last.
import type { KeyedOperation, KeyedStore } from '@sockudo/server/ports';
import type { AcceptedPublish, AudiencePage } from '../contracts.ts';
import type { StoredDevice } from '../devices/device.ts';
import type { Devices } from '../devices/devices.ts';
import type { Audience } from '../publish/audience.ts';
import { keys } from '../store/keys.ts';
import { putOf, recordOf } from '../store/records.ts';
import type { Reads } from './reads.ts';
import type { Visibility } from './visibility.ts';

/** How long it is known which device came first, beyond the time after which the others follow. */
const KEPT_MS = 24 * 60 * 60 * 1000;
const PAGE = 1000;
/** Begins cursors of the second way through the audience. */
const OTHERS = 'others:';

export interface WantedAudienceParts {
  readonly audience: Audience;
  readonly devices: Devices;
  readonly visibility: Pick<Visibility, 'seenOf'>;
  readonly reads: Reads;
  readonly store: KeyedStore;
}

export class WantedAudience {
  readonly #parts: WantedAudienceParts;

  constructor(parts: WantedAudienceParts) {
    this.#parts = parts;
  }

  /** As `PushRepository.audience`. A page that is read again may lack those who came in between. */
  page(publish: AcceptedPublish, cursor: string | null, limit: number): Promise<AudiencePage> {
    const { audience } = this.#parts;
    if (publish.lastUsedFirst !== undefined) return this.#inOrder(publish, cursor, limit);
    if (publish.away === undefined) return audience.page(publish, cursor, limit);
    return audience.page(publish, cursor, limit, (devices) => this.#unseen(publish, devices));
  }

  /** Twice through the audience: those that come first, and, later, the others. */
  async #inOrder(publish: AcceptedPublish, cursor: string | null, limit: number): Promise<AudiencePage> {
    const { audience } = this.#parts;
    if (cursor?.startsWith(OTHERS) === true) {
      const inner = cursor.slice(OTHERS.length);
      const page = await audience.page(publish, inner === '' ? null : inner, limit, async (devices) =>
        this.#later(publish, await this.#unseen(publish, devices)),
      );
      return { ...page, next: page.next === null ? null : OTHERS + page.next };
    }
    const page = await audience.page(publish, cursor, limit, async (devices) =>
      this.#first(publish, await this.#unseen(publish, devices)),
    );
    if (page.next !== null) return page;
    return { ...page, next: OTHERS, nextAfterMs: publish.lastUsedFirst?.othersAfterMs ?? 0 };
  }

  /** Without devices of clients that see the application, or have read the publish. */
  async #unseen(
    publish: AcceptedPublish,
    devices: readonly StoredDevice[],
  ): Promise<readonly StoredDevice[]> {
    const { visibility, reads } = this.#parts;
    const clients = clientsOf(devices);
    if (clients.size === 0) return devices;
    const none: ReadonlySet<string> = new Set();
    const seen = publish.away === undefined ? none : await visibility.seenOf(publish.appId, clients);
    const readers = await reads.readersOf(publish, clients);
    return devices.filter(
      ({ clientId }) => clientId === undefined || !(seen.has(clientId) || readers.has(clientId)),
    );
  }

  /** What was chosen once stays so: a device that is used meanwhile changes nothing. */
  async #first(publish: AcceptedPublish, devices: readonly StoredDevice[]): Promise<readonly StoredDevice[]> {
    const { appId, publishId, lastUsedFirst } = publish;
    const first = new Map(await this.#chosen(publish, clientsOf(devices)));
    const expiresAtMs = Date.now() + (lastUsedFirst?.othersAfterMs ?? 0) + KEPT_MS;
    const notes: KeyedOperation[] = [];
    for (const clientId of clientsOf(devices)) {
      if (first.has(clientId)) continue;
      const newest = await this.#lastUsed(appId, clientId);
      if (newest === null) continue;
      first.set(clientId, newest);
      notes.push(putOf(keys.firstDevice(appId, publishId, clientId), newest, { expiresAtMs }));
    }
    if (notes.length > 0) await this.#parts.store.write(notes);
    return devices.filter(({ id, clientId }) => clientId === undefined || first.get(clientId) === id);
  }

  /** Of clients that were not left out the first time. */
  async #later(publish: AcceptedPublish, devices: readonly StoredDevice[]): Promise<readonly StoredDevice[]> {
    const first = await this.#chosen(publish, clientsOf(devices));
    return devices.filter(({ id, clientId }) => {
      const chosen = clientId === undefined ? undefined : first.get(clientId);
      return chosen !== undefined && chosen !== id;
    });
  }

  /** Devices that came first, by client. */
  async #chosen(
    { appId, publishId }: AcceptedPublish,
    clients: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, string>> {
    const ids = [...clients];
    if (ids.length === 0) return new Map();
    const entries = await this.#parts.store.getMany(
      ids.map((clientId) => keys.firstDevice(appId, publishId, clientId)),
    );
    return new Map(
      ids.flatMap((clientId, index): [string, string][] => {
        const entry = entries[index] ?? null;
        return entry === null ? [] : [[clientId, recordOf<string>(entry)]];
      }),
    );
  }

  /** Of several that were used at one moment, the first by id. */
  async #lastUsed(appId: string, clientId: string): Promise<string | null> {
    let newest: StoredDevice | null = null;
    let after: string | undefined;
    do {
      const page = await this.#parts.devices.ofClient(appId, clientId, { after, limit: PAGE });
      for (const device of page.devices) {
        if (newest === null || device.lastActiveAtMs > newest.lastActiveAtMs) newest = device;
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
    return newest?.id ?? null;
  }
}

const clientsOf = (devices: readonly StoredDevice[]): ReadonlySet<string> =>
  new Set(devices.flatMap(({ clientId }) => (clientId === undefined ? [] : [clientId])));
