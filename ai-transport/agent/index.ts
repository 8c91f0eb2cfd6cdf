/** Everything the entry offers, by name. */
export { type Agent, type AgentOptions, createAgent, type DescribeError } from './agent.ts';
export {
  type AnswerClaims,
  type AnswerQuestion,
  AnswerTokenError,
  type AnswerTokenErrorCode,
  AnswerTokens,
  type AnswerTokensOptions,
  type GivenAnswers,
  GivenAnswersInMemory,
  type Redeeming,
} from './answer-tokens.ts';
export { AgentError, type AgentErrorCode, FatalRunError } from './errors.ts';
export type { ConversationEnd, ConversationMessage, MessagePart } from './history.ts';
export {
  collapseKeyOfRun,
  type Decision,
  type NotifiedCall,
  type NotifiedKind,
  type NotifyAwayOptions,
  type NotifyFacts,
  type NotifyTexts,
  notifyAway,
} from './notify.ts';
export type { PipeOptions, PipeResult } from './pipe.ts';
export type { PublishedAt } from './publisher.ts';
export type { EndError, OutputOptions, Run, RunOptions, RunState, StepOptions } from './run.ts';
export type { HandleOptions, Session } from './session.ts';
export type { TextSource } from './source.ts';
export type { Steer } from './steers.ts';
export type { RunContext, RunHandler } from './work.ts';
export { createWorker, type Worker, type WorkerOptions } from './worker.ts';
