// Delivery as the service wants it: the pipeline on the queue, with the providers that the settings describe.
import type { PushSettings, RealtimeContext } from '@sockudo/server/plugins';
import { startDelivery } from './delivery/index.ts';
import { createProviders, type ProviderSettings, type PublishEvent } from './providers/index.ts';
import type { StartDispatcher } from './service.ts';

export const dispatcherOf: StartDispatcher = (context, settings, { repository, credentials }) => {
  const { workQueue: queue, keyedStore: store, logger } = context;
  const providers = createProviders(providerSettings(settings), publishEvent(context));
  const dispatcher = startDelivery({
    settings,
    queue,
    store,
    repository,
    credentials,
    providers,
    onError: (error) => logger.error({ err: error }, 'a push provider failed'),
  });
  return {
    accept: (publish) => dispatcher.accept(publish),
    cancel: (appId, publishId) => dispatcher.cancel(appId, publishId),
    replay: (replay) => dispatcher.replay(replay),
    backlog: () => dispatcher.backlog(),
    async close() {
      await dispatcher.close();
      await providers.close();
    },
  };
};

function providerSettings({ endpoints, apnsTopic, allowsLocalEndpoints }: PushSettings): ProviderSettings {
  const { fcm, apns, hms } = endpoints;
  return {
    allowPrivateNetworks: allowsLocalEndpoints,
    endpoints: {
      ...(fcm !== null && { fcm }),
      ...(apns !== null && { apns }),
      ...(hms !== null && { hms }),
    },
    ...(apnsTopic !== null && { apnsTopic }),
  };
}

const publishEvent =
  ({ settings, publisher }: RealtimeContext): PublishEvent =>
  async ({ appId, channel, event: name, data, messageId }) => {
    const app = settings.apps.find(({ id }) => id === appId);
    if (app === undefined) return 'unknown-app';
    const payloadBytes = Buffer.byteLength(data);
    const content = { name, channels: [channel], data: JSON.stringify(data), payloadBytes };
    await publisher.publishEvent(app, { ...content, info: null, messageId });
    return 'published';
  };
