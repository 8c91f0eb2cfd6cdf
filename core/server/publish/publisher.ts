// The spine, readable from top to bottom: validate -> dedupe -> commit to the log -> deliver -> after-effects. HTTP events,
// batches and client events all come through here; each step is a function of its own in a file beside this one.
import { randomUUID } from 'node:crypto';
import {
  channelNameErrorHttp,
  httpError,
  type InfoAttribute,
  idempotencyKeyError,
  type PublishRequest,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { channelNameRules } from '../apps/channel-rules.ts';
import type { Counters } from '../metrics/counters.ts';
import type { PublishFacts } from '../plugins/plugin.ts';
import type { PluginStages } from '../plugins/stages.ts';
import { type Receipt, StoreUnavailable } from '../ports/channel-log.ts';
import {
  type Acknowledgement,
  acknowledge,
  batchAnswer,
  type ChannelInfo,
  type ClientAcknowledgement,
  eventAnswer,
  SHORT_ANSWER,
  wantsLongAnswer,
} from './acknowledgement.ts';
import type { Append, AppendResult, KeyDraft } from './append.ts';
import type { ChannelLogs } from './channel-logs.ts';
import type { MessageIdentities } from './message-identities.ts';
import { firstAcknowledgement, type MessageKey, messageKeyConflict, messageKeyOf } from './message-keys.ts';
import type { ClientEvent, Publication } from './publication.ts';
import { type Item, type ItemAnswers, PublishPlan, type Target, type WholeKey } from './publish-plan.ts';
import { batchKeyScope, type RequestKeys, requestKeyScope } from './request-keys.ts';

export interface PublisherDeps {
  readonly logs: ChannelLogs;
  readonly append: Append;
  readonly requestKeys: RequestKeys;
  readonly identities: MessageIdentities;
  readonly counters: Counters;
  readonly channelInfo: (
    app: App,
    channel: string,
    wanted: ReadonlySet<InfoAttribute>,
  ) => Promise<ChannelInfo>;
  readonly ephemeralEnabled: boolean;
  readonly stages: PluginStages;
}

/** Another request may take a key between the look and the commit: look again, this often at most. */
const MAX_ATTEMPTS = 3;

export class Publisher {
  readonly #deps: PublisherDeps;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** Publishes one event to all of its channels or none and answers the body of `POST /events`. @throws ProtocolError */
  async publishEvent(app: App, asked: PublishRequest, headerKey?: string): Promise<string> {
    const request = this.#withSerialsWanted(asked);
    const key = checkedKey(app, request.idempotencyKey ?? headerKey);
    if (key === null && asksForNothing(request)) return this.#publishPlainly(app, request);
    const publish = async (): Promise<string> => {
      const item = await this.#validate(app, request, key);
      const answers = await this.#publishItems(app, [item], []);
      return eventAnswer(request, answers[0] ?? []);
    };
    return key === null ? publish() : this.#once(app, requestKeyScope(app), key, publish);
  }

  /** The usual publish: no identity to compare, no number to report, so there is nothing to plan (bench publish-plain). */
  async #publishPlainly(app: App, request: PublishRequest): Promise<string> {
    requireChannelNames(app, request);
    for (const channel of request.channels) this.#deps.stages.checkPublish(app, channel, factsOf(request));
    const publications = request.channels.map((channel) => this.#publicationOf(app, channel, request));
    const wait = this.#deps.stages.beforeCommit(app, publications);
    if (wait !== undefined) await wait;
    await this.#commit(app, publications, []);
    return SHORT_ANSWER;
  }

  /** Publishes every event or none and answers the body of `POST /batch_events` (divergence D53). @throws ProtocolError */
  async publishBatch(app: App, asked: readonly PublishRequest[], headerKey?: string): Promise<string> {
    const requests = asked.map((request) => this.#withSerialsWanted(request));
    const key = checkedKey(app, headerKey);
    if (key === null) return this.#publishBatch(app, requests, null);
    const scope = batchKeyScope(app);
    return this.#once(app, scope, key, () => this.#publishBatch(app, requests, { scope, key }));
  }

  /** Publishes a client event, which nobody acknowledges. Rejects when the store failed: then it was not delivered. */
  async publishClientEvent(event: ClientEvent): Promise<void> {
    const publication: Publication = {
      ...event,
      ...this.#deps.identities.of(event.app, event.channel, false, event.messageId),
      source: 'client',
      isEphemeral: false,
    };
    await this.#deps.append.commit(event.app, [publication], []);
  }

  /** Publishes an event of a client that wants to know what became of it; `message_id` makes it idempotent. @throws ProtocolError */
  async publishAcknowledged(event: ClientEvent): Promise<ClientAcknowledgement> {
    const { app, channel, extras, messageId } = event;
    const isEphemeral = this.#deps.ephemeralEnabled && extras?.ephemeral === true;
    const publication: Publication = {
      ...event,
      ...this.#deps.identities.of(app, channel, isEphemeral, messageId ?? randomUUID()),
      source: 'client',
      isEphemeral,
    };
    const key = messageKeyOf(publication, messageId, this.#deps.stages);
    for (let attempt = 1; ; attempt += 1) {
      const first = key === null ? null : await firstAcknowledgement(this.#deps.logs, publication, key);
      if (first !== null) return { acknowledgement: first, isRepeat: true };
      const result = await this.#commit(app, [publication], key === null ? [] : [keyDraft(publication, key)]);
      if (result.kind === 'committed') {
        return { acknowledgement: acknowledge(publication, result.entries[0] ?? null), isRepeat: false };
      }
      if (attempt < MAX_ATTEMPTS) continue;
      throw result.kind === 'conflict' ? messageKeyConflict(key ?? {}) : stillInProgress();
    }
  }

  async #publishBatch(
    app: App,
    requests: readonly PublishRequest[],
    batchKey: { scope: string; key: string } | null,
  ): Promise<string> {
    const keys = requests.map((request) => checkedKey(app, request.idempotencyKey));
    const isLong = requests.some(wantsLongAnswer);
    const publish = async (): Promise<string> => {
      const items = await this.#batchItems(app, requests, keys);
      const answer = (answers: ItemAnswers): string =>
        isLong ? batchAnswer(inPlaceOf(items, answers)) : '{}';
      const open = items.filter((item) => item !== null);
      return answer(await this.#publishItems(app, open, batchKey === null ? [] : [{ ...batchKey, answer }]));
    };
    const given = keys.filter((key) => key !== null);
    return given.length === 0
      ? publish()
      : this.#deps.requestKeys.during(requestKeyScope(app), given, publish);
  }

  /** Every item checked; null in place of those whose key is done (divergence D55). */
  async #batchItems(
    app: App,
    requests: readonly PublishRequest[],
    keys: readonly (string | null)[],
  ): Promise<readonly (Item | null)[]> {
    const seen = new Set<string>();
    const items: (Item | null)[] = [];
    for (const [index, request] of requests.entries()) {
      const key = keys[index] ?? null;
      const item = await this.#validate(app, request, key);
      items.push(key !== null && (seen.has(key) || (await this.#isDone(app, key))) ? null : item);
      if (key !== null) seen.add(key);
    }
    return items;
  }

  async #isDone(app: App, key: string): Promise<boolean> {
    return (await this.#deps.requestKeys.answer(app, requestKeyScope(app), key)) !== null;
  }

  async #once(app: App, scope: string, key: string, publish: () => Promise<string>): Promise<string> {
    const counters = this.#deps.counters.of(app.id);
    counters.idempotencyPublishes += 1;
    let isFirst = false;
    const answer = await this.#deps.requestKeys.once(app, scope, key, () => {
      isFirst = true;
      return publish();
    });
    if (!isFirst) counters.idempotencyDuplicates += 1;
    return answer;
  }

  async #validate(app: App, request: PublishRequest, key: string | null): Promise<Item> {
    requireChannelNames(app, request);
    const targets: Target[] = [];
    for (const channel of request.channels) this.#deps.stages.checkPublish(app, channel, factsOf(request));
    for (const channel of request.channels) {
      const publication = this.#publicationOf(app, channel, request);
      const info = request.info === null ? {} : await this.#deps.channelInfo(app, channel, request.info);
      targets.push({
        publication,
        messageKey: messageKeyOf(publication, request.messageId, this.#deps.stages),
        info,
      });
    }
    return { request, targets, key };
  }

  #publicationOf(app: App, channel: string, request: PublishRequest): Publication {
    const { name, data, socketId, tags, delta, messageId, extras, fence } = request;
    const isEphemeral = this.#deps.ephemeralEnabled && extras?.ephemeral === true;
    // As recorded: what is published over HTTP has an id also where nothing gives it a position (case delta-off).
    const ownId = messageId ?? (isEphemeral ? undefined : randomUUID());
    return {
      app,
      channel,
      event: name,
      data,
      source: 'http',
      isEphemeral,
      ...this.#deps.identities.of(app, channel, isEphemeral, ownId),
      ...(socketId !== undefined && { exceptSocketId: socketId }),
      ...(tags !== undefined && { tags }),
      ...(delta !== undefined && { delta }),
      ...(extras !== undefined && { extras }),
      ...(fence !== undefined && { fence }),
    };
  }

  /** Some events are answered with their serials whether that was asked or not. */
  #withSerialsWanted(request: PublishRequest): PublishRequest {
    if (request.info !== null || !this.#deps.stages.acknowledges(request.name)) return request;
    return { ...request, info: NO_ATTRIBUTES };
  }

  async #publishItems(
    app: App,
    items: readonly Item[],
    wholeKeys: readonly WholeKey[],
  ): Promise<ItemAnswers> {
    for (let attempt = 1; ; attempt += 1) {
      const known = await this.#knownAcknowledgements(items);
      const plan = new PublishPlan(items, known, wholeKeys, Date.now() + app.idempotency.ttlMs);
      const wait = attempt === 1 ? this.#deps.stages.beforeCommit(app, plan.publications) : undefined;
      if (wait !== undefined) await wait;
      const result = await this.#commit(app, plan.publications, plan.keys);
      if (result.kind === 'committed') return plan.answers(result.entries);
      if (attempt < MAX_ATTEMPTS) continue;
      throw result.kind === 'conflict' ? messageKeyConflict(keyOf(result.receipt, items)) : stillInProgress();
    }
  }

  async #commit(
    app: App,
    publications: readonly Publication[],
    keys: readonly KeyDraft[],
  ): Promise<AppendResult> {
    try {
      return await this.#deps.append.commit(app, publications, keys);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#deps.counters.of(app.id).historyWriteFailures += 1;
      throw httpError('internal_error', undefined, { cause: error });
    }
  }

  /** Targets whose message was published before, with the acknowledgement that it got. */
  async #knownAcknowledgements(items: readonly Item[]): Promise<ReadonlyMap<Target, Acknowledgement>> {
    const known = new Map<Target, Acknowledgement>();
    for (const { targets } of items) {
      for (const target of targets) {
        if (target.messageKey === null) continue;
        const first = await firstAcknowledgement(this.#deps.logs, target.publication, target.messageKey);
        if (first !== null) known.set(target, first);
      }
    }
    return known;
  }
}

