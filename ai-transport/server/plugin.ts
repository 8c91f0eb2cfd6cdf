// AI Transport as plug-ins of core: each part takes the stages that it needs, and nothing of core knows what they mean.
import type { AiTransportSettings, Plugin, RealtimeContext, Settings } from '@sockudo/server/plugins';
import { channelFacts } from './channel-facts.ts';
import { AiChannels } from './channels.ts';
import { aiClientEvents } from './client-events.ts';
import { AiMetrics } from './metrics.ts';
import { tellOfOrphan, tellOfRun } from './run-webhooks.ts';
import { createRuns } from './runs/runs.ts';
import { OrphanSweep } from './streams/orphan-sweep.ts';
import { StreamRules } from './streams/stream-rules.ts';
import { headerLimitsOf, Validation } from './validation.ts';

/** None where `ai_transport` is off. */
export function createPlugins({
  aiTransport: settings,
  drivers,
}: Pick<Settings, 'aiTransport' | 'drivers'>): readonly Plugin[] {
  if (settings === null) return [];
  const channels = new AiChannels(settings.prefixes);
  const metrics = new AiMetrics();
  const limits = headerLimitsOf(settings);
  const { orphanTtlMs } = settings;
  return [
    new Validation(channels, limits, metrics),
    {
      name: 'ai_transport clients',
      clientEvents: aiClientEvents({ channels, limits, metrics, authorise() {} }),
    },
    new StreamRules(channels, settings),
    createRuns({ channels, orphanTtlMs, drivers }),
    delivery(channels, settings),
    aftermath(channels, orphanTtlMs),
  ];
}

function delivery(
  channels: AiChannels,
  { rollup, maxOpenStreamsPerChannel }: Pick<AiTransportSettings, 'rollup' | 'maxOpenStreamsPerChannel'>,
): Plugin {
  if (rollup === null) return { name: 'ai_transport delivery' };
  return {
    name: 'ai_transport delivery',
    rollup: {
      covers: (channel) => channels.has(channel),
      defaultWindowMs: rollup.defaultWindowMs,
      maxMessages: maxOpenStreamsPerChannel,
    },
  };
}

/** What needs the running server. */
function aftermath(channels: AiChannels, orphanTtlMs: number): Plugin {
  let context: RealtimeContext | null = null;
  let sweep: OrphanSweep | null = null;
  return {
    name: 'ai_transport aftermath',
    start(started) {
      context = started;
      sweep = new OrphanSweep(started, {
        orphanTtlMs,
        onOrphan: (app, channel, serial) => tellOfOrphan(started.webhooks, app, channel, serial),
      });
    },
    async close() {
      await sweep?.close();
    },
    published(publication) {
      if (context !== null) tellOfRun(context.webhooks, publication);
    },
    async channelFacts(app, channel) {
      return context === null ? {} : channelFacts(context, channels, app, channel);
    },
  };
}
