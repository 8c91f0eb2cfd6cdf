// Which metric shows which count: names and labels are Sockudo's (HTTP sheet, metrics catalogue). Series appear with their first
// use, and nothing is labelled by a channel, user or message.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { AppStats } from '../http/http-deps.ts';
import { CollectedHistogram, type LabelledHistogram } from './collected-histogram.ts';
import { type AppCounters, CHANNEL_TYPES, type Counters } from './counters.ts';
import type { NumberHistogram } from './number-histogram.ts';

export interface AppMetricsSource {
  readonly registry: Registry;
  /** In front of every name; default of the setting: `sockudo_`. */
  readonly prefix: string;
  /** Label `port`: that of the metrics listener. */
  readonly port: string;
  readonly counters: Counters;
  appStats(): readonly AppStats[];
}

/** Where a metric is registered, and what its series have in common. */
type MetricPlace = Pick<AppMetricsSource, 'registry' | 'prefix' | 'port'>;
type Labels = Readonly<Record<string, string>>;
/** One series and its value. */
export type Sample = readonly [labels: Labels, value: number];

/** Counters of an app without further labels: name, what it counts, where the number is. */
const PLAIN: readonly (readonly [name: string, help: string, read: (app: AppCounters) => number])[] = [
  ['new_connections_total', 'Connections opened', (app) => app.newConnections],
  ['new_disconnections_total', 'Connections closed', (app) => app.newDisconnections],
  ['socket_received_bytes', 'Payload bytes received over WebSockets', (app) => app.socketReceivedBytes],
  ['socket_transmitted_bytes', 'Payload bytes sent over WebSockets', (app) => app.socketTransmittedBytes],
  ['ws_messages_received_total', 'WebSocket messages received', (app) => app.wsMessagesReceived],
  ['ws_messages_sent_total', 'WebSocket messages sent', (app) => app.wsMessagesSent],
  ['http_calls_received_total', 'Successful HTTP API calls', (app) => app.httpCallsReceived],
  ['http_received_bytes', 'Body bytes of successful HTTP API calls', (app) => app.httpReceivedBytes],
  ['http_transmitted_bytes', 'Body bytes of their answers', (app) => app.httpTransmittedBytes],
  ['idempotency_publish_total', 'Publishes with an idempotency key', (app) => app.idempotencyPublishes],
  ['idempotency_duplicates_total', 'Of those, answered from a receipt', (app) => app.idempotencyDuplicates],
  ['ephemeral_messages_total', 'Messages published without being stored', (app) => app.ephemeralMessages],
  ['event_filter_suppressed_total', 'Deliveries left out by a filter', (app) => app.eventFilterSuppressed],
  ['echo_suppressed_total', 'Deliveries left out for their publisher', (app) => app.echoSuppressed],
  ['delta_compression_full_messages_total', 'Bases sent to subscribers', (app) => app.deltaFullMessages],
  ['delta_compression_delta_messages_total', 'Deltas sent to subscribers', (app) => app.deltaMessages],
  ['delta_compression_bandwidth_original_bytes', 'Bytes of both as bases', (app) => app.deltaOriginalBytes],
  ['delta_compression_bandwidth_saved_bytes', 'Of those, not sent', (app) => app.deltaSavedBytes],
  ['history_writes_total', 'Messages stored in the channel log', (app) => app.historyWrites],
  ['history_write_failures_total', 'Messages the log could not store', (app) => app.historyWriteFailures],
  ['history_evictions_total', 'Messages removed by retention', (app) => app.historyEvictions],
  ['history_evicted_bytes_total', 'Bytes removed by retention', (app) => app.historyEvictedBytes],
  ['appends_received_total', 'Appends that came to be rolled up', (app) => app.appendsReceived],
  ['appends_delivered_total', 'Frames they left in', (app) => app.appendsDelivered],
  ['annotations_published_total', 'Annotations added to messages', (app) => app.annotationsPublished],
  ['annotations_deleted_total', 'Annotations taken back', (app) => app.annotationsDeleted],
  ['presence_history_writes_total', 'Joins, leaves and updates stored', (app) => app.presenceHistoryWrites],
  ['presence_history_write_failures_total', 'Those lost', (app) => app.presenceHistoryWriteFailures],
  ['webhooks_delivered_total', 'Webhook requests that were accepted', (app) => app.webhooksDelivered],
  ['webhooks_retried_total', 'Webhook requests to be sent again', (app) => app.webhooksRetried],
  ['webhooks_failed_total', 'Webhook requests given up', (app) => app.webhooksFailed],
  ['webhooks_dropped_total', 'Events that never entered the webhook queue', (app) => app.webhooksDropped],
];

