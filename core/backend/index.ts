export type { AppendAck } from './append-request.ts';
export { type AppendFragment, AppendStream, type AppendStreamOptions } from './append-stream.ts';
export type {
  ChannelAuthorization,
  PresenceData,
  UserAuthentication,
  UserData,
} from './authorization.ts';
export type {
  ChannelAttributes,
  ChannelList,
  ChannelState,
  ChannelUsers,
  InfoParam,
} from './channel-state.ts';
export type { SockudoOptions } from './configuration.ts';
export { SockudoRequestError, WebHookError } from './errors.ts';
export type { BatchEvent, TriggerParams } from './publishing.ts';
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
