// The name under which this node keeps its things in Redis, and the keys that hang on it. It changes when the others gave the
// node up: a node that comes back is a new one.
import { randomUUID } from 'node:crypto';

export class NodeIdentity {
  readonly #prefix: string;
  #id: string = randomUUID();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get id(): string {
    return this.#id;
  }

  /** Answers the id that it had. */
  renew(): string {
    const before = this.#id;
    this.#id = randomUUID();
    return before;
  }

  /** Of all nodes: alive, dead. */
  get registryKeys(): readonly [alive: string, dead: string] {
    return [`${this.#prefix}{nodes}:alive`, `${this.#prefix}{nodes}:dead`];
  }

  /** Channels a node has members in: a set of names. */
  membersKey(nodeId = this.#id): string {
    return `${this.#prefix}{node:${nodeId}}:members`;
  }

  /** Subscriptions of a node: name → count. */
  countsKey(nodeId = this.#id): string {
    return `${this.#prefix}{node:${nodeId}}:counts`;
  }
}
