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
import { type Retention, StoreUnavailable } from '../ports/channel-log.ts';
import type { MessageState, MutationDraft, MutationResult } from '../ports/message-log.ts';
import { isSettled } from '../ports/message-rules.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import type { Mutate } from '../publish/mutate.ts';
import { retentionOf } from '../publish/publication.ts';
import { type Actor, actorOf, type FindConnection, requireMutation } from './actor.ts';
import { applyMutation } from './apply-mutation.ts';
import { type FeatureSettings, requireHistory, requireVersions } from './features.ts';
import { encodeVersion, versionEncoder } from './message-json.ts';
import { acknowledge, messageNotFound, outcomeOf, refusalOf } from './mutation-outcome.ts';
import { acknowledgedBefore, opReceipt } from './op-receipt.ts';
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

/** What came of one change of a row of them. `failed`: what is known before the log is asked, or the store. */
export type OrderedOutcome = MutationResult | { readonly kind: 'failed'; readonly error: unknown };

/** What the changes of one message that come together have in common. */
interface Target {
  readonly app: App;
  readonly channel: string;
  readonly key: MutationDraft['key'];
  readonly messageSerial: string;
  readonly retention: Retention;
  readonly publishedAtMs: number;
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
    const result = await this.#change(app, channel, messageSerial, request, (draft) => draft);
    switch (result.kind) {
      case 'committed':
        return mutationAnswer(acknowledge(result.entry), 'applied');
      case 'duplicate':
        return mutationAnswer(
          acknowledgedBefore(result.receipt, channel, messageSerial, request.kind),
          'duplicate',
        );
      default:
        throw this.refusalOf(result, channel, messageSerial, request);
    }
  }

  /**
   * Changes a message that is still at this version, and answers whether it was.
   * @throws ProtocolError as `change`
   */
  async changeVersion(
    app: App,
    channel: string,
    { messageSerial, versionSerial }: Pick<MessageState, 'messageSerial' | 'versionSerial'>,
    request: AnyMutationRequest,
  ): Promise<boolean> {
    const changed = new Error('the message is at another version');
    const result = await this.#change(app, channel, messageSerial, request, (draft) => ({
      ...draft,
      apply(current) {
        if (current.versionSerial !== versionSerial) throw changed;
        return draft.apply(current);
      },
    }));
    if (result.kind === 'committed') return true;
    if (result.kind === 'duplicate') return false;
    if (result.kind === 'refused' && result.error === changed) return false;
    throw this.refusalOf(result, channel, messageSerial, request);
  }

  /** Why a change was not made. */
  refusalOf(
    result: Exclude<MutationResult, { kind: 'committed' | 'duplicate' }>,
    channel: string,
    messageSerial: string,
    request: AnyMutationRequest,
  ): unknown {
    return refusalOf(result, channel, messageSerial, request, this.#deps.stages.conflictCode(channel));
  }

  async #change(
    app: App,
    channel: string,
    messageSerial: string,
    request: AnyMutationRequest,
    refined: (draft: MutationDraft) => MutationDraft,
  ): Promise<MutationResult> {
    this.requireMutable(app, channel);
    const target = targetOf(app, channel, messageSerial);
    const draft = this.#draft(target, request, await this.#actorOf(target, request));
    const result = await this.#commit(app, refined(draft));
    this.#count(app, [request], [result]);
    return result;
  }

  /**
   * Makes many changes of one message, each on top of the one before it. Answers one outcome for each up to and with the first that
   * is not applied; nothing after it is stored. Never rejects.
   */
  async changeInOrder(
    app: App,
    channel: string,
    messageSerial: string,
    requests: readonly AnyMutationRequest[],
  ): Promise<readonly OrderedOutcome[]> {
    const drafts: MutationDraft[] = [];
    let failed: OrderedOutcome | null = null;
    try {
      this.requireMutable(app, channel);
      const target = targetOf(app, channel, messageSerial);
      for (const request of requests) {
        const actor = this.#actorOf(target, request);
        // Hardly ever a promise: each turn of the microtask queue would be paid by every append of a stream.
        drafts.push(this.#draft(target, request, actor instanceof Promise ? await actor : actor));
      }
    } catch (error) {
      failed = { kind: 'failed', error };
    }
    let results: readonly MutationResult[];
    try {
      results = await this.#commitInOrder(app, drafts);
    } catch (error) {
      return [{ kind: 'failed', error }];
    }
    this.#count(app, requests, results);
    return failed !== null && results.every(isSettled) ? [...results, failed] : results;
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

  /** @throws ProtocolError for what a plug-in refuses, 401 for the actor, which may also be rejected with */
  #actorOf({ app, channel }: Target, request: AnyMutationRequest): Actor | Promise<Actor> {
    this.#deps.stages.checkMutation(app, channel, request);
    const refused = (error: unknown): never => {
      this.#deps.counters.of(app.id).versionMutations.add(`message.${request.kind} auth_failed`);
      throw error;
    };
    try {
      const actor = actorOf(this.#deps.findConnection, app, request, 'Mutation');
      return actor instanceof Promise ? actor.catch(refused) : actor;
    } catch (error) {
      return refused(error);
    }
  }

  #count(app: App, requests: readonly AnyMutationRequest[], results: readonly MutationResult[]): void {
    const { versionMutations } = this.#deps.counters.of(app.id);
    for (const [index, result] of results.entries()) {
      const outcome = outcomeOf(result);
      if (outcome !== null) versionMutations.add(`message.${requests[index]?.kind} ${outcome}`);
    }
  }

  async #commit(app: App, draft: MutationDraft): Promise<MutationResult> {
    const log = this.#deps.logs.of(app);
    if (log === null) return { kind: 'unknown-message' };
    return this.#deps.mutate
      .version(app, log, draft)
      .catch((error: unknown) => this.#writeFailure(app, error));
  }

  async #commitInOrder(app: App, drafts: readonly MutationDraft[]): Promise<readonly MutationResult[]> {
    const log = this.#deps.logs.of(app);
    if (drafts.length === 0) return [];
    if (log === null) return [{ kind: 'unknown-message' }];
    return this.#deps.mutate
      .versions(app, log, drafts)
      .catch((error: unknown) => this.#writeFailure(app, error));
  }

  #writeFailure(app: App, error: unknown): never {
    if (!(error instanceof StoreUnavailable)) throw error;
    this.#deps.counters.of(app.id).historyWriteFailures += 1;
    throw httpError('internal_error', undefined, { cause: error });
  }

  #draft(target: Target, given: AnyMutationRequest, actor: Actor): MutationDraft {
    const { app, channel, key, messageSerial, retention, publishedAtMs } = target;
    const { stages, nextSerial } = this.#deps;
    const request = attributed(given, actor);
    return {
      key,
      messageSerial,
      publishedAtMs,
      retention,
      apply(current) {
        requireMutation(actor, request.kind, channel, current.creatorId);
        return stages.enterVersion(app, channel, current, applyMutation(current, request), request);
      },
      versionSerial: nextSerial,
      ...(request.opId !== undefined && { receipt: opReceipt(target, request, request.opId) }),
    };
  }
}

function targetOf(app: App, channel: string, messageSerial: string): Target {
  return {
    app,
    channel,
    key: { appId: app.id, channel },
    messageSerial,
    retention: retentionOf(app, channel),
    publishedAtMs: Date.now(),
  };
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
