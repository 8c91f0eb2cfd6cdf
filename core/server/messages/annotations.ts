// Annotations as the HTTP API offers them: add one to a message, take one back, list them. Checks in the documented order, the
// step of the log, the answer (http.md section 8).
import { randomUUID } from 'node:crypto';
import {
  type AnnotationRequest,
  encodeAnnotation,
  httpError,
  parseAnnotationsQuery,
  type QueryParameters,
  requireAnnotationParts,
  summarize,
  summarizerOf,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { StoreUnavailable } from '../ports/channel-log.ts';
import type { DurableLog } from '../ports/index.ts';
import type { AnnotationDraft, AnnotationRecord, AnnotationResult } from '../ports/message-log.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import type { Mutate } from '../publish/mutate.ts';
import { retentionOf } from '../publish/publication.ts';
import {
  type Actor,
  actorOf,
  type FindConnection,
  requireAnnotationAccess,
  requireAnnotationDelete,
} from './actor.ts';
import { type FeatureSettings, requireAnnotations, requireHistory } from './features.ts';
import { messageNotFound } from './mutation-outcome.ts';
import { summaryMessage } from './summaries.ts';

export interface AnnotationsDeps {
  readonly logs: ChannelLogs;
  readonly mutate: Mutate;
  readonly findConnection: FindConnection;
  /** Serial of an annotation of the message with this create. */
  readonly nextSerial: (historySerial: number) => string;
  readonly settings: FeatureSettings & { readonly maxFrameBytes: number };
  /** Events of a page at most. */
  readonly pageSize: number;
}

export class Annotations {
  readonly #deps: AnnotationsDeps;

  constructor(deps: AnnotationsDeps) {
    this.#deps = deps;
  }

  /** @throws ProtocolError 422 `feature_disabled` or 403 `forbidden` where there are no annotations */
  requireEnabled(app: App, channel: string): void {
    requireAnnotations(this.#deps.settings, app, channel);
    requireHistory(app, channel);
  }

  /** Adds an annotation and answers the body. @throws ProtocolError 400, 401, 403, 404, 422 */
  async create(
    app: App,
    channel: string,
    messageSerial: string,
    request: AnnotationRequest,
  ): Promise<string> {
    this.requireEnabled(app, channel);
    const log = this.#log(app);
    if ((await log.message({ appId: app.id, channel }, messageSerial)) === null) {
      throw messageNotFound(channel, messageSerial);
    }
    const summarizer = summarizerOf(request.type);
    const actor = await actorOf(this.#deps.findConnection, app, request, 'Annotation');
    requireAnnotationAccess(actor, ['publish', 'annotation-publish'], channel);
    const annotation = attributed(request, actor);
    requireAnnotationParts(summarizer, annotation);
    const { socketId: _, ...parts } = annotation;
    const timestampMs = Date.now();
    const result = await this.#commit(app, log, {
      ...this.#place(app, channel, messageSerial, timestampMs),
      record: (annotationSerial) => ({
        ...parts,
        action: 'annotation.create',
        id: randomUUID(),
        annotationSerial,
        messageSerial,
        timestampMs,
      }),
      project: (state, record) => summarize(summarizer, state, record),
    });
    const { annotationSerial } = committed(result, channel, messageSerial);
    return JSON.stringify({ annotationSerial });
  }

  /** Takes an annotation back and answers the body; once is enough. @throws ProtocolError 400, 401, 403, 404, 422 */
  async remove(
    app: App,
    channel: string,
    messageSerial: string,
    targetSerial: string,
    socketId: string | undefined,
  ): Promise<string> {
    requireAnnotations(this.#deps.settings, app, channel);
    const actor = await actorOf(
      this.#deps.findConnection,
      app,
      socketId === undefined ? {} : { socketId },
      'Annotation',
    );
    const timestampMs = Date.now();
    const result = await this.#commit(app, this.#log(app), {
      ...this.#place(app, channel, messageSerial, timestampMs),
      targetSerial,
      record: (annotationSerial, target) => {
        const create = requireTarget(target, channel, messageSerial, targetSerial);
        requireAnnotationDelete(actor, channel, create.clientId);
        if (create.deletedBy !== undefined) throw new AlreadyDeleted();
        return deleteOf(create, annotationSerial, timestampMs);
      },
      project: (state, record) => summarize(summarizerOf(record.type), state, record),
    });
    if (result.kind === 'refused' && result.error instanceof AlreadyDeleted) {
      return deletedAnswer(targetSerial, targetSerial);
    }
    if (result.kind === 'unknown-message') throw annotationNotFound(channel, targetSerial);
    return deletedAnswer(committed(result, channel, messageSerial).annotationSerial, targetSerial);
  }

  /** A page of a message's annotation events, oldest first. @throws ProtocolError 400, 401, 403, 422 */
  async list(app: App, channel: string, messageSerial: string, query: QueryParameters): Promise<string> {
    this.requireEnabled(app, channel);
    const { limit, type, from, socketId } = parseAnnotationsQuery(query, this.#deps.pageSize);
    const actor = await actorOf(
      this.#deps.findConnection,
      app,
      socketId === undefined ? {} : { socketId },
      'Annotation',
    );
    requireAnnotationAccess(actor, ['subscribe', 'annotation-subscribe'], channel);
    const { records, more } = await this.#log(app).annotations({ appId: app.id, channel }, messageSerial, {
      limit,
      ...(type !== undefined && { type }),
      ...(from !== undefined && { from }),
    });
    const next = more ? (records.at(-1)?.annotationSerial ?? null) : null;
    return (
      `{"channel":${JSON.stringify(channel)},"messageSerial":${JSON.stringify(messageSerial)},"limit":${limit},` +
      `"hasMore":${more},"nextCursor":${JSON.stringify(next)},"items":[${records.map(encodeAnnotation).join(',')}]}`
    );
  }

  #log(app: App): DurableLog {
    return this.#deps.logs.receiptsOf(app);
  }

  #place(app: App, channel: string, messageSerial: string, publishedAtMs: number) {
    return {
      key: { appId: app.id, channel },
      messageSerial,
      publishedAtMs,
      retention: retentionOf(app, channel),
      annotationSerial: this.#deps.nextSerial,
    };
  }

  async #commit(app: App, log: DurableLog, draft: AnnotationDraft): Promise<AnnotationResult> {
    const { channel } = draft.key;
    try {
      return await this.#deps.mutate.annotation(app, log, draft, (type, state) =>
        summaryMessage(
          app,
          channel,
          { messageSerial: draft.messageSerial, type, state },
          this.#deps.settings.maxFrameBytes,
        ),
      );
    } catch (error) {
      if (error instanceof StoreUnavailable) throw httpError('internal_error', undefined, { cause: error });
      throw error;
    }
  }
}

