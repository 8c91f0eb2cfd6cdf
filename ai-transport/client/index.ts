/** Everything the entry offers, by name. */
export type { RunError, RunStatus } from '../wire/index.ts';
export type { Serial } from './log/serials.ts';
export type { Agent } from './session/agents.ts';
export type { InputOptions } from './session/commands.ts';
export { SessionError, type SessionErrorCode } from './session/errors.ts';
export type { MessageOptions, SendOptions, Sent, SessionOptions } from './session/options.ts';
export type { Published } from './session/outbox.ts';
export { createSession, Session } from './session/session.ts';
export type { SessionState } from './session/session-state.ts';
export type { SessionSnapshot } from './session/snapshot.ts';
export type { Versions, View } from './session/view.ts';
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
