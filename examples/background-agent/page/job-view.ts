// A run of the session as the page shows it. Pure: made anew of messages and run whenever one of them changes, so that it is the same
// whether the run was followed live or is read a week later.
import {
  isLive,
  type MessagePart,
  partValue,
  type SessionMessage,
  type SessionRun,
} from '@sockudo/ai-transport';
import {
  ATTEMPT_OUTPUT,
  type Attempt,
  documentStep,
  type JobRequest,
  OVERALL_STEP,
  PLAN_OUTPUT,
  type Plan,
  type ReadResult,
  TOOL_RESULT_OUTPUT,
} from '../shared/job.ts';

export interface StepView {
  readonly id: string;
  readonly title: string;
  readonly state: 'waiting' | 'working' | 'done' | 'stopped';
  /** How often it was begun. */
  readonly attempts: number;
  readonly tool: ToolView | null;
  readonly text: string;
  /** More is to come. */
  readonly isWriting: boolean;
}

export interface ToolView {
  readonly name: string;
  /** Arguments, as far as the model has written them. */
  readonly arguments: string;
  /** Null: it has not answered. */
  readonly result: ReadResult | null;
}

export interface JobView {
  readonly id: string;
  readonly folder: string;
  readonly run: SessionRun;
  readonly isLive: boolean;
  /** Its beginning was read. */
  readonly isWhole: boolean;
  /** Empty until the worker has looked into the folder. */
  readonly steps: readonly StepView[];
  readonly done: number;
  /** Each worker that had the run, in order. */
  readonly attempts: readonly Attempt[];
}

/** @param messages of this run */
export function jobView(run: SessionRun, messages: readonly SessionMessage[]): JobView {
  const parts = messages.flatMap((message) => message.parts);
  const plan = valuesOf<Plan>(parts, PLAN_OUTPUT).at(-1);
  const steps = plan === undefined ? [] : stepsOf(run, parts, plan);
  return {
    id: run.id,
    folder: folderOf(messages, plan),
    run,
    isLive: isLive(run),
    isWhole: parts.some(({ isInput }) => isInput),
    steps,
    done: steps.filter(({ state }) => state === 'done').length,
    attempts: valuesOf<Attempt>(parts, ATTEMPT_OUTPUT),
  };
}

function stepsOf(run: SessionRun, parts: readonly MessagePart[], { documents }: Plan): StepView[] {
  const titles = [
    ...documents.map(({ path }, index) => [documentStep(index), path] as const),
    [OVERALL_STEP, 'All together'] as const,
  ];
  return titles.map(([id, title]) => {
    const own = parts.filter(({ stepId }) => stepId === id);
    const { status, attempts = 0 } = run.steps.find((step) => step.id === id) ?? {};
    const text = own.find(({ codec }) => codec.type === 'text-start' || codec.type === 'text-end');
    const isActive = status === 'active' && run.status === 'running';
    return {
      id,
      title,
      state: status === 'complete' ? 'done' : isActive ? 'working' : stopped(run, status),
      attempts,
      tool: toolOf(own),
      text: text?.text ?? '',
      isWriting: isActive && text?.status === 'streaming',
    };
  });
}

/** What was begun and is not done: it waits to be begun again, or never will be. */
const stopped = (run: SessionRun, status: string | undefined): StepView['state'] =>
  status === undefined || isLive(run) ? 'waiting' : 'stopped';

function toolOf(parts: readonly MessagePart[]): ToolView | null {
  const input = parts.find(({ codec }) => codec.type?.startsWith('tool-input'));
  if (input === undefined) return null;
  return {
    name: input.codec['tool-name'] ?? '',
    arguments: input.text,
    result: valuesOf<ReadResult>(parts, TOOL_RESULT_OUTPUT).at(-1) ?? null,
  };
}

function folderOf(messages: readonly SessionMessage[], plan: Plan | undefined): string {
  if (plan !== undefined) return plan.folder;
  const input = messages.flatMap(({ parts }) => parts).find(({ isInput }) => isInput);
  // CAST: a stranger's input has another form, or none.
  const request = input === undefined ? undefined : (partValue(input) as Partial<JobRequest>);
  return typeof request?.folder === 'string' ? request.folder : '…';
}

/** Values of the outputs of this name, in order. CAST: only this example's workers publish them. */
const valuesOf = <Value>(parts: readonly MessagePart[], name: string): Value[] =>
  parts.filter(({ codec }) => codec.type === name).map((part) => partValue(part) as Value);
