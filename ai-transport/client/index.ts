/** Everything the entry offers, by name. */
export {
  isLive,
  type MessagePart,
  type MessageStatus,
  messageText,
  partValue,
  type SessionMessage,
  type SessionRun,
  type SessionStep,
} from './tree/model.ts';
