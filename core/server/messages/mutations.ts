// Mutable messages as the HTTP API offers them: change one, read it, list its versions. Checks, the step of the log and the
// answer; what a change makes of a message is decided in apply-mutation.ts, who may make it in actor.ts (http.md section 7).
import {
  type AnyMutationRequest,
  httpError,
  isSerialText,
  mutationAnswer,
  pageLimit,
  type QueryParameters,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Counters } from '../metrics/counters.ts';
import type { PluginStages } from '../plugins/stages.ts';
import { StoreUnavailable } from '../ports/channel-log.ts';
import type { MessageState, MutationDraft, MutationResult } from '../ports/message-log.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import type { Mutate } from '../publish/mutate.ts';
import { retentionOf } from '../publish/publication.ts';
import { type Actor, actorOf, type FindConnection, requireMutation } from './actor.ts';
import { applyMutation } from './apply-mutation.ts';
import { type FeatureSettings, requireHistory, requireVersions } from './features.ts';
import { encodeVersion, versionEncoder } from './message-json.ts';
import { acknowledge, messageNotFound, outcomeOf, refusalOf } from './mutation-outcome.ts';
import { opReceipt } from './op-receipt.ts';
import { shownCreate, shownEntry, shownState } from './shown-version.ts';

export interface MutationsDeps {
  readonly logs: ChannelLogs;
  readonly mutate: Mutate;
  readonly findConnection: FindConnection;
  /** Serial of a new version of the message with this create; `above`: it has to sort above that one. */
  readonly nextSerial: (historySerial: number, above: string) => string;
  readonly settings: FeatureSettings;
  /** Versions of a page at most. */
  readonly pageSize: number;
  readonly counters: Counters;
  readonly stages: PluginStages;
}

/** Watches a mutation inside the step of the log, where no other can come between. Both may run again if the step does. */
export interface MutationStep {
  /** What it throws refuses the mutation and comes back as `refused`. */
  entered(current: MessageState): void;
  /** The version that is about to be stored. */
  drew(versionSerial: string): void;
}

export class Mutations {
  readonly #deps: MutationsDeps;

  constructor(deps: MutationsDeps) {
    this.#deps = deps;
  }

