// Which metric shows which count: names and labels are Sockudo's (ai-transport-wire.md section 20).
import type { PluginMetric } from '@sockudo/server/plugins';
import type { AiMetrics, AppAiCounts } from './metrics.ts';
import type { StreamWatch } from './streams/stream-watch.ts';

export function metricsOf(metrics: AiMetrics, watch: StreamWatch): readonly PluginMetric[] {
  const counter = (name: string, help: string, read: (app: AppAiCounts) => number): PluginMetric => ({
    kind: 'counter',
    name,
    help,
    labelNames: [],
    *read() {
      for (const [app_id, counts] of metrics.all()) yield [{ app_id }, read(counts)];
    },
  });
  const labelled = (
    name: string,
    help: string,
    label: string,
    read: (app: AppAiCounts) => ReadonlyMap<string, number>,
  ): PluginMetric => ({
    kind: 'counter',
    name,
    help,
    labelNames: [label],
    *read() {
      for (const [app_id, counts] of metrics.all()) {
        for (const [word, count] of read(counts)) yield [{ app_id, [label]: word }, count];
      }
    },
  });
  const ended = (app: AppAiCounts) => app.runsEnded.byLabel;
  return [
    labelled(
      'ai_messages_validated_total',
      'AI events that passed the checks',
      'event',
      (app) => app.validated.byLabel,
    ),
    labelled(
      'ai_messages_rejected_total',
      'Requests that failed a check',
      'code',
      (app) => app.rejected.byLabel,
    ),
    counter('ai_runs_started_total', 'Runs started', (app) => app.runsStarted),
    labelled('ai_runs_ended_total', 'Runs ended', 'reason', ended),
    counter('ai_turns_started_total', 'The same as ai_runs_started_total', (app) => app.runsStarted),
    labelled('ai_turns_ended_total', 'The same as ai_runs_ended_total', 'reason', ended),
    counter('ai_cancel_signals_total', 'Cancels published', (app) => app.cancelSignals),
    counter('ai_stream_bytes_total', 'Bytes that streams consist of', (app) => app.streamBytes),
    ...ofStreams(metrics, watch),
  ];
}

function ofStreams(metrics: AiMetrics, watch: StreamWatch): readonly PluginMetric[] {
  return [
    {
      kind: 'gauge',
      name: 'ai_active_streams',
      help: 'Open messages that this node has to do with',
      labelNames: [],
      *read() {
        for (const [app_id, open] of watch.openByApp(Date.now())) yield [{ app_id }, open];
      },
    },
    {
      kind: 'histogram',
      name: 'ai_stream_duration_seconds',
      help: 'From the create of a stream to its end, seconds',
      labelNames: [],
      *read() {
        for (const [app_id, { streamSeconds }] of metrics.all()) {
          if (streamSeconds.count > 0) yield { labels: { app_id }, histogram: streamSeconds };
        }
      },
    },
  ];
}
