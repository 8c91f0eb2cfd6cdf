/** The eleven event names of AI Transport and who may publish them. Names are compared exactly. */

/** What clients on protocol 2 may publish, too. */
export const CLIENT_AI_EVENTS = ['ai-input', 'ai-cancel'] as const;

/** All of them; what is not in {@link CLIENT_AI_EVENTS} takes the signed HTTP API. */
export const AI_EVENTS = [
  ...CLIENT_AI_EVENTS,
  'ai-output',
  'ai-run-start',
  'ai-run-suspend',
  'ai-run-resume',
  'ai-run-end',
  'ai-step-start',
  'ai-step-end',
  // Before runs were called so.
  'ai-turn-start',
  'ai-turn-end',
] as const;

export type AiEvent = (typeof AI_EVENTS)[number];
export type ClientAiEvent = (typeof CLIENT_AI_EVENTS)[number];

const ALL: ReadonlySet<string> = new Set(AI_EVENTS);
const OF_CLIENTS: ReadonlySet<string> = new Set(CLIENT_AI_EVENTS);

export const isAiEvent = (name: string): name is AiEvent => ALL.has(name);
export const isClientAiEvent = (name: string): name is ClientAiEvent => OF_CLIENTS.has(name);