  /** @throws ProtocolError 422 `feature_disabled` where messages of the channel cannot be changed */
  requireMutable(app: App, channel: string): void {
    requireVersions(this.#deps.settings);
    requireHistory(app, channel);
  }

  /**
   * Changes a message and answers the body of the request's answer.
   * @throws ProtocolError 422 where messages are not mutable, 400, 401 for the actor, 403, 404, 500 when the store failed
   */
  async change(
    app: App,
    channel: string,
    messageSerial: string,
    request: AnyMutationRequest,
  ): Promise<string> {
    const result = await this.attempt(app, channel, messageSerial, request);
    switch (result.kind) {
      case 'committed':
        return mutationAnswer(acknowledge(result.entry), 'applied');
      case 'duplicate':
        return result.receipt.answer;
      default:
        throw refusalOf(result, channel, messageSerial, request);
    }
  }

  /**
   * The same up to the log's own answer. Mutations that are attempted in one turn are taken on in the order of the calls.
   * @throws ProtocolError as `change` does, for what is known before the log is asked, and when the store failed
   */
  async attempt(
    app: App,
    channel: string,
    messageSerial: string,
    request: AnyMutationRequest,
    step?: MutationStep,
  ): Promise<MutationResult> {
    this.requireMutable(app, channel);
    this.#deps.stages.checkMutation(app, channel, request);
    const { versionMutations } = this.#deps.counters.of(app.id);
    let outcome: string | null = 'auth_failed';
    try {
      const found = actorOf(this.#deps.findConnection, app, request, 'Mutation');
      // Hardly ever: a stream of appends would pay for a turn of the microtask queue with each of them.
      const actor = found instanceof Promise ? await found : found;
      outcome = null;
      const draft = this.#draft(app, channel, messageSerial, attributed(request, actor), actor, step);
      const result = await this.#commit(app, draft);
      outcome = outcomeOf(result);
      return result;
    } catch (error) {
      throw error instanceof StoreUnavailable ? this.#writeFailure(app, error) : error;
    } finally {
      if (outcome !== null) versionMutations.add(`message.${request.kind} ${outcome}`);
    }
  }

  /** @throws ProtocolError 404 unless the channel has the message */
  async requireMessage(app: App, channel: string, messageSerial: string): Promise<void> {
    const state = await this.#deps.logs.of(app)?.message({ appId: app.id, channel }, messageSerial);
    if (state === null || state === undefined) throw messageNotFound(channel, messageSerial);
  }

  /** The message as it stands. @throws ProtocolError 422, 400, 404 */
  async latest(app: App, channel: string, messageSerial: string): Promise<string> {
    requireVersions(this.#deps.settings);
    const state = await this.#deps.logs.of(app)?.message({ appId: app.id, channel }, messageSerial);
    this.#countRead(app, 'latest', state);
    if (state === null || state === undefined) throw messageNotFound(channel, messageSerial);
    return `{"channel":${JSON.stringify(channel)},"item":${encodeVersion(shownState(channel, state))}}`;
  }

  /** A page of the message's versions, its create included; an append shows its fragment. @throws ProtocolError 422, 400, 404 */
  async versions(app: App, channel: string, messageSerial: string, query: QueryParameters): Promise<string> {
    requireVersions(this.#deps.settings);
    const limit = pageLimit(query, this.#deps.pageSize, 'versions');
    const direction = directionOf(query);
    const from = query.get('cursor');
    if (from !== undefined && !isSerialText(from))
      throw httpError('invalid_input', 'Invalid versions cursor');
    const page = await this.#deps.logs.of(app)?.versions({ appId: app.id, channel }, messageSerial, {
      limit,
      direction: direction === 'newest_first' ? 'newest-first' : 'oldest-first',
      ...(from !== undefined && { from }),
    });
    this.#countRead(app, 'versions', page);
    if (page === null || page === undefined) throw messageNotFound(channel, messageSerial);
    const shown = page.entries
      .map((entry) => ('kind' in entry ? shownEntry(entry) : shownCreate(entry)))
      .filter((version) => version !== null);
    const last = page.more ? shown.at(-1) : undefined;
    const cursor = last === undefined ? '' : `"next_cursor":${JSON.stringify(last.versionSerial)},`;
    return (
      `{"channel":${JSON.stringify(channel)},"direction":"${direction}","limit":${limit},` +
      `"has_more":${page.more},${cursor}"items":[${shown.map(versionEncoder(channel)).join(',')}]}`
    );
  }

  #countRead(app: App, surface: 'latest' | 'versions', found: object | null | undefined): void {
    const result = found === null || found === undefined ? 'miss' : 'hit';
    this.#deps.counters.of(app.id).versionRetrievals.add(`${surface} ${result}`);
  }

  #commit(app: App, draft: MutationDraft): Promise<MutationResult> {
    const log = this.#deps.logs.of(app);
    return log === null
      ? Promise.resolve({ kind: 'unknown-message' })
      : this.#deps.mutate.version(app, log, draft);
  }

  #writeFailure(app: App, cause: StoreUnavailable): unknown {
    this.#deps.counters.of(app.id).historyWriteFailures += 1;
    return httpError('internal_error', undefined, { cause });
  }

  #draft(
    app: App,
    channel: string,
    messageSerial: string,
    request: AnyMutationRequest,
    actor: Actor,
    step: MutationStep | undefined,
  ): MutationDraft {
    const key = { appId: app.id, channel };
    const publishedAtMs = Date.now();
    const retention = retentionOf(app, channel);
    const { stages } = this.#deps;
    return {
      key,
      messageSerial,
      publishedAtMs,
      retention,
      apply(current) {
        step?.entered(current);
        requireMutation(actor, request.kind, channel, current.creatorId);
        return stages.enterVersion(app, channel, current, applyMutation(current, request), request);
      },
      versionSerial: step === undefined ? this.#deps.nextSerial : this.#watched(step),
      ...(request.opId !== undefined && {
        receipt: opReceipt({ key, messageSerial, retention }, request, request.opId, publishedAtMs),
      }),
    };
  }

  #watched(step: MutationStep): MutationDraft['versionSerial'] {
    return (historySerial, above) => {
      const versionSerial = this.#deps.nextSerial(historySerial, above);
      step.drew(versionSerial);
      return versionSerial;
    };
  }
}

/** The request with the identity that its actor has. */
function attributed(request: AnyMutationRequest, { clientId }: Actor): AnyMutationRequest {
  return clientId === undefined ? request : { ...request, clientId };
}

/** Only these two words, unlike the history's. */
function directionOf(query: QueryParameters): 'newest_first' | 'oldest_first' {
  const word = query.get('direction') ?? 'newest_first';
  if (word === 'newest_first' || word === 'oldest_first') return word;
  throw httpError(
    'invalid_input',
    `Invalid direction '${word}'. Accepted values: newest_first, oldest_first`,
  );
}
