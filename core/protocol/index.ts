/** Everything the package offers, by name. */
export {
  ANNOTATION_EVENT,
  ANNOTATION_MODE,
  type AnnotationItem,
  type AnnotationRequest,
  type AnnotationsQuery,
  encodeAnnotation,
  pageLimit,
  parseAnnotation,
  parseAnnotationsQuery,
  requireAnnotationParts,
  SUMMARIZERS,
  SUMMARY_EVENT,
  type Summarizer,
  summarizerOf,
  summaryData,
  summaryFrameBytes,
} from './annotation.ts';
export {
  type BinaryData,
  type BinaryEnvelope,
  type BinaryExtras,
  envelopeFromJson,
  envelopeToJson,
  type StringMap,
} from './binary-envelope.ts';
export {
  allows,
  annotationAccessError,
  type Capabilities,
  type CapabilityOperation,
  capabilityError,
  parseSigninCapabilities,
  parseTokenCapabilities,
  wildcardReaches,
} from './capability.ts';
export {
  parseTokenClaims,
  type TokenGrant,
} from './capability-token.ts';
export {
  type ChannelHistoryRequest,
  channelHistoryFrame,
  parseChannelHistory,
  type RewindComplete,
  rewindCompleteFrame,
} from './channel-history.ts';
export {
  type ChannelKind,
  channelKind,
  logicalName,
  metaBase,
  metaChannelName,
  namespaceOf,
  userChannelId,
  userChannelName,
  userLimit,
  withoutTypePrefix,
} from './channel-name.ts';
export {
  type ChannelNameRules,
  channelNameErrorHttp,
  channelNameErrorWs,
  type NamespaceRule,
  validateChannelName,
} from './channel-rules.ts';
export {
  CLOSE_CODES,
  type CloseCodeName,
  type CloseCodeRow,
  type ClosePolicy,
  closeCodePolicy,
} from './close-codes.ts';
export {
  decodeMsgpack,
  encodeMsgpack,
} from './codec-msgpack.ts';
export {
  decodeProtobuf,
  encodeProtobuf,
} from './codec-protobuf.ts';
export {
  applyDelta,
  createDelta,
  DELTA_DEFAULT_ALGORITHM,
  type DeltaAlgorithm,
  parseDeltaAlgorithm,
} from './delta-algorithm.ts';
export {
  DELTA_RESULT_MAX_BYTES,
  DeltaError,
} from './delta-error.ts';
export {
  decodeFossil,
  encodeFossil,
} from './delta-fossil.ts';
export {
  type DeltaNotice,
  deltaCompressionEnabled,
  deltaFrame,
  deltaMarksOf,
  markDeltaBase,
  parseDeltaNotice,
  withoutDeltaMarks,
} from './delta-frame.ts';
export { encodeVcdiff } from './delta-vcdiff.ts';
export { decodeVcdiff } from './delta-vcdiff-decode.ts';
export {
  asStringData,
  encodeTags,
  encodeV1,
  encodeV2,
  type V1Envelope,
  type V2Envelope,
} from './encode.ts';
export {
  ERRORS,
  type ErrorName,
  type ErrorRow,
  type HttpErrorCode,
} from './error-table.ts';
export {
  aiError,
  appDisabled,
  authenticationError,
  channelError,
  channelNameInvalid,
  clientEventError,
  clientEventRate,
  connectionError,
  connectionQuota,
  type ErrorOverrides,
  type HttpErrorBody,
  httpError,
  httpErrorBody,
  internalError,
  invalidEventName,
  invalidMessage,
  invalidShape,
  overCapacity,
  ProtocolError,
  protocolError,
  unknownApp,
} from './errors.ts';
export {
  type AiExtras,
  type Extras,
  encodeExtras,
  type HeaderValue,
  parseExtras,
} from './extras.ts';
export {
  type CompiledExpression,
  type CompileExpression,
  type CompileOptions,
  compileFilter,
  type ExpressionLimits,
  type Filter,
  isFilterExempt,
} from './filter.ts';
export {
  createFilterMessage,
  type FilterFields,
  type FilterMessage,
} from './filter-message.ts';
export {
  type FilterLimits,
  type FilterRequest,
  type FilterSource,
  parseFilter,
  type TagNode,
} from './filter-parse.ts';
export {
  type ClientFrame,
  clientFrameFrom,
  dataText,
  parseClientFrame,
} from './frames.ts';
export {
  type Handshake,
  type HandshakeRefusal,
  parseHandshakeQuery,
  type QueryReader,
  type RollupBounds,
  type WireFormat,
} from './handshake.ts';
export {
  type HistoryPurge,
  type HistoryReset,
  parseHistoryPurge,
  parseHistoryReset,
} from './history-admin.ts';
export {
  type HistoryQuery,
  type HistoryScope,
  type HistoryWish,
  historyQueryOf,
  NO_BOUNDS,
  nextCursor,
  parseDirection,
  parseHistoryQuery,
} from './history-query.ts';
export {
  isJsonObject,
  isStringMap,
  isTooDeep,
  type JsonObject,
  member,
  stringMember,
  tryParseJson,
} from './json.ts';
export {
  ACTIVITY_TIMEOUT_SECONDS,
  ANNOTATION_TYPE_MAX_BYTES,
  AUTH_TIMESTAMP_SKEW_SECONDS,
  CACHED_EVENT_SECONDS,
  CHANNEL_HISTORY_CONCURRENCY_MAX,
  CHANNEL_HISTORY_LIMIT_MAX,
  CHANNEL_NAME_MAX_BYTES,
  CONNECT_ATTEMPTS_PER_WINDOW,
  CONNECT_ATTEMPTS_WINDOW_SECONDS,
  CURSOR_MAX_BYTES,
  DELTA_FULL_INTERVAL,
  DELTA_MIN_BYTES,
  EVENT_NAME_MAX_BYTES,
  FILTER_DEPTH_MAX,
  FILTER_DOCUMENT_MAX_BYTES,
  FILTER_EVENT_NAME_HARD_MAX,
  FILTER_EVENT_NAME_MAX,
  FILTER_EVENTS_HARD_MAX,
  FILTER_EVENTS_MAX,
  FILTER_EXPRESSION_DEPTH_MAX,
  FILTER_EXPRESSION_MAX_BYTES,
  FILTER_EXPRESSION_NODES_MAX,
  FILTER_KEY_MAX_BYTES,
  FILTER_NODES_MAX,
  FILTER_VALUE_MAX_BYTES,
  FILTER_VALUES_MAX,
  HISTORY_PAGE_MAX,
  HISTORY_RETENTION_SECONDS,
  HTTP_BODY_MAX_MB,
  IDEMPOTENCY_KEY_MAX_BYTES,
  IDEMPOTENCY_TTL_SECONDS,
  JSON_DEPTH_MAX,
  MESSAGES_PER_WINDOW,
  MESSAGES_WINDOW_SECONDS,
  OP_ID_MAX_BYTES,
  OUTBOX_MAX_MESSAGES,
  PONG_TIMEOUT_SECONDS,
  PRESENCE_GRACE_V2_SECONDS,
  PRESENCE_HELD_DEPARTURES_MAX,
  PRESENCE_UPDATE_MAX_BYTES,
  PRESENCE_UPDATES_PER_SECOND,
  PUBLISH_WAITERS_PER_CHANNEL_MAX,
  RECOVERY_MAX_MESSAGES,
  RECOVERY_PENDING_SECONDS,
  RECOVERY_WINDOW_SECONDS,
  REWIND_SCAN_PAGES_MAX,
  SERIAL_MAX_BYTES,
  SHUTDOWN_GRACE_SECONDS,
  SIGN_IN_DEADLINE_SECONDS,
  TOKEN_EXPIRY_GRACE_SECONDS,
  TOKEN_ID_MAX_BYTES,
  TOKEN_LIFETIME_MAX_SECONDS,
  TOKEN_MAX_BYTES,
  TOKEN_PATTERNS_MAX,
  TOKEN_SKEW_SECONDS,
  V2_IDLE_TIMEOUT_SECONDS,
  V2_PING_INTERVAL_SECONDS,
  VERSIONS_PAGE_MAX,
  WEBSOCKET_MAX_PAYLOAD_KB,
} from './limits.ts';
export {
  type AnyMutationRequest,
  type AppendRequest,
  type ClearableField,
  type DeleteRequest,
  type MutationAck,
  type MutationKind,
  mutationAnswer,
  parseAppend,
  parseDelete,
  parseUpdate,
  type UpdateRequest,
} from './mutation.ts';
export {
  cacheMiss,
  connectionEstablished,
  encodePresence,
  errorFrame,
  errorFrameOf,
  memberAdded,
  memberRemoved,
  metaCount,
  metaMember,
  PING_V1,
  pong,
  presenceUpdate,
  type SubscriptionSucceeded,
  signinSuccess,
  subscriptionSucceeded,
  unknownErrorFrame,
  type WatchlistChange,
  watchlistFrames,
} from './platform-frames.ts';
export {
  base64UrlDecode,
  base64UrlEncode,
  compareVersionSerials,
  createVersionSerials,
  type Direction,
  decodeCursor,
  encodeCursor,
  formatVersionSerial,
  type HistoryBounds,
  type HistoryCursor,
  historySerialOf,
  isSerialText,
  type Position,
  parseSerial,
  parseVersionSerial,
  type VersionSerial,
  type VersionSerials,
} from './position.ts';
export {
  eventPrefix,
  internalEventPrefix,
  type PlatformEvent,
  type Protocol,
  stripPrefix,
  withPrefixOf,
} from './prefix.ts';
export {
  type InfoAttribute,
  idempotencyKeyError,
  infoSet,
  type PublishLimits,
  type PublishRequest,
  parseBatch,
  parsePublish,
} from './publish.ts';
export {
  type DeltaOption,
  type PresenceData,
  parseChannelData,
  parseSignin,
  parseSubscribe,
  parseUnsubscribe,
  parseUserData,
  type Rewind,
  type SigninRequest,
  type SubscribeRequest,
  type UserData,
} from './requests.ts';
export {
  parseResume,
  type RecoveredChannel,
  type ResumeFailure,
  type ResumeFailureCode,
  type ResumePosition,
  resumeFailed,
  resumeSuccess,
} from './resume.ts';
export {
  canonicalRequest,
  channelSignatureInput,
  httpSignatureInput,
  isSocketId,
  parseSignedQuery,
  type QueryParameters,
  userSignatureInput,
} from './signing.ts';
export {
  type SummarizedEvent,
  summarize,
  summaryOf,
} from './summarizers.ts';
export {
  compareUtf8,
  quoteCharacters,
  utf8Encode,
  utf8Length,
} from './text.ts';
export {
  matchesPattern,
  matchesWildcard,
  validateWildcard,
} from './wildcard.ts';
export {
  type BinaryFormat,
  decodeBinaryFrame,
  encodeBinaryFrame,
  parseBinaryClientFrame,
} from './wire-format.ts';
