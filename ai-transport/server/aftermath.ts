// What follows a stored event or version: webhooks, counts, and the sweep that ends what was abandoned. It needs the running server.
import { lifecycleOf } from '@sockudo/ai-transport/wire';
import type { App, Plugin, PluginMetric, Publication, RealtimeContext } from '@sockudo/server/plugins';
import type { LogEntry, VersionEntry } from '@sockudo/server/ports';
import { channelFacts } from './channel-facts.ts';
import type { AiChannels } from './channels.ts';
import { streamStateOf } from './extras-text.ts';
import { metricsOf } from './metric-series.ts';
import type { AiMetrics } from './metrics.ts';
import { tellOfOrphan, tellOfRun } from './run-webhooks.ts';
import { OrphanSweep } from './streams/orphan-sweep.ts';
import { isOpen } from './streams/stream-rules.ts';
import { StreamWatch } from './streams/stream-watch.ts';

export class Aftermath implements Plugin {
  readonly name = 'ai_transport aftermath';
  readonly metrics: readonly PluginMetric[];
  readonly #channels: AiChannels;
  readonly #metrics: AiMetrics;
  readonly #watch: StreamWatch;
  readonly #orphanTtlMs: number;
  #running: { readonly context: RealtimeContext; readonly sweep: OrphanSweep } | null = null;

  constructor(channels: AiChannels, metrics: AiMetrics, orphanTtlMs: number) {
    this.#channels = channels;
    this.#metrics = metrics;
    this.#orphanTtlMs = orphanTtlMs;
    this.#watch = new StreamWatch(metrics, 2 * orphanTtlMs);
    this.metrics = metricsOf(metrics, this.#watch);
  }

  start(context: RealtimeContext): void {
    const sweep = new OrphanSweep(context, {
      orphanTtlMs: this.#orphanTtlMs,
      onOrphan: (app, channel, serial) => tellOfOrphan(context.webhooks, app, channel, serial),
    });
    this.#running = { context, sweep };
  }

  async close(): Promise<void> {
    await this.#running?.sweep.close();
  }

  published(publication: Publication, entry: LogEntry | null): void {
    const { app, channel, event, data, extras } = publication;
    if (this.#running === null || !this.#channels.has(channel)) return;
    const lifecycle = lifecycleOf(event, extras?.ai?.transport);
    if (lifecycle !== null) {
      this.#metrics.countRun(app, lifecycle);
      tellOfRun(this.#running.context.webhooks, app, channel, lifecycle);
    }
    const messageSerial = entry?.messageSerial;
    if (messageSerial === undefined || extras?.ai === undefined) return;
    if (streamStateOf(extras.ai) !== 'streaming') return;
    const { publishedAtMs: atMs } = entry ?? publication;
    this.#watch.saw({ app, messageSerial, isOpen: true, atMs, bytes: Buffer.byteLength(data) });
  }

  versionCreated(app: App, entry: VersionEntry): void {
    const { key, messageSerial, action, data, publishedAtMs: atMs } = entry;
    if (!this.#channels.has(key.channel)) return;
    const bytes = action === 'append' && data !== null ? Buffer.byteLength(data) : 0;
    this.#watch.saw({ app, messageSerial, isOpen: isOpen(entry), atMs, bytes });
  }

  async channelFacts(app: App, channel: string): Promise<Readonly<Record<string, unknown>>> {
    if (this.#running === null) return {};
    return channelFacts(this.#running.context, this.#channels, app, channel);
  }
}
