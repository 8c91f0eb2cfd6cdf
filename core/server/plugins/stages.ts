// The stages of all plug-ins as one, in the form in which core asks for them. Without plug-ins each costs a look at an empty list.
import type { AnyMutationRequest } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Route } from '../http/exchange-types.ts';
import type { PluginMetric } from '../metrics/plugin-metrics.ts';
import type { LogEntry } from '../ports/channel-log.ts';
import type { RecordChange } from '../ports/channel-records.ts';
import type { MessageState, VersionDraft, VersionEntry } from '../ports/message-log.ts';
import type { Publication } from '../publish/publication.ts';
import type { Connection } from '../realtime/connection.ts';
import type { ClientEventHandler, Handler } from '../realtime/dispatch.ts';
import type { Plugin, PublishFacts, RollupPolicy, Stages } from './plugin.ts';

type Having<Name extends keyof Stages> = Plugin & { readonly [Key in Name]-?: NonNullable<Stages[Name]> };

export class PluginStages {
  readonly clientEvents: ReadonlyMap<string, ClientEventHandler>;
  readonly platformRequests: ReadonlyMap<string, Handler>;
  readonly routes: readonly Route[];
  readonly metrics: readonly PluginMetric[];
  readonly rollup: RollupPolicy | null;
  readonly #checksPublish: readonly Having<'checkPublish'>[];
  readonly #checksMutation: readonly Having<'checkMutation'>[];
  readonly #checksClientMutation: readonly Having<'checkClientMutation'>[];
  readonly #beforeCommit: readonly Having<'beforeCommit'>[];
  readonly #recordsCreate: readonly Having<'recordsOfCreate'>[];
  readonly #guardsVersion: readonly Having<'guardVersion'>[];
  readonly #recordsVersion: readonly Having<'recordsOfVersion'>[];
  readonly #published: readonly Having<'published'>[];
  readonly #versionCreated: readonly Having<'versionCreated'>[];
  readonly #disconnected: readonly Having<'disconnected'>[];
  readonly #conflictCodes: readonly Having<'conflictCode'>[];
  readonly #acknowledges: readonly Having<'acknowledges'>[];
  readonly #channelFacts: readonly Having<'channelFacts'>[];

  /** @throws Error when two plug-ins want what only one can have */
  constructor(plugins: readonly Plugin[]) {
    this.#checksPublish = having(plugins, 'checkPublish');
    this.#checksMutation = having(plugins, 'checkMutation');
    this.#checksClientMutation = having(plugins, 'checkClientMutation');
    this.#beforeCommit = having(plugins, 'beforeCommit');
    this.#recordsCreate = having(plugins, 'recordsOfCreate');
    this.#guardsVersion = having(plugins, 'guardVersion');
    this.#recordsVersion = having(plugins, 'recordsOfVersion');
    this.#published = having(plugins, 'published');
    this.#versionCreated = having(plugins, 'versionCreated');
    this.#disconnected = having(plugins, 'disconnected');
    this.#conflictCodes = having(plugins, 'conflictCode');
    this.#acknowledges = having(plugins, 'acknowledges');
    this.#channelFacts = having(plugins, 'channelFacts');
    this.clientEvents = merged(having(plugins, 'clientEvents').map((plugin) => plugin.clientEvents));
    this.platformRequests = merged(
      having(plugins, 'platformRequests').map((plugin) => plugin.platformRequests),
    );
    this.routes = having(plugins, 'routes').flatMap((plugin) => plugin.routes);
    this.metrics = having(plugins, 'metrics').flatMap((plugin) => plugin.metrics);
    const [rollup, ...others] = having(plugins, 'rollup');
    if (others.length > 0) throw new Error('two plug-ins want to roll up appends');
    this.rollup = rollup?.rollup ?? null;
  }

  checkPublish(app: App, channel: string, facts: PublishFacts): void {
    for (const plugin of this.#checksPublish) plugin.checkPublish(app, channel, facts);
  }

  checkMutation(app: App, channel: string, request: AnyMutationRequest): void {
    for (const plugin of this.#checksMutation) plugin.checkMutation(app, channel, request);
  }

  checkClientMutation(connection: Connection, channel: string, request: AnyMutationRequest): void {
    for (const plugin of this.#checksClientMutation) plugin.checkClientMutation(connection, channel, request);
  }

  /** Undefined: there is nothing to wait for. Rejects with the first refusal. */
  beforeCommit(app: App, publications: readonly Publication[]): Promise<unknown> | undefined {
    if (this.#beforeCommit.length === 0 || publications.length === 0) return undefined;
    const waits = this.#beforeCommit
      .map((plugin) => plugin.beforeCommit(app, publications))
      .filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  recordsOfCreate(publication: Publication): readonly RecordChange[] {
    return this.#recordsCreate.length === 0
      ? NO_RECORDS
      : this.#recordsCreate.flatMap((plugin) => plugin.recordsOfCreate(publication));
  }

  /** The version as the plug-ins let it pass, with the records that change with it. @throws ProtocolError */
  enterVersion(
    app: App,
    channel: string,
    current: MessageState,
    next: VersionDraft,
    request: AnyMutationRequest,
  ): VersionDraft {
    for (const plugin of this.#guardsVersion) plugin.guardVersion(app, channel, current, next);
    if (this.#recordsVersion.length === 0) return next;
    const records = this.#recordsVersion.flatMap((plugin) =>
      plugin.recordsOfVersion(app, channel, current, next, request),
    );
    return records.length === 0 ? next : { ...next, records };
  }

  published(publication: Publication, entry: LogEntry | null): void {
    for (const plugin of this.#published) plugin.published(publication, entry);
  }

  versionCreated(app: App, entry: VersionEntry): void {
    for (const plugin of this.#versionCreated) plugin.versionCreated(app, entry);
  }

  disconnected(connection: Connection): void {
    for (const plugin of this.#disconnected) plugin.disconnected(connection);
  }

  conflictCode(channel: string): number | undefined {
    for (const plugin of this.#conflictCodes) {
      const code = plugin.conflictCode(channel);
      if (code !== undefined) return code;
    }
    return undefined;
  }

  acknowledges(event: string): boolean {
    return this.#acknowledges.some((plugin) => plugin.acknowledges(event));
  }

  async channelFacts(app: App, channel: string): Promise<Readonly<Record<string, unknown>>> {
    const facts: Record<string, unknown> = {};
    for (const plugin of this.#channelFacts) Object.assign(facts, await plugin.channelFacts(app, channel));
    return facts;
  }
}

const NO_RECORDS: readonly RecordChange[] = [];

function having<Name extends keyof Stages>(plugins: readonly Plugin[], name: Name): readonly Having<Name>[] {
  return plugins.filter((plugin): plugin is Having<Name> => plugin[name] !== undefined);
}

function merged<Answer>(maps: readonly ReadonlyMap<string, Answer>[]): ReadonlyMap<string, Answer> {
  const all = new Map<string, Answer>();
  for (const [name, handler] of maps.flatMap((map) => [...map])) {
    if (all.has(name)) throw new Error(`two plug-ins want to answer '${name}'`);
    all.set(name, handler);
  }
  return all;
}

export const NO_PLUGINS = new PluginStages([]);
