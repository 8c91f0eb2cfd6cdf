// The realtime side of one server: hub, publisher and what they work with, wired to the ports. Tests put the same parts on
// memory drivers and a clock of their own.
import { channelKind, createVersionSerials } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { App } from './apps/app.ts';
import { answerQuestion, findElsewhere } from './cluster/questions.ts';
import type { Drivers } from './compose.ts';
import { Annotations } from './messages/annotations.ts';
import { ChannelHistory } from './messages/channel-history.ts';
import { Mutations } from './messages/mutations.ts';
import { channelTypeOf } from './metrics/channel-type.ts';
import type { Counters } from './metrics/counters.ts';
import { NO_PLUGINS, type PluginStages } from './plugins/stages.ts';
import type { ControlSignal } from './ports/fanout.ts';
import { PresenceHistory } from './presence-history/presence-history.ts';
import { AfterEffects } from './publish/after-effects.ts';
import { Append } from './publish/append.ts';
import { ChannelLogs } from './publish/channel-logs.ts';
import { MessageIdentities } from './publish/message-identities.ts';
import { Mutate } from './publish/mutate.ts';
import { Publisher } from './publish/publisher.ts';
import { RequestKeys } from './publish/request-keys.ts';
import { closeUserConnections } from './realtime/close-user.ts';
import type { RealtimeContext } from './realtime/context.ts';
import { DeadlineWheel } from './realtime/deadline-wheel.ts';
import { leavePresence } from './realtime/detach.ts';
import { Hub } from './realtime/hub.ts';
import { PresenceLeaves } from './realtime/presence-leaves.ts';
import { HotBuffers } from './realtime/recovery/hot-buffers.ts';
import { Recovery } from './realtime/recovery/recovery.ts';
import { Rollup } from './realtime/rollup/rollup.ts';
import { Watchlists } from './realtime/watchlists.ts';
import type { Settings } from './settings.ts';
import { Revocations } from './tokens/revocations.ts';
import { TokenVerifier } from './tokens/token-verifier.ts';
import { createWebhooks } from './webhooks/webhooks.ts';

export interface RealtimeParts {
  readonly settings: Settings;
  readonly drivers: Drivers;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Default: no plug-ins. */
  readonly stages?: PluginStages;
  /** What deadlines go by, milliseconds; default: time since the process started. */
  readonly clock?: () => number;
}

/** Puts the realtime side together. From then on it hears what the fan-out brings. */
export function createRealtimeContext({
  settings,
  drivers,
  counters,
  logger,
  stages = NO_PLUGINS,
  clock,
}: RealtimeParts): RealtimeContext {
  const { fanout, presence, occupancy, cache, keyedStore, workQueue } = drivers;
  const wheel = new DeadlineWheel(clock);
  const logs = new ChannelLogs(drivers.durableLog, drivers.volatileLog);
  const webhooks = createWebhooks({
    queue: workQueue,
    counters,
    logger,
    settings: settings.webhooks,
  });
  const hot = new HotBuffers();
  const channels = {
    join: (appId: string, channel: string) => fanout.join({ appId, channel }),
    leave: (appId: string, channel: string) => fanout.leave({ appId, channel }),
  };
  const rollup = createRollup({ settings, logger, stages, ...(clock !== undefined && { clock }) });
  const hub = new Hub(settings.apps, counters, settings.filters, hot, channels, rollup);
  const afterEffects = new AfterEffects({
    cache,
    webhooks,
    counters,
    logger,
    cachedEventTtlMs: settings.cachedEventTtlMs,
    stages,
  });
  const serials = createVersionSerials(settings.nodeId, Date.now);
  const publisher = new Publisher({
    logs,
    append: new Append(logs, fanout, afterEffects, stages),
    requestKeys: new RequestKeys(logs),
    identities: new MessageIdentities(serials),
    counters,
    channelInfo: (app, channel, wanted) => channelInfo(drivers, app, channel, wanted),
    ephemeralEnabled: settings.ephemeralEnabled,
    stages,
  });
  const versions = {
    logs,
    settings,
    mutate: new Mutate(fanout, afterEffects),
    findConnection: (app: App, socketId: string) =>
      hub.app(app.id).connections.get(socketId) ?? findElsewhere(fanout, app, socketId),
    nextSerial: serials.next,
    pageSize: settings.pages.versions,
    counters,
    stages,
  };
  const presenceLeaves = new PresenceLeaves(wheel, (departure) => leavePresence(departure, context));
  const context: RealtimeContext = {
    settings,
    logger,
    counters,
    stages,
    hub,
    wheel,
    logs,
    fanout,
    presence,
    occupancy,
    cache,
    keyedStore,
    workQueue,
    webhooks,
    revocations: new Revocations(cache),
    tokens: new TokenVerifier(settings.apps, { logger }),
    watchlists: new Watchlists(),
    presenceHistory: new PresenceHistory({
      logOf: (app) => logs.receiptsOf(app),
      counters,
      logger,
      maxPageRows: settings.pages.presenceHistory,
    }),
    presenceLeaves,
    recovery: new Recovery({ hub, logs, hot, wheel, logger, frameOptions: settings.filters }),
    publisher,
    history: new ChannelHistory({
      logs,
      pageSize: settings.pages.history,
      onCut: ({ appId, channel }, head) => fanout.control({ kind: 'channel-cut', appId, channel, head }),
    }),
    mutations: new Mutations(versions),
    annotations: new Annotations(versions),
  };
  fanout.listen({
    onEnvelope: (envelope) => {
      const { key, message } = envelope;
      const recipients = hub.deliver(envelope);
      if (recipients === 0 || message.platform === true) return;
      const type = channelTypeOf(channelKind(key.channel));
      counters.of(key.appId).observeBroadcast(type, recipients, Date.now() - message.publishedAtMs);
    },
    onControl: (signal) => obey(context, signal),
    onQuestion: (question) => answerQuestion(context, question),
    wantsFullForm: ({ appId }) => hub.app(appId).fullModeConnections > 0,
  });
  return context;
}

function createRollup({
  settings,
  logger,
  stages: { rollup: policy },
  clock,
}: Pick<RealtimeParts, 'settings' | 'logger' | 'clock'> & { readonly stages: PluginStages }): Rollup | null {
  if (policy === null) return null;
  const onError = (error: unknown): void => logger.error({ err: error }, 'appends could not be sent');
  return new Rollup({
    policy,
    frameOptions: settings.filters,
    onError,
    ...(clock !== undefined && { clock }),
  });
}

function obey(context: RealtimeContext, signal: ControlSignal): void {
  switch (signal.kind) {
    case 'close-user':
      closeUserConnections(context.hub, signal);
      return;
    case 'channel-cut':
      context.recovery.cut(signal, signal.head);
      return;
  }
}

async function channelInfo(
  { presence, occupancy }: Drivers,
  app: App,
  channel: string,
  wanted: ReadonlySet<string>,
): Promise<{ user_count?: number; subscription_count?: number }> {
  const countsUsers = wanted.has('user_count') && channelKind(channel).isPresence;
  return {
    ...(countsUsers && { user_count: (await presence.members(app.id, channel)).length }),
    ...(wanted.has('subscription_count') && { subscription_count: await occupancy.count(app.id, channel) }),
  };
}
