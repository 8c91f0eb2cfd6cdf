// What the realtime side of one server process works with. Built once in server.ts; every handler gets it.
import type { VersionSerials } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { Annotations } from '../messages/annotations.ts';
import type { ChannelHistory } from '../messages/channel-history.ts';
import type { Mutations } from '../messages/mutations.ts';
import type { Counters } from '../metrics/counters.ts';
import type { PluginStages } from '../plugins/stages.ts';
import type { Cache } from '../ports/cache.ts';
import type { ChannelLog } from '../ports/channel-log.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { KeyedStore } from '../ports/keyed-store.ts';
import type { Occupancy } from '../ports/occupancy.ts';
import type { Presence } from '../ports/presence.ts';
import type { WorkQueue } from '../ports/work-queue.ts';
import type { PresenceHistory } from '../presence-history/presence-history.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { Settings } from '../settings.ts';
import type { Revocations } from '../tokens/revocations.ts';
import type { TokenVerifier } from '../tokens/token-verifier.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { DeadlineWheel } from './deadline-wheel.ts';
import type { Hub } from './hub.ts';
import type { PresenceLeaves } from './presence-leaves.ts';
import type { Recovery } from './recovery/recovery.ts';
import type { Watchlists } from './watchlists.ts';

export interface RealtimeContext {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly stages: PluginStages;
  readonly hub: Hub;
  readonly wheel: DeadlineWheel;
  readonly logs: ChannelLogs;
  readonly fanout: Fanout;
  readonly presence: Presence;
  readonly occupancy: Occupancy;
  readonly cache: Cache;
  /** For what plug-ins keep; the first part of a key names the plug-in. */
  readonly keyedStore: KeyedStore;
  /** For jobs of plug-ins, under queue names of their own. */
  readonly workQueue: WorkQueue;
  readonly webhooks: Webhooks;
  readonly revocations: Revocations;
  readonly tokens: TokenVerifier;
  readonly watchlists: Watchlists;
  readonly presenceHistory: PresenceHistory;
  readonly presenceLeaves: PresenceLeaves;
  readonly publisher: Publisher;
  readonly recovery: Recovery;
  readonly history: ChannelHistory;
  readonly mutations: Mutations;
  readonly annotations: Annotations;
}

export type { ChannelLog, VersionSerials };
