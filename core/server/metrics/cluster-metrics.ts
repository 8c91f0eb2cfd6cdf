// What goes between the nodes of a cluster, as metrics. The first three names are Sockudo's (HTTP sheet, metrics catalogue).
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ClusterParts } from '../compose.ts';

export interface ClusterMetricsSource {
  readonly registry: Registry;
  readonly prefix: string;
  /** Name of the driver between the nodes. */
  readonly driver: string;
  readonly cluster: Pick<ClusterParts, 'bus' | 'counts'>;
}

export function registerClusterMetrics({ registry, prefix, driver, cluster }: ClusterMetricsSource): void {
  const { bus, counts } = cluster;
  const registers = [registry];
  const labelNames = ['driver'];
  const gauge = (name: string, help: string, read: () => number): void => {
    const metric: Gauge = new Gauge({
      name: `${prefix}horizontal_transport_${name}`,
      help,
      labelNames,
      registers,
      collect: () => metric.set({ driver }, read()),
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    const metric: Counter = new Counter({
      name: `${prefix}horizontal_transport_${name}_total`,
      help,
      labelNames,
      registers,
      collect() {
        metric.reset();
        metric.inc({ driver }, read());
      },
    });
  };
  gauge('queue_depth', 'Publishes on their way to the bus', () => bus.counts.pending);
  counter('messages_dropped', 'Publishes that the bus did not take', () => counts.dropped);
  counter('reconnections', 'Times the bus came back', () => bus.counts.reconnections);
  gauge('up', '1 where the other nodes can be reached', () => (bus.state === 'up' ? 1 : 0));
  counter('messages_sent', 'Publishes handed to the bus', () => counts.sent);
  counter('messages_received', 'Publishes of other nodes', () => counts.received);
  counter('messages_filled', 'Messages read from the log instead', () => counts.filled);
}