/** The receipt of one message, its acknowledgement; the id is in the publication, so it is the same whenever it is made. */
const keyDraft = (publication: Publication, key: MessageKey): KeyDraft => ({
  ...key,
  expiresAtMs: Date.now() + publication.app.idempotency.ttlMs,
  answer: ([entry = null]) => JSON.stringify(acknowledge(publication, entry)),
});

/** The message's key that this receipt is of; undefined: it is of another. */
function keyOf({ scope, key }: Receipt, items: readonly Item[]): MessageKey | undefined {
  const keys = items.flatMap(({ targets }) => targets.map(({ messageKey }) => messageKey));
  return keys.find((one) => one?.scope === scope && one.key === key) ?? undefined;
}

const NO_ATTRIBUTES: ReadonlySet<InfoAttribute> = new Set();

const factsOf = ({ name, data, messageId, extras, fence }: PublishRequest): PublishFacts => ({
  event: name,
  data,
  ...(messageId !== undefined && { messageId }),
  ...(extras !== undefined && { extras }),
  ...(fence !== undefined && { fence }),
});

const asksForNothing = (request: PublishRequest): boolean =>
  !wantsLongAnswer(request) && request.extras?.idempotencyKey === undefined;

/** @throws ProtocolError 400 for the first name that cannot be; nothing is published then (divergence D52) */
function requireChannelNames(app: App, request: PublishRequest): void {
  const rules = channelNameRules(app);
  for (const channel of request.channels) {
    const error = channelNameErrorHttp(channel, rules);
    if (error !== null) throw error;
  }
}

/** @throws ProtocolError 400 for an empty or over-long key */
function checkedKey(app: App, key: string | undefined): string | null {
  if (key === undefined || !app.idempotency.enabled) return null;
  const error = idempotencyKeyError(key, app.idempotency.maxKeyBytes);
  if (error !== null) throw error;
  return key;
}

/** Answers of the open items at the places of all items; null where nothing was asked. */
function inPlaceOf(
  items: readonly (Item | null)[],
  answers: ItemAnswers,
): readonly (ItemAnswers[number] | null)[] {
  let next = 0;
  return items.map((item) => {
    if (item === null) return null;
    const answer = answers[next++] ?? null;
    return wantsLongAnswer(item.request) ? answer : null;
  });
}

const stillInProgress = () =>
  httpError('backpressure', 'idempotent publish is still in progress', { retryAfterSeconds: 1 });
