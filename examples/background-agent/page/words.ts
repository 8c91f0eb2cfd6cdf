// What the page says about a run, in words. Pure.
import type { SessionRun } from '@sockudo/ai-transport';
import type { Attempt } from '../shared/job.ts';
import type { JobView, StepView } from './job-view.ts';

/** Short, for the mark beside the title. */
export function stateOf({ status, isCancelRequested, generation }: SessionRun): string {
  if (status === 'running') return isCancelRequested ? 'Stopping…' : 'Running';
  if (status === 'queued') return generation === 0 ? 'Queued' : 'Waiting for another worker';
  const words = {
    suspended: 'Waiting for somebody',
    complete: 'Done',
    cancelled: 'Cancelled',
    error: 'Failed',
    lost: 'Given up',
  };
  return words[status];
}

/** `Step 2 of 5 · with worker-1:4711 · generation 1`: a name, and the id of a process. */
export function factsOf({ run, steps, done, isLive, attempts }: JobView): string {
  const worker = run.workerId ?? attempts.at(-1)?.worker;
  const facts: string[] = [];
  if (steps.length > 0) {
    facts.push(
      isLive
        ? `Step ${Math.min(done + 1, steps.length)} of ${steps.length}`
        : `${done} of ${steps.length} steps`,
    );
  }
  if (run.status === 'queued') facts.push('no worker has it');
  else if (worker !== undefined) facts.push(`${isLive ? 'with' : 'last with'} ${worker}`);
  if (run.generation > 0) facts.push(`generation ${run.generation}`);
  return facts.join(' · ');
}

export interface Note {
  readonly text: string;
  readonly isBad: boolean;
}

/** What happened to the run that one should know of, in order. */
export function notesOf({ run, attempts, steps }: JobView): Note[] {
  const notes: Note[] = attempts
    .filter(({ replaces }) => replaces !== null)
    .map((attempt) => ({ text: takeover(attempt, steps), isBad: false }));
  if (run.status === 'queued' && run.generation > 0) {
    notes.push({
      text: `${attempts.at(-1)?.worker ?? 'Its worker'} is gone. The run waits for another worker; finished steps are kept.`,
      isBad: false,
    });
  }
  const why = run.error?.message ?? run.error?.code;
  if (run.status === 'error')
    notes.push({ text: `The run ended with an error: ${why ?? 'unknown'}`, isBad: true });
  if (run.status === 'lost')
    notes.push({ text: 'Too many workers died over this run; it was given up.', isBad: true });
  return notes;
}

function takeover({ worker, generation, replaces, again }: Attempt, steps: readonly StepView[]): string {
  const step = steps.find(({ id }) => id === again);
  const what = step === undefined ? '' : ` and began “${step.title}” again`;
  const who = replaces === worker ? `${worker} went on` : `${replaces} is gone. ${worker} took over`;
  return `${who} as generation ${generation}${what}.`;
}
