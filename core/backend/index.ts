export type {
  AnnotationAnswer,
  AnnotationDeleteAnswer,
  AnnotationEvent,
  AnnotationsAnswer,
  HistoryAnswer,
  HistoryItem,
  HistoryPurgeAnswer,
  HistoryResetAnswer,
  HistoryStateAnswer,
  MessageAnswer,
  MessageVersion,
  MutationAnswer,
  Page,
  PlainMessage,
  PresenceHistoryAnswer,
  PresenceHistoryItem,
  PresenceResetAnswer,
  PresenceSnapshotAnswer,
  PresenceStateAnswer,
  VersionsAnswer,
} from '@sockudo/protocol';
export type { AnnotationParams, AnnotationsPage, AnnotationsParams } from './annotations.ts';
export type { AppendAck } from './append-request.ts';
export { type AppendFragment, AppendStream, type AppendStreamOptions } from './append-stream.ts';
export type {
  ChannelAuthorization,
  PresenceData,
  UserAuthentication,
  UserData,
} from './authorization.ts';
export type { ChannelEvent, ChannelEventsParams } from './channel-events.ts';
export type {
  ChannelAttributes,
  ChannelList,
  ChannelState,
  ChannelUsers,
  InfoParam,
} from './channel-state.ts';
export type { SockudoOptions } from './configuration.ts';
export { DurableChannels } from './durable-channels.ts';
export { SockudoRequestError, WebHookError } from './errors.ts';
export type { CutReason, HistoryPage, HistoryParams, PurgeParams } from './history.ts';
export type {
  AppendParams,
  DeleteParams,
  MutationParams,
  UpdateParams,
  VersionsPage,
  VersionsParams,
} from './messages.ts';
export type { PresenceHistoryPage, SnapshotParams } from './presence-history.ts';
export type { BatchEvent, TriggerParams } from './publishing.ts';
export { PushMethods } from './push.ts';
export type {
  PushDeadLetter,
  PushDevice,
  PushList,
  PushListParams,
  PushPublish,
  PushPublishResult,
  PushPublishStatus,
  PushRecipient,
  PushRegistration,
  PushRegistrationResult,
  PushSubscription,
  PushTarget,
  PushTemplate,
} from './push-types.ts';
export type { QueryParams, QueryValue, SignedQueryRequest } from './signed-query.ts';
export {
  type BatchResponse,
  type PostRequest,
  type RouteRequest,
  Sockudo,
  Sockudo as default,
  type TriggerResponse,
} from './sockudo.ts';
export { Token } from './token.ts';
export { WebHook, type WebHookData, type WebHookEvent, type WebHookRequest } from './webhook.ts';
