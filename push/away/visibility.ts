// Who is being seen: clients with a live connection whose page says that it is visible. Known on this node at once, and to other
// nodes through entries in the store that end by themselves. Connections that say nothing cost nothing.
import { type KeyedOperation, type KeyedStore, MAX_BATCH_OPERATIONS } from '@sockudo/server/ports';
import { keys, prefixes } from '../store/keys.ts';
import { pages, putOf } from '../store/records.ts';

/** An entry that its node does not renew, because it died, ends after this. */
const ENTRY_MS = 90_000;
const RENEWAL_MS = 30_000;
/** Clients that one node tells others about; those beyond are notified although another node sees them. */
const MAX_SHARED = 50_000;

/** A connection, as far as this looks at it. */
export interface Viewer {
  readonly app: { readonly id: string };
  /** Verified: of a token, of a sign-in, or of a presence channel; null: none yet. */
  readonly userId: string | null;
}

export interface VisibilityOptions {
  readonly store: KeyedStore;
  readonly nodeId: string;
  /** No other node serves the same apps: nobody has to be told. */
  readonly isAlone: boolean;
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
}

interface Client {
  readonly appId: string;
  readonly clientId: string;
  viewers: number;
  isShared: boolean;
}

export class Visibility {
  readonly #options: VisibilityOptions;
  readonly #now: () => number;
  /** Connections that are visible, with the client they count for; null: it is not known yet. */
  readonly #viewers = new Map<Viewer, Client | null>();
  readonly #clients = new Map<string, Client>();
  #shared = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(options: VisibilityOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => void this.renew(), RENEWAL_MS).unref();
  }

  /** A connection says whether its page is visible. */
  report(viewer: Viewer, isVisible: boolean): void {
    if (!isVisible) {
      this.forget(viewer);
      return;
    }
    const { userId } = viewer;
    const known = this.#viewers.get(viewer);
    if (known !== undefined && (known?.clientId ?? null) === userId) return;
    this.forget(viewer);
    this.#viewers.set(viewer, userId === null ? null : this.#enter(viewer.app.id, userId));
  }

  /** It is hidden, or gone. */
  forget(viewer: Viewer): void {
    const client = this.#viewers.get(viewer);
    if (!this.#viewers.delete(viewer) || client == null) return;
    client.viewers -= 1;
    if (client.viewers > 0) return;
    const { appId, clientId } = client;
    this.#clients.delete(nameOf(appId, clientId));
    if (!client.isShared) return;
    this.#shared -= 1;
    void this.#write([{ kind: 'delete', key: keys.visible(appId, clientId, this.#options.nodeId) }]);
  }

  /** Which of some clients have a live, visible connection on any node. Rejects as the store does. */
  async seenOf(appId: string, clientIds: Iterable<string>): Promise<ReadonlySet<string>> {
    const asked = [...new Set(clientIds)];
    const seen = new Set(asked.filter((clientId) => this.#clients.has(nameOf(appId, clientId))));
    const rest = asked.filter((clientId) => !seen.has(clientId));
    if (this.#options.isAlone || rest.length === 0) return seen;
    for await (const nodes of pages(this.#options.store, prefixes.viewingNodes())) {
      const ids = nodes
        .map(({ value }) => String(JSON.parse(value)))
        .filter((id) => id !== this.#options.nodeId);
      const wanted = rest.flatMap((clientId) =>
        ids.map((nodeId) => ({ clientId, key: keys.visible(appId, clientId, nodeId) })),
      );
      for (let from = 0; from < wanted.length; from += MAX_BATCH_OPERATIONS) {
        const portion = wanted.slice(from, from + MAX_BATCH_OPERATIONS);
        const entries = await this.#options.store.getMany(portion.map(({ key }) => key));
        for (const [index, { clientId }] of portion.entries()) {
          if (entries[index] != null) seen.add(clientId);
        }
      }
    }
    return seen;
  }

  /** Looks again whose connections they are, and tells other nodes that they still are there. */
  async renew(): Promise<void> {
    for (const viewer of [...this.#viewers.keys()]) this.report(viewer, true);
    const shared = [...this.#clients.values()].filter(({ isShared }) => isShared);
    const puts = shared.map((client) => this.#entryOf(client));
    if (puts.length > 0) puts.unshift(this.#nodeEntry());
    for (let from = 0; from < puts.length; from += MAX_BATCH_OPERATIONS) {
      await this.#write(puts.slice(from, from + MAX_BATCH_OPERATIONS));
    }
  }

  /** Nobody is seen here any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const { nodeId } = this.#options;
    const shared = [...this.#clients.values()].filter(({ isShared }) => isShared);
    this.#viewers.clear();
    this.#clients.clear();
    const deletes = shared.map(
      ({ appId, clientId }): KeyedOperation => ({
        kind: 'delete',
        key: keys.visible(appId, clientId, nodeId),
      }),
    );
    for (let from = 0; from < deletes.length; from += MAX_BATCH_OPERATIONS) {
      await this.#write(deletes.slice(from, from + MAX_BATCH_OPERATIONS));
    }
  }

  #enter(appId: string, clientId: string): Client {
    const name = nameOf(appId, clientId);
    const known = this.#clients.get(name);
    if (known !== undefined) {
      known.viewers += 1;
      return known;
    }
    const isShared = !this.#options.isAlone && this.#shared < MAX_SHARED;
    const client: Client = { appId, clientId, viewers: 1, isShared };
    this.#clients.set(name, client);
    if (isShared) {
      this.#shared += 1;
      void this.#write([this.#nodeEntry(), this.#entryOf(client)]);
    }
    return client;
  }

  #entryOf({ appId, clientId }: Client): KeyedOperation {
    const expiresAtMs = this.#now() + ENTRY_MS;
    return putOf(keys.visible(appId, clientId, this.#options.nodeId), 1, { expiresAtMs });
  }

  #nodeEntry(): KeyedOperation {
    const { nodeId } = this.#options;
    return putOf(keys.viewingNode(nodeId), nodeId, { expiresAtMs: this.#now() + ENTRY_MS });
  }

  /** A node that can't tell others costs a notification too many, and nothing else. */
  async #write(operations: readonly KeyedOperation[]): Promise<void> {
    try {
      await this.#options.store.write(operations, { durability: 'process' });
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

const nameOf = (appId: string, clientId: string): string => JSON.stringify([appId, clientId]);
