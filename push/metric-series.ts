// Which metric shows which count: names and labels are Sockudo's (push.md section 11), `app` beside the `app_id` of all metrics.
import type { PluginMetric } from '@sockudo/server/plugins';
import type { AppPushCounts, LabelledCounts, PushMetrics } from './metrics.ts';

export function metricsOf(metrics: PushMetrics): readonly PluginMetric[] {
  const labelled = (
    name: string,
    help: string,
    labels: readonly string[],
    of: (app: AppPushCounts) => LabelledCounts,
  ): PluginMetric => ({
    kind: 'counter',
    name: `push_${name}`,
    help,
    labelNames: ['app', ...labels],
    *read() {
      for (const [app, counts] of metrics.all()) {
        for (const [words, count] of of(counts).all()) {
          const named = labels.map((label, index): [string, string] => [label, words[index] ?? '']);
          yield [{ app_id: app, app, ...Object.fromEntries(named) }, count];
        }
      }
    },
  });
  const counter = (name: string, help: string, of: (app: AppPushCounts) => number): PluginMetric => ({
    kind: 'counter',
    name: `push_${name}`,
    help,
    labelNames: ['app'],
    *read() {
      for (const [app, counts] of metrics.all()) yield [{ app_id: app, app }, of(counts)];
    },
  });
  return [
    ...admissionSeries(labelled, counter),
    ...deliverySeries(labelled),
    histogram(
      metrics,
      'publish_acceptance_duration_seconds',
      'Time to accept a publish',
      'acceptanceSeconds',
    ),
    histogram(metrics, 'fanout_size', 'Expected recipients of a publish', 'fanout'),
    ofProcess('status_cas_conflicts_total', 'Changes of a status that were made again', () => [
      [{ component: 'status' }, metrics.statusConflicts],
    ]),
    ofProcess('repair_requeued_total', 'Accepted publishes that were queued again', () => [
      [{ stage: 'publish', reason: 'not_queued' }, metrics.repaired],
    ]),
  ];
}

type Labelled = (
  name: string,
  help: string,
  labels: readonly string[],
  of: (app: AppPushCounts) => LabelledCounts,
) => PluginMetric;
type Counter = (name: string, help: string, of: (app: AppPushCounts) => number) => PluginMetric;

const admissionSeries = (labelled: Labelled, counter: Counter): PluginMetric[] => [
  labelled(
    'publish_accepted_total',
    'Publishes by what was answered',
    ['result'],
    ({ accepted }) => accepted,
  ),
  counter(
    'quota_acceptance_rejections_total',
    'Requests beyond the publishes of a second',
    ({ acceptanceRefused }) => acceptanceRefused,
  ),
  counter('quota_delivery_rejections_total', 'Publishes beyond a quota', ({ quotaRefused }) => quotaRefused),
  counter('duplicate_suppressed_total', 'Publishes whose id was known', ({ duplicates }) => duplicates),
  counter('channel_publish_total', 'Publishes made from events', ({ channelPublishes }) => channelPublishes),
  counter('rate_dropped_total', 'Pushes of rules beyond their rate', ({ rateDropped }) => rateDropped),
];

const deliverySeries = (labelled: Labelled): PluginMetric[] => [
  labelled('dispatched_total', 'Results of deliveries', ['provider', 'status'], (app) => app.dispatched),
  labelled(
    'provider_failures_total',
    'Deliveries that failed',
    ['provider', 'failure_class'],
    (app) => app.failures,
  ),
  labelled('token_invalidations_total', 'Devices that are gone', ['provider'], (app) => app.invalidations),
  labelled(
    'retry_dead_lettered_total',
    'Deliveries that were given up',
    ['provider'],
    (app) => app.deadLettered,
  ),
  labelled('retry_scheduled_total', 'Deliveries that are tried again', ['provider'], (app) => app.retries),
  labelled('delivery_status_total', 'Results told from outside', ['status'], (app) => app.deliveryStatus),
  labelled(
    'device_state_transitions_total',
    'Devices that began or ceased to fail',
    ['from', 'to'],
    (app) => app.transitions,
  ),
];

function histogram(
  metrics: PushMetrics,
  name: string,
  help: string,
  member: 'acceptanceSeconds' | 'fanout',
): PluginMetric {
  return {
    kind: 'histogram',
    name: `push_${name}`,
    help,
    labelNames: ['app'],
    *read() {
      for (const [app, counts] of metrics.all()) {
        if (counts[member].count > 0) yield { labels: { app_id: app, app }, histogram: counts[member] };
      }
    },
  };
}

/** Not of one app: the label says so. */
function ofProcess(
  name: string,
  help: string,
  read: () => readonly [labels: Readonly<Record<string, string>>, count: number][],
): PluginMetric {
  const [first] = read();
  return {
    kind: 'counter',
    name: `push_${name}`,
    help,
    labelNames: Object.keys(first?.[0] ?? {}),
    read: () =>
      read().map(([labels, count]): [Record<string, string>, number] => [{ app_id: '', ...labels }, count]),
  };
}
