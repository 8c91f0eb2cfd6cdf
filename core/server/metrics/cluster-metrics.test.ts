import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { registerClusterMetrics } from './cluster-metrics.ts';

it('shows the bus between the nodes as it is at the scrape', async () => {
  const registry = new Registry();
  const counts = { sent: 5, received: 4, dropped: 3, filled: 2 };
  const bus = { state: 'up' as const, counts: { reconnections: 1, pending: 7 } };
  registerClusterMetrics({ registry, prefix: 'p_', driver: 'redis', cluster: { bus, counts } });
  await registry.metrics();
  counts.sent = 6;
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines.toSorted()).toEqual([
    'p_horizontal_transport_messages_dropped_total{driver="redis"} 3',
    'p_horizontal_transport_messages_filled_total{driver="redis"} 2',
    'p_horizontal_transport_messages_received_total{driver="redis"} 4',
    'p_horizontal_transport_messages_sent_total{driver="redis"} 6',
    'p_horizontal_transport_queue_depth{driver="redis"} 7',
    'p_horizontal_transport_reconnections_total{driver="redis"} 1',
    'p_horizontal_transport_up{driver="redis"} 1',
  ]);
});
