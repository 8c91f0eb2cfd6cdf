// What is wrong with a configuration, in a form for people (`formatProblem`) and for machines (the fields). A value is
// shown only where it cannot be a secret.

/** One thing wrong, or worth a warning. `message` continues the sentence that `path` begins. */
export interface Problem {
  /** Setting in dotted form, or the name of an environment variable or file. */
  readonly path: string;
  readonly message: string;
  /** Where the value came from: a file, `environment variable PORT`, `flag --port`. */
  readonly source?: string;
  /** The offending value as shown, `[redacted]` for secrets. */
  readonly value?: string;
  readonly expected?: string;
  readonly suggestion?: string;
}

const MAX_SHOWN_CHARS = 80;

/** JSON text of a value, cut to a readable length. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= MAX_SHOWN_CHARS ? json : `${json.slice(0, MAX_SHOWN_CHARS)}…`;
}

export function formatProblem(problem: Problem): string {
  const origin = problem.source === undefined ? '' : ` (${problem.source})`;
  return `${problem.path}: ${problem.message}${origin}`;
}

/** Several problems as lines with a heading that counts them. */
export function formatProblems(problems: readonly Problem[]): string {
  const heading =
    problems.length === 1
      ? '1 problem in the configuration:'
      : `${problems.length} problems in the configuration:`;
  return [heading, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n');
}