export function registerAppMetrics(source: AppMetricsSource): void {
  for (const [name, help, read] of PLAIN) {
    collectedCounter(source, name, help, [], () => eachApp(source, (app) => [[{}, read(app)]]));
  }
  registerGauges(source);
  registerLabelled(source);
  registerChannels(source);
  registerRateLimits(source);
  registerHistograms(source);
}

function registerGauges(source: AppMetricsSource): void {
  collectedGauge(source, 'connected', 'Connections open now', [], () =>
    eachApp(source, (app) => (app.newConnections > 0 ? [[{}, app.connected]] : [])),
  );
  collectedGauge(source, 'active_streams', 'Messages whose appends are being rolled up now', [], () =>
    eachApp(source, (app) => (app.appendsReceived > 0 ? [[{}, app.activeStreams]] : [])),
  );
}

function registerLabelled(source: AppMetricsSource): void {
  collectedCounter(
    source,
    'connection_errors_total',
    'Errors sent to or met on connections',
    ['error_type'],
    () => eachApp(source, (app) => labelled('error_type', app.connectionErrors.entries())),
  );
  collectedCounter(
    source,
    'history_recovery_success_total',
    'Channels resumed without a gap',
    ['source'],
    () => eachApp(source, (app) => labelled('source', Object.entries(app.historyRecoveries))),
  );
  collectedCounter(
    source,
    'history_recovery_failures_total',
    'Channels that could not be resumed',
    ['code'],
    () => eachApp(source, (app) => labelled('code', app.historyRecoveryFailures.entries())),
  );
  const changes = ['action', 'result'] as const;
  collectedCounter(
    source,
    'versioned_message_mutations_total',
    'Changes of mutable messages asked for',
    changes,
    () => eachApp(source, (app) => labelledTwice(changes, app.versionMutations.entries())),
  );
  const reads = ['surface', 'result'] as const;
  collectedCounter(source, 'versioned_message_retrieval_total', 'Reads of mutable messages', reads, () =>
    eachApp(source, (app) => labelledTwice(reads, app.versionRetrievals.entries())),
  );
}

function registerChannels(source: AppMetricsSource): void {
  const byType = ['channel_type'] as const;
  collectedCounter(source, 'channel_subscriptions_total', 'Subscriptions made', byType, () =>
    eachApp(source, (app) => labelled('channel_type', Object.entries(app.channelSubscriptions))),
  );
  collectedCounter(source, 'channel_unsubscriptions_total', 'Subscriptions ended', byType, () =>
    eachApp(source, (app) => labelled('channel_type', Object.entries(app.channelUnsubscriptions))),
  );
  collectedGauge(source, 'active_channels', 'Channels with subscribers on this node', byType, function* () {
    for (const { appId, activeChannels } of source.appStats()) {
      const types = CHANNEL_TYPES.filter((type) => source.counters.of(appId).channelSubscriptions[type] > 0);
      for (const type of types) yield [{ app_id: appId, channel_type: type }, activeChannels[type]];
    }
  });
}

/** Counted for the whole server: a limiter decides before it is known which app is meant. */
function registerRateLimits(source: AppMetricsSource): void {
  const { api, websocket } = source.counters.rateLimits;
  const limiters = [
    [{ limiter_type: 'api_rate_limit', request_context: 'http_api' }, api],
    [{ limiter_type: 'websocket_rate_limit', request_context: 'websocket_upgrade' }, websocket],
  ] as const;
  const names = ['limiter_type', 'request_context'];
  collectedCounter(source, 'rate_limit_checks_total', 'Requests looked at by a rate limiter', names, () =>
    limiters.map(([labels, { checks }]) => [{ app_id: 'global', ...labels }, checks]),
  );
  collectedCounter(source, 'rate_limit_triggered_total', 'Requests refused by a rate limiter', names, () =>
    limiters.map(([labels, { triggered }]) => [{ app_id: 'global', ...labels }, triggered]),
  );
}

