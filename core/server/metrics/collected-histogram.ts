// A Prometheus histogram whose numbers are counted elsewhere (NumberHistogram) and only read when it is scraped.
import { Histogram, type MetricValueWithName, type Registry } from 'prom-client';
import type { NumberHistogram } from './number-histogram.ts';

export interface LabelledHistogram {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: NumberHistogram;
}

export interface CollectedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registry: Registry;
  /** One entry a series; all with the same bounds. */
  read(): Iterable<LabelledHistogram>;
}

export class CollectedHistogram extends Histogram<string> {
  readonly #options: CollectedHistogramOptions;

  constructor(options: CollectedHistogramOptions) {
    const { name, help, labelNames, registry } = options;
    super({ name, help, labelNames, registers: [registry] });
    this.#options = options;
  }

  /** What the registry asks for the text of a metric; prom-client declares it only in its source. */
  async getForPromString(): Promise<object> {
    const { name, help } = this.#options;
    const values: MetricValueWithName<string>[] = [];
    for (const series of this.#options.read()) values.push(...this.#valuesOf(series));
    return { name, help, type: 'histogram', values };
  }

  /** Buckets count everything up to their bound (Prometheus text format, histograms). */
  #valuesOf({ labels, histogram }: LabelledHistogram): MetricValueWithName<string>[] {
    const { name } = this.#options;
    let upTo = 0;
    const buckets = histogram.bounds.map((le, index) => {
      upTo += histogram.counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: upTo };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: histogram.count },
      { metricName: `${name}_sum`, labels, value: histogram.sum },
      { metricName: `${name}_count`, labels, value: histogram.count },
    ];
  }
}
