// What follows a delivered message: the cached event of a cache channel, webhooks, counters. Off the latency path, and never
// able to fail the publish.
import { channelKind } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { App } from '../apps/app.ts';
import type { Counters } from '../metrics/counters.ts';
import type { PluginStages } from '../plugins/stages.ts';
import type { Cache } from '../ports/cache.ts';
import type { LogEntry } from '../ports/channel-log.ts';
import type { AnnotationEntry, VersionEntry } from '../ports/message-log.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { cachedEventKey, encodeCachedEvent } from './cached-event.ts';
import type { Publication } from './publication.ts';

export interface AfterEffectsDeps {
  readonly cache: Cache;
  readonly webhooks: Pick<Webhooks, 'emit'>;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly cachedEventTtlMs: number;
  readonly stages: PluginStages;
}

export class AfterEffects {
  readonly #deps: AfterEffectsDeps;

  constructor(deps: AfterEffectsDeps) {
    this.#deps = deps;
  }

  published(publication: Publication, entry: LogEntry | null): void {
    const { app, channel, isEphemeral } = publication;
    const counters = this.#deps.counters.of(app.id);
    if (isEphemeral) counters.ephemeralMessages += 1;
    if (entry !== null) counters.historyWrites += 1;
    if (publication.source === 'http' && channelKind(channel).isCache) this.#cacheEvent(publication);
    this.#deps.stages.published(publication, entry);
    if (app.webhooks.length === 0 || isEphemeral) return;
    if (publication.source === 'client') this.#clientEventWebhook(publication);
    if (entry?.messageSerial !== undefined) {
      this.#deps.webhooks.emit(app, {
        name: 'message_version_created',
        channel,
        message_serial: entry.messageSerial,
        version_serial: entry.messageSerial,
        action: 'message.create',
      });
    }
  }

  versionCreated(app: App, entry: VersionEntry): void {
    this.#deps.stages.versionCreated(app, entry);
    if (app.webhooks.length === 0) return;
    const { key, messageSerial, versionSerial, action } = entry;
    this.#deps.webhooks.emit(app, {
      name: 'message_version_created',
      channel: key.channel,
      message_serial: messageSerial,
      version_serial: versionSerial,
      action: `message.${action}`,
    });
  }

  annotated(app: App, { key, record }: AnnotationEntry): void {
    const counters = this.#deps.counters.of(app.id);
    if (record.targetSerial === undefined) counters.annotationsPublished += 1;
    else counters.annotationsDeleted += 1;
    if (app.webhooks.length === 0) return;
    const { messageSerial, annotationSerial, targetSerial, type } = record;
    this.#deps.webhooks.emit(app, {
      name: targetSerial === undefined ? 'annotation_created' : 'annotation_deleted',
      channel: key.channel,
      message_serial: messageSerial,
      annotation_serial: annotationSerial,
      ...(targetSerial !== undefined && { deleted_annotation_serial: targetSerial }),
      annotation_type: type,
    });
  }

  #cacheEvent({ app, channel, event, data }: Publication): void {
    const { cache, cachedEventTtlMs, logger } = this.#deps;
    cache
      .set(cachedEventKey(app.id, channel), encodeCachedEvent(channel, event, data), cachedEventTtlMs)
      .catch((error: unknown) =>
        logger.error({ err: error, app_id: app.id }, 'an event could not be cached'),
      );
  }

  #clientEventWebhook(publication: Publication): void {
    const { app, channel, event, data, senderSocketId, userId, withheld } = publication;
    this.#deps.webhooks.emit(app, {
      name: 'client_event',
      channel,
      event: withheld?.event ?? event,
      // Sockudo's webhooks carry the data of client events as a string.
      data: withheld !== undefined ? null : data.startsWith('"') ? String(JSON.parse(data)) : data,
      socket_id: senderSocketId ?? '',
      ...(userId !== undefined && { user_id: userId }),
    });
  }
}
