// What page, backend and worker agree on: the channel, what is asked for, and what stands in the outputs of a run.

/** Channels of this example begin so; the server treats them as AI channels. */
export const AI_PREFIX = 'ai:';
/** One conversation for everybody who opens the page. */
export const CHANNEL = `${AI_PREFIX}summaries`;

export const DEFAULT_FOLDER = 'docs';
export const DOCUMENT_COUNTS = [2, 4, 8] as const;
export const MAX_DOCUMENTS = 12;

/** Data of the input, as JSON. */
export interface JobRequest {
  /** Relative to the folder that the example may read. */
  readonly folder: string;
  /** How many of its documents, in the order of their names. */
  readonly documents: number;
}

export interface PlannedDocument {
  /** Relative to the same folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
}

/** Output {@link PLAN_OUTPUT}: what the run is going to read. */
export interface Plan {
  readonly folder: string;
  readonly documents: readonly PlannedDocument[];
}

/** Output {@link ATTEMPT_OUTPUT}: a worker begins, or goes on where another one left off. */
export interface Attempt {
  readonly worker: string;
  readonly generation: number;
  /** Worker that had the run before; null: none. */
  readonly replaces: string | null;
  /** Step that it left unfinished, and that is done once more. */
  readonly again: string | null;
}

/** Output {@link TOOL_RESULT_OUTPUT} of `read_file`. */
export interface ReadResult {
  readonly path: string;
  readonly characters: number;
}

export const PLAN_OUTPUT = 'data-plan';
export const ATTEMPT_OUTPUT = 'data-attempt';
export const TOOL_RESULT_OUTPUT = 'tool-output-available';
export const READ_TOOL = 'read_file';

/** Steps of a run. Their ids are the same in every attempt, so that a further one replaces what an earlier one had written. */
export const PLAN_STEP = 'plan';
export const OVERALL_STEP = 'overall';
export const documentStep = (index: number): string => `document-${index + 1}`;
export const attemptStep = (generation: number): string => `attempt-${generation}`;
