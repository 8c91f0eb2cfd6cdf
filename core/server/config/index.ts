// The configuration as the rest of the server and the command line use it.
export { DEVELOPMENT_FILE, type DevelopmentApp } from './development.ts';
export { type Environment, variable } from './environment.ts';
export { type Loaded, type LoadInput, type LoadResult, loadSettings } from './load.ts';
export { formatProblem, formatProblems, type Problem } from './problem.ts';
export { redact } from './redact.ts';
export type { ServerConfig } from './schema.ts';
export { configJsonSchema } from './tree.ts';
