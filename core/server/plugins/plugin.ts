// How something outside of core takes part in the way of a message. A plug-in names the stages that it wants; core runs them
// at their places for all of its messages, whatever those came through, and knows nothing of what they mean.
//
//   parse → validate → authorise → dedupe → commit to the channel log → frame once → deliver → after-effects
//           checkPublish            beforeCommit, recordsOf…, guardVersion   rollup  published, versionCreated
//           checkMutation, checkClientMutation
import type { AnyMutationRequest, Extras } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Route } from '../http/exchange-types.ts';
import type { PluginMetric } from '../metrics/plugin-metrics.ts';
import type { LogEntry } from '../ports/channel-log.ts';
import type { RecordChange } from '../ports/channel-records.ts';
import type { MessageState, VersionDraft, VersionEntry } from '../ports/message-log.ts';
import type { Publication } from '../publish/publication.ts';
import type { Connection } from '../realtime/connection.ts';
import type { RealtimeContext } from '../realtime/context.ts';
import type { ClientEventHandler, Handler } from '../realtime/dispatch.ts';

/** What a publisher over HTTP wants to publish to one channel, as far as a plug-in may judge it. */
export interface PublishFacts {
  readonly event: string;
  /** JSON text of the frame's data. */
  readonly data: string;
  readonly messageId?: string;
  readonly extras?: Extras;
  /** What the publisher proves with that it is still the one to publish this. Absent: nothing. */
  readonly fence?: string;
}

/** Every stage is optional. Those of several plug-ins run in the order in which they are registered. */
export interface Stages {
  /** Validate, over HTTP. @throws ProtocolError; nothing of the request is published then */
  checkPublish?(app: App, channel: string, facts: PublishFacts): void;
  /** Validate, before anything is read. @throws ProtocolError */
  checkMutation?(app: App, channel: string, request: AnyMutationRequest): void;
  /** Validate, what a client asks for over its socket, before `checkMutation`. @throws ProtocolError */
  checkClientMutation?(connection: Connection, channel: string, request: AnyMutationRequest): void;
  /**
   * Over HTTP, the last before the commit: what one request is about to store, when nothing but the store can refuse it any more.
   * Waited for; undefined: there is nothing to wait for. A rejection refuses the request. May be called for what is not stored after all.
   */
  beforeCommit?(app: App, publications: readonly Publication[]): Promise<void> | undefined;
  /** Commit: records that change in the step that stores the message. What their `apply` throws refuses the publish. */
  recordsOfCreate?(publication: Publication): readonly RecordChange[];
  /**
   * Commit: looks at a change inside its step, after the rules of mutable messages. @throws ProtocolError to refuse it. Runs again if
   * the step does.
   */
  guardVersion?(app: App, channel: string, current: MessageState, next: VersionDraft): void;
  /** Commit: records that change in the step that stores the version. Called inside it, after `guardVersion`. */
  recordsOfVersion?(
    app: App,
    channel: string,
    current: MessageState,
    next: VersionDraft,
    request: AnyMutationRequest,
  ): readonly RecordChange[];
  /** Deliver: channels whose appends of a short time are sent together. */
  readonly rollup?: RollupPolicy;
  /** After-effects. Must not throw and must not wait. */
  published?(publication: Publication, entry: LogEntry | null): void;
  versionCreated?(app: App, entry: VersionEntry): void;
  /** A connection is gone; it takes part in nothing any more. Must not throw and must not wait. */
  disconnected?(connection: Connection): void;
  /** `ai_code` of the refusal of an id that was used for something else on this channel; undefined: it has none. */
  conflictCode?(channel: string): number | undefined;
  /** True: whoever publishes this event over HTTP is answered with the serials, asked or not. */
  acknowledges?(event: string): boolean;
  /**
   * What clients may send as events of their own, by name, besides `client-…`: as a frame, or with `sockudo:publish`, whose limit,
   * capability and subscription core has checked.
   */
  readonly clientEvents?: ReadonlyMap<string, ClientEventHandler>;
  /** Requests of clients to the platform, by name without prefix; none that core answers itself. */
  readonly platformRequests?: ReadonlyMap<string, Handler>;
  /** Paths of the HTTP API. */
  readonly routes?: readonly Route[];
  readonly metrics?: readonly PluginMetric[];
  /** Members that `GET /channels/{channel}` answers with besides core's. */
  channelFacts?(app: App, channel: string): Promise<Readonly<Record<string, unknown>>>;
}

export interface RollupPolicy {
  covers(channel: string): boolean;
  /** For connections that asked for no other, in ms; 0: every append is sent at once. */
  readonly defaultWindowMs: number;
  /** Messages of a channel that may be held back at once; those beyond are not. */
  readonly maxMessages: number;
}

export interface Plugin extends Stages {
  /** As operators know it, e.g. `ai_transport`. */
  readonly name: string;
  /** Everything is put together and nothing is served yet. */
  start?(context: RealtimeContext): void;
  /** Clients are gone, the stores are still open. */
  close?(): Promise<void>;
}
