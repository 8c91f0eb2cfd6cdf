// AI Transport as plug-ins of core: each part takes the stages that it needs, and nothing of core knows what they mean.
import type { Plugin, Settings } from '@sockudo/server/plugins';
import { AiChannels } from './channels.ts';
import { aiClientEvents } from './client-events.ts';
import { AiMetrics } from './metrics.ts';
import { headerLimitsOf, Validation } from './validation.ts';

/** None where `ai_transport` is off. */
export function createPlugins({ aiTransport: settings }: Pick<Settings, 'aiTransport'>): readonly Plugin[] {
  if (settings === null) return [];
  const channels = new AiChannels(settings.prefixes);
  const limits = headerLimitsOf(settings);
  const metrics = new AiMetrics();
  const validation = new Validation(channels, limits, metrics);
  const authorise = () => {};
  return [
    {
      name: 'ai_transport',
      checkPublish: (app, channel, facts) => validation.checkPublish(app, channel, facts),
      checkMutation: (app, channel, request) => validation.checkMutation(app, channel, request),
      acknowledges: (event) => validation.acknowledges(event),
      clientEvents: aiClientEvents({ channels, limits, metrics, authorise }),
    },
  ];
}
