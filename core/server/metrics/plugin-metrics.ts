// Metrics that plug-ins read out of their own counts, beside those of core and under the same prefix.
import type { Registry } from 'prom-client';
import { collectedCounter, collectedGauge, type Sample } from './app-metrics.ts';
import { CollectedHistogram, type LabelledHistogram } from './collected-histogram.ts';

interface Named {
  /** Without prefix; no name of core's. */
  readonly name: string;
  readonly help: string;
  /** Besides `app_id`, which every series has. */
  readonly labelNames: readonly string[];
}

/** `read` is called when metrics are scraped; its labels name `app_id` too. */
export type PluginMetric = Named &
  (
    | { readonly kind: 'counter' | 'gauge'; read(): Iterable<Sample> }
    | { readonly kind: 'histogram'; read(): Iterable<LabelledHistogram> }
  );

export interface PluginMetricsSource {
  readonly registry: Registry;
  readonly prefix: string;
  /** Label `port`: that of the metrics listener. */
  readonly port: string;
  readonly metrics: readonly PluginMetric[];
}

export function registerPluginMetrics({ metrics, ...place }: PluginMetricsSource): void {
  for (const metric of metrics) {
    const { name, help, labelNames } = metric;
    switch (metric.kind) {
      case 'counter':
        collectedCounter(place, name, help, labelNames, () => metric.read());
        break;
      case 'gauge':
        collectedGauge(place, name, help, labelNames, () => metric.read());
        break;
      case 'histogram':
        registerHistogram(place, metric);
    }
  }
}

function registerHistogram(
  { registry, prefix, port }: Omit<PluginMetricsSource, 'metrics'>,
  { name, help, labelNames, read }: Extract<PluginMetric, { kind: 'histogram' }>,
): void {
  new CollectedHistogram({
    registry,
    name: prefix + name,
    help,
    labelNames: ['app_id', 'port', ...labelNames],
    *read() {
      for (const { labels, histogram } of read()) yield { labels: { ...labels, port }, histogram };
    },
  });
}