/** Thrown inside the step, so that a second delete stores nothing. */
class AlreadyDeleted extends Error {
  override readonly name = 'AlreadyDeleted';
}

function attributed(request: AnnotationRequest, { clientId }: Actor): AnnotationRequest {
  return clientId === undefined ? request : { ...request, clientId };
}

/** @throws ProtocolError 404 for what is no annotation of the message, 400 for what is itself a delete */
function requireTarget(
  target: AnnotationRecord | null,
  channel: string,
  messageSerial: string,
  targetSerial: string,
): AnnotationRecord {
  if (target === null || target.messageSerial !== messageSerial) {
    throw annotationNotFound(channel, targetSerial);
  }
  if (target.action === 'annotation.delete') {
    throw httpError('invalid_input', `Annotation '${targetSerial}' is itself a delete`);
  }
  return target;
}

/** A delete carries what its create counted for. */
function deleteOf(create: AnnotationRecord, annotationSerial: string, timestampMs: number): AnnotationRecord {
  const { messageSerial, type, name, clientId, count } = create;
  return {
    action: 'annotation.delete',
    annotationSerial,
    targetSerial: create.annotationSerial,
    messageSerial,
    type,
    timestampMs,
    ...(name !== undefined && { name }),
    ...(clientId !== undefined && { clientId }),
    ...(count !== undefined && { count }),
  };
}

function committed(result: AnnotationResult, channel: string, messageSerial: string): AnnotationRecord {
  if (result.kind === 'committed') return result.entry.record;
  if (result.kind === 'unknown-message') throw messageNotFound(channel, messageSerial);
  throw result.error;
}

const annotationNotFound = (channel: string, serial: string) =>
  httpError('not_found', `Annotation '${serial}' was not found in channel '${channel}'`);

const deletedAnswer = (annotationSerial: string, deletedAnnotationSerial: string): string =>
  JSON.stringify({ annotationSerial, deletedAnnotationSerial });
