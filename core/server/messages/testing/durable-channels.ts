// Test support: everything that stands behind the routes of durable channels, on a log in memory. Publishes are real ones;
// what goes out to subscribers and to webhooks is remembered instead of sent. Not used by the server.

import { createVersionSerials, parsePublish } from '@sockudo/protocol';
import { pino } from 'pino';
import type { App } from '../../apps/app.ts';
import { createMemoryCache } from '../../memory/cache.ts';
import { createMemoryChannelLog } from '../../memory/channel-log.ts';
import { createLocalFanout } from '../../memory/fanout.ts';
import { type Counters, createCounters } from '../../metrics/counters.ts';
import { NO_PLUGINS } from '../../plugins/stages.ts';
import type { ControlSignal } from '../../ports/fanout.ts';
import type { DurableLog } from '../../ports/index.ts';
import type { Message } from '../../ports/message.ts';
import { AfterEffects } from '../../publish/after-effects.ts';
import { Append } from '../../publish/append.ts';
import { ChannelLogs } from '../../publish/channel-logs.ts';
import { MessageIdentities } from '../../publish/message-identities.ts';
import { Mutate } from '../../publish/mutate.ts';
import { Publisher } from '../../publish/publisher.ts';
import { RequestKeys } from '../../publish/request-keys.ts';
import type { WebhookEvent } from '../../webhooks/webhook-event.ts';
import type { ActorConnection } from '../actor.ts';
import { Annotations } from '../annotations.ts';
import { ChannelHistory } from '../channel-history.ts';
import { Mutations } from '../mutations.ts';

export interface DurableChannelsOptions {
  readonly log?: DurableLog;
  readonly pageSize?: number;
  readonly versionsEnabled?: boolean;
  readonly annotationsEnabled?: boolean;
  readonly maxFrameBytes?: number;
  /** Milliseconds since the epoch, for serials only. */
  readonly now?: () => number;
}

export interface DurableChannels {
  readonly log: DurableLog;
  readonly counters: Counters;
  readonly publisher: Publisher;
  readonly history: ChannelHistory;
  readonly mutations: Mutations;
  readonly annotations: Annotations;
  readonly delivered: Message[];
  readonly signals: ControlSignal[];
  readonly webhooks: WebhookEvent[];
  /** Connections that requests may name, by socket id. */
  readonly connections: Map<string, ActorConnection>;
  /** Publishes over the API and answers the new message's serial; empty where messages are not mutable. */
  create(app: App, channel: string, event: string, data: unknown, more?: object): Promise<string>;
}

export function durableChannels(options: DurableChannelsOptions = {}): DurableChannels {
  const log = options.log ?? createMemoryChannelLog();
  const logs = new ChannelLogs(log, createMemoryChannelLog());
  const delivered: Message[] = [];
  const signals: ControlSignal[] = [];
  const webhooks: WebhookEvent[] = [];
  const connections = new Map<string, ActorConnection>();
  const fanout = createLocalFanout();
  fanout.listen({
    onEnvelope: ({ message }) => void delivered.push(message),
    onControl: (signal) => void signals.push(signal),
  });
  const counters = createCounters();
  const afterEffects = new AfterEffects({
    cache: createMemoryCache(),
    webhooks: { emit: (_app, event) => void webhooks.push(event) },
    counters,
    logger: pino({ enabled: false }),
    cachedEventTtlMs: 1_000,
    stages: NO_PLUGINS,
  });
  const serials = createVersionSerials('node', options.now ?? Date.now);
  const versions = {
    logs,
    mutate: new Mutate(fanout, afterEffects),
    findConnection: (_app: App, socketId: string) => connections.get(socketId),
    nextSerial: serials.next,
    pageSize: options.pageSize ?? 10,
    counters,
    stages: NO_PLUGINS,
    settings: {
      versionsEnabled: options.versionsEnabled ?? true,
      annotationsEnabled: options.annotationsEnabled ?? true,
      maxFrameBytes: options.maxFrameBytes ?? 65_536,
    },
  };
  const publisher = new Publisher({
    logs,
    append: new Append(logs, fanout, afterEffects, NO_PLUGINS),
    requestKeys: new RequestKeys(logs),
    identities: new MessageIdentities(serials),
    counters,
    channelInfo: async () => ({}),
    ephemeralEnabled: true,
    stages: NO_PLUGINS,
  });
  return {
    log,
    counters,
    publisher,
    history: new ChannelHistory({
      logs,
      pageSize: options.pageSize ?? 10,
      onCut: ({ appId, channel }, head) => fanout.control({ kind: 'channel-cut', appId, channel, head }),
    }),
    mutations: new Mutations(versions),
    annotations: new Annotations(versions),
    delivered,
    signals,
    webhooks,
    connections,
    async create(app, channel, event, data, more = {}) {
      const request = parsePublish({ name: event, channel, data, info: '', ...more });
      const answer: unknown = JSON.parse(await publisher.publishEvent(app, request));
      // CAST: with `info` the publisher answers `{"channels":{CHANNEL:{…}}}`.
      const { channels } = answer as { channels: Record<string, { message_serial?: string }> };
      return channels[channel]?.message_serial ?? '';
    },
  };
}
