// What carries bytes between the nodes of a cluster: topics, at most once, no memory. A driver owns connections and
// reconnects; it knows nothing of messages, serials or logs (cluster/cluster-fanout.ts makes those a Fanout).

export type BusState = 'up' | 'down';

export interface BusListener {
  /** Once for every subscription that matches: a topic and a prefix of it bring the same bytes twice, one after the other. */
  onMessage(text: string): void;
  /** `up` comes after every subscription stands again; what was published since `down` may be lost. */
  onState(state: BusState): void;
}

export interface BusCounts {
  readonly reconnections: number;
  /** Publishes that were handed to the transport and not confirmed yet. */
  readonly pending: number;
}

export interface Bus {
  readonly state: BusState;
  readonly counts: BusCounts;
  /** Exactly one listener; called once. */
  listen(listener: BusListener): void;
  /** Resolves when the transport took it; rejects when it is lost. Publishes of one topic arrive in the order of the calls. */
  publish(topic: string, text: string): Promise<void>;
  /** Resolves once every later publish of any node arrives here, at once while the bus is down. Never rejects. */
  subscribe(topic: string): Promise<void>;
  unsubscribe(topic: string): void;
  /** The same for all topics that begin with `prefix`. */
  subscribePrefix(prefix: string): Promise<void>;
  unsubscribePrefix(prefix: string): void;
  close(): Promise<void>;
}
