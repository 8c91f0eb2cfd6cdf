// How many connections are subscribed to each channel, across all nodes.

export interface Occupancy {
  /** Changes the count of one channel by +1 or -1 and answers the new cluster-wide count. */
  change(appId: string, channel: string, by: 1 | -1): Promise<number>;
  count(appId: string, channel: string): Promise<number>;
  /** Occupied channels whose name begins with `prefix`, with their counts. */
  list(appId: string, prefix: string): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}
