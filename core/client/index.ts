/** Everything the package offers, by name. The class is the default export too. */
export type {
  AnnotationAnswer,
  AnnotationDeleteAnswer,
  AnnotationEvent,
  AnnotationsAnswer,
  HistoryAnswer,
  HistoryItem,
  MessageSummary,
  MessageVersion,
  MutationAnswer,
  Page,
  PlainMessage,
  PresenceHistoryAnswer,
  PresenceHistoryItem,
  PresenceSnapshotAnswer,
  PublishAck,
  VersionsAnswer,
} from '@sockudo/protocol';
export { isMessageVersion } from '@sockudo/protocol';
export { Channel, type ChannelEvents, type RewindComplete } from './channel.ts';
export type {
  Annotation,
  AnnotationsPage,
  AnnotationsParams,
  VersionsPage,
  VersionsParams,
} from './channel-messages.ts';
export type { ChangeOptions, MessagePatch, PublishOptions } from './channel-publishing.ts';
export { Connection, type ConnectionEvents } from './connection.ts';
export type { ConnectionState } from './connection-state.ts';
export { DeltaMismatch } from './deltas.ts';
export type { EventHandler, EventMetadata, GlobalHandler, Undeclared } from './emitter.ts';
export { EncryptedChannel } from './encrypted-channel.ts';
export {
  type AuthErrorEvent,
  BadChannelName,
  BadEventName,
  type ConnectionError,
  EndpointError,
  HistoryError,
  HTTPAuthError,
  InvalidOptions,
  type ProtocolErrorData,
  RequestError,
  type RequestFailure,
  UnsupportedFeature,
} from './errors.ts';
export type { ProtocolVersion } from './event-names.ts';
export type { Transport } from './event-source-fallback.ts';
export { Filter, type FilterBranch, type FilterLeaf, type FilterNode } from './filter.ts';
export { type DeltaBase, type Frame, FrameError, type Serial } from './frame.ts';
export type { HistoryPage, HistoryParams } from './history.ts';
export { type Member, Members } from './members.ts';
export {
  type MessageAction,
  type MessageFrame,
  type MessageState,
  type MessageStateOptions,
  messageSerialOf,
  messageState,
  nextMessageState,
} from './message-state.ts';
export type {
  AuthCallback,
  AuthHandler,
  AuthOptions,
  AuthTokenRequest,
  AuthTokenResult,
  ChannelAuthorizationData,
  ChannelAuthorizationHandler,
  ChannelAuthorizationParams,
  EndpointOptions,
  SockudoOptions,
  UserAuthenticationData,
  UserAuthenticationHandler,
  UserAuthenticationParams,
} from './options.ts';
export type { RecoveryStorage } from './position-store.ts';
export type { RecoveryPosition } from './positions.ts';
export {
  PresenceChannel,
  type PresenceEvents,
  type PresenceHistoryPage,
  type PresenceHistoryParams,
} from './presence-channel.ts';
export { MetaChannel, PrivateChannel } from './private-channel.ts';
export type { ResumeFailure } from './recovery.ts';
export type { Runtime, WebSocketConstructor, WebSocketLike } from './runtime.ts';
export { type ClientEvents, Sockudo, Sockudo as default } from './sockudo.ts';
export type { CompoundFilter, DeltaChoice, SubscriptionOptions } from './subscription-options.ts';
export { User, type UserData, type UserEvents } from './user.ts';
export { VERSION } from './version.ts';
export { Watchlist, type WatchlistEvent, type WatchlistEvents } from './watchlist.ts';
export {
  type EventsPage,
  type EventsParams,
  getMutableMessageInfo,
  type MessageToCreate,
  type MutableMessageInfo,
  type WholeEvent,
} from './whole-events.ts';
