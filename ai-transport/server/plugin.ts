// AI Transport as plug-ins of core: each part takes the stages that it needs, and nothing of core knows what they mean.
import type { AiTransportSettings, Plugin, Settings } from '@sockudo/server/plugins';
import { Aftermath } from './aftermath.ts';
import { AiChannels } from './channels.ts';
import { type AuthoriseControl, aiClientEvents } from './client-events.ts';
import { AiMetrics } from './metrics.ts';
import { createRuns } from './runs/runs.ts';
import { StreamRules } from './streams/stream-rules.ts';
import { createUsage } from './usage/usage.ts';
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
  const runs = createRuns({ channels, orphanTtlMs, drivers });
  const authorise: AuthoriseControl = (connection, channel, lifecycle) =>
    runs.authorise(connection, channel, lifecycle);
  return [
    new Validation(channels, limits, metrics),
    {
      name: 'ai_transport clients',
      clientEvents: aiClientEvents({ channels, limits, metrics, authorise }),
    },
    // A claim is looked at before anything else in a step.
    runs,
    new StreamRules(channels, settings),
    delivery(channels, settings),
    createUsage(channels),
    new Aftermath(channels, metrics, orphanTtlMs),
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
