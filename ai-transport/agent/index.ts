/** Everything the entry offers, by name. */
export { Agent, type AgentOptions, createAgent } from './agent.ts';
export { AgentError, type AgentErrorCode, FatalRunError } from './errors.ts';
export type { PipeOptions, PipeResult } from './pipe.ts';
export type { PublishedAt } from './publisher.ts';
export type { EndError, OutputOptions, Run, RunOptions, RunState } from './run.ts';
export type { DescribeError, Session } from './session.ts';
export type { TextSource } from './source.ts';
export type { Steer } from './steers.ts';
