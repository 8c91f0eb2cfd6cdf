import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { NumberHistogram } from './number-histogram.ts';
import { type PluginMetric, registerPluginMetrics } from './plugin-metrics.ts';

it('shows what plug-ins count, as it is at the scrape', async () => {
  const histogram = new NumberHistogram([1, 10]);
  let value = 1;
  const labels = { app_id: 'a', event: 'e' };
  const named = (name: string) => ({ name, help: `Help of ${name}`, labelNames: ['event'] });
  const metrics: PluginMetric[] = [
    { ...named('things_total'), kind: 'counter', read: () => [[labels, value]] },
    { ...named('things'), kind: 'gauge', read: () => [[labels, -value]] },
    { ...named('seconds'), kind: 'histogram', read: () => [{ labels, histogram }] },
  ];
  const registry = new Registry();
  registerPluginMetrics({ registry, prefix: 'p_', port: '9', metrics });
  await registry.metrics();
  value = 2;
  histogram.observe(3);
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const series = 'app_id="a",event="e",port="9"';
  expect(lines).toEqual([
    `p_things_total{${series}} 2`,
    `p_things{${series}} -2`,
    `p_seconds_bucket{${series},le="1"} 0`,
    `p_seconds_bucket{${series},le="10"} 1`,
    `p_seconds_bucket{${series},le="+Inf"} 1`,
    `p_seconds_sum{${series}} 3`,
    `p_seconds_count{${series}} 1`,
  ]);
});
