/** Everything the entry offers, by name. */
export { SessionAgent, type SessionAgentOptions } from './agent.ts';
export { connectEvents, runEvents, type StreamOptions } from './events.ts';
export type { ToSaying } from './input.ts';