function registerHistograms(source: AppMetricsSource): void {
  const { registry, prefix, port, counters } = source;
  new CollectedHistogram({
    registry,
    name: `${prefix}broadcast_latency_ms`,
    help: 'From the start of a publish to the last write to a subscriber, milliseconds',
    labelNames: ['app_id', 'port', 'channel_type', 'recipient_count_bucket'],
    *read(): Iterable<LabelledHistogram> {
      for (const [appId, app] of counters.all()) {
        for (const { channelType, recipientBucket, histogram } of app.broadcastLatencies()) {
          const labels = { channel_type: channelType, recipient_count_bucket: recipientBucket };
          yield { labels: { app_id: appId, port, ...labels }, histogram };
        }
      }
    },
  });
  registerHistogram(
    source,
    'history_write_latency_ms',
    'From handing a message to the channel log to its promise being kept, milliseconds',
    (app) => app.historyWriteLatencyMs,
  );
  registerHistogram(
    source,
    'presence_history_write_latency_ms',
    'One commit of joins, leaves and updates of a channel, milliseconds',
    (app) => app.presenceHistoryWriteLatencyMs,
  );
  registerHistogram(source, 'rollup_ratio', 'Appends in a frame', (app) => app.rollupRatio);
  registerHistogram(
    source,
    'flush_latency',
    'How long the first of the appends that left together was held, milliseconds',
    (app) => app.flushLatencyMs,
  );
}

function registerHistogram(
  { registry, prefix, port, counters }: AppMetricsSource,
  name: string,
  help: string,
  histogramOf: (app: AppCounters) => NumberHistogram,
): void {
  new CollectedHistogram({
    registry,
    name: `${prefix}${name}`,
    help,
    labelNames: ['app_id', 'port'],
    *read(): Iterable<LabelledHistogram> {
      for (const [appId, app] of counters.all()) {
        const histogram = histogramOf(app);
        if (histogram.count > 0) yield { labels: { app_id: appId, port }, histogram };
      }
    },
  });
}

function* eachApp(
  { counters }: AppMetricsSource,
  read: (app: AppCounters) => Iterable<Sample>,
): Iterable<Sample> {
  for (const [appId, app] of counters.all()) {
    for (const [labels, value] of read(app)) yield [{ app_id: appId, ...labels }, value];
  }
}

function* labelled(
  name: string,
  counts: Iterable<readonly [label: string, count: number]>,
): Iterable<Sample> {
  for (const [label, count] of counts) yield [{ [name]: label }, count];
}

/** Of counts whose label is two words. */
function* labelledTwice(
  [first, second]: readonly [string, string],
  counts: Iterable<readonly [label: string, count: number]>,
): Iterable<Sample> {
  for (const [label, count] of counts) {
    const [a = '', b = ''] = label.split(' ');
    yield [{ [first]: a, [second]: b }, count];
  }
}

/** A counter whose series are those with a count above zero. */
export function collectedCounter(
  { registry, prefix, port }: MetricPlace,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => Iterable<Sample>,
): void {
  const metric = new Counter({
    name: prefix + name,
    help,
    labelNames: ['app_id', 'port', ...labelNames],
    registers: [registry],
    collect() {
      metric.reset();
      for (const [labels, value] of read()) if (value > 0) metric.inc({ ...labels, port }, value);
    },
  });
}

/** A gauge whose series are those that are read. */
export function collectedGauge(
  { registry, prefix, port }: MetricPlace,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => Iterable<Sample>,
): void {
  const metric = new Gauge({
    name: prefix + name,
    help,
    labelNames: ['app_id', 'port', ...labelNames],
    registers: [registry],
    collect() {
      metric.reset();
      for (const [labels, value] of read()) metric.set({ ...labels, port }, value);
    },
  });
}
