/**
 * A run in which a model uses tools: ask it, run what it calls, ask again, at most so many times. Calls that need a person let the run
 * wait, and the input that answers goes on with it. What was done is kept: an attempt that takes over neither asks the model nor runs a tool a second
 * time. Must not know: any provider.
 */
import type { Run } from '../agent/run.ts';
import type { RunContext } from '../agent/work.ts';
import { approvalsIn, believed, isNewMessage } from './answers.ts';
import type { ModelResult } from './collector.ts';
import type { Content, ToolCallContent } from './content.ts';
import { ModelError } from './errors.ts';
import type { FinishReason, ModelEvent, ModelUsage } from './events.ts';
import { ToolCalls } from './tool-calls.ts';
import type { ModelTools } from './tools.ts';
import { type ModelMessage, openCalls } from './turns.ts';
import { sumOfUsage } from './usage.ts';
import { finishWording } from './wording.ts';
import { writeModel } from './write.ts';

export interface AskContext {
  /** Counts from 1. */
  readonly round: number;
  /** The run's: give it to the provider. */
  readonly signal: AbortSignal;
  /** What `prepare` came to. */
  readonly prepared?: unknown;
}

/** What is needed of what a handler knows of its run. */
export type RunToolsContext = Pick<RunContext, 'history'> & Partial<Pick<RunContext, 'record'>>;

export interface RunToolsOptions {
  /** Asks the model with the conversation so far. Not called where an earlier attempt has its answer. */
  readonly ask: (
    conversation: readonly ModelMessage[],
    context: AskContext,
  ) => AsyncIterable<ModelEvent> | Promise<AsyncIterable<ModelEvent>>;
  /**
   * Before `ask`, in a step of its own, whose result (JSON) is kept: an attempt that takes over gets the same. For answers that
   * providers make in the background, by their id.
   */
  readonly prepare?: ((conversation: readonly ModelMessage[], context: AskContext) => unknown) | undefined;
  /** Comes between this and `ask`: `budget.around`, `whileWatched`. */
  readonly around?:
    | ((run: Run, context: RunToolsContext, ask: RunToolsOptions['ask']) => RunToolsOptions['ask'])
    | undefined;
  readonly tools?: ModelTools | undefined;
  /** Calls of the model for one input, 1 to 100. Default 10. */
  readonly maxRounds?: number | undefined;
  /**
   * Who may approve calls and give results. Default: the run's owner, and programs that say for nobody; everybody where the run has no
   * owner.
   */
  readonly mayAnswer?: ((message: Parameters<typeof isNewMessage>[0] & object) => boolean) | undefined;
  /** Hears of what tools throw; the model is told only that it failed. Default: writes to the console. */
  readonly onToolError?: ((error: unknown, call: ToolCallContent) => void) | undefined;
}

export interface RunToolsResult {
  /** `suspended`: the run waits for a person; its handler has nothing more to do. */
  readonly status: 'complete' | 'cancelled' | 'suspended';
  /** Of the last call of the model. */
  readonly text: string;
  readonly finishReason: FinishReason | undefined;
  /** Of all calls of the model in this attempt. */
  readonly usage: ModelUsage | undefined;
  readonly rounds: number;
}

/** What a round came to, as it is kept for another attempt. */
type Round = Pick<ModelResult, 'status' | 'finishReason' | 'rawReason' | 'usage' | 'text'> & {
  /** Absent where nothing follows. */
  readonly content?: readonly Content[];
};

/**
 * Answers the run's input. Text, calls and results are written as they come. A handler may return what it gives.
 * @throws ModelError, also where the model wants tools more often than `maxRounds`; AgentError
 */
export async function runTools(
  run: Run,
  context: RunToolsContext,
  options: RunToolsOptions,
): Promise<RunToolsResult> {
  const { tools = {}, maxRounds = 10, onToolError = complain } = options;
  if (!Number.isInteger(maxRounds) || maxRounds < 1 || maxRounds > 100)
    throw new TypeError('maxRounds must be a whole number from 1 to 100');
  const owner = context.record?.clientId;
  const {
    mayAnswer = ({ clientId }) => owner === undefined || clientId === undefined || clientId === owner,
  } = options;
  const history = await context.history();
  const conversation: ModelMessage[] = [...believed(history, { tools, mayAnswer })];
  const loop: Loop = {
    run,
    calls: new ToolCalls({ run, tools, onToolError }),
    conversation,
    rounds: [],
  };
  // Of other runs nothing is taken up: who opened a new one has left what waited there.
  const own = conversation.filter((_, index) => history[index]?.runId === run.runId);
  if (!isNewMessage(history.at(-1)) && (await settle(loop, openCalls(own), true)) === 'waits')
    return suspended(loop, false);
  if (run.signal.aborted) return result(loop, 'cancelled');
  const { prepare, around = (_run, _context, ask) => ask } = options;
  const ask = around(run, context, options.ask);
  for (let round = 1; round <= maxRounds; round += 1) {
    const outcome = await askOnce(loop, round, { prepare, ask });
    if (outcome !== 'again') return outcome;
  }
  const text = `The model wanted tools ${maxRounds} times without coming to an end`;
  throw new ModelError('provider_error', text, { isRetryable: false });
}

interface Loop {
  readonly run: Run;
  readonly calls: ToolCalls;
  readonly conversation: ModelMessage[];
  readonly rounds: Round[];
}

async function askOnce(
  loop: Loop,
  round: number,
  { prepare, ask }: Pick<RunToolsOptions, 'prepare' | 'ask'>,
): Promise<RunToolsResult | 'again'> {
  const { run, conversation } = loop;
  const context = { round, signal: run.signal };
  const prepared =
    prepare && (await run.step(`prepare-${round}`, () => prepare(conversation, context), { keep: true }));
  const answer = async (): Promise<Round> => {
    const events = await ask(conversation, { ...context, prepared });
    return roundOf(await writeModel(run, events, { isStep: true }));
  };
  const said = await run.step(`model-${round}`, answer, { keep: true });
  loop.rounds.push(said);
  if (said.status === 'cancelled') return result(loop, 'cancelled');
  const { content } = said;
  if (content === undefined) {
    await sayFinish(loop);
    return result(loop, 'complete');
  }
  conversation.push({ role: 'assistant', content });
  const outcome = await settle(loop, openCalls([{ role: 'assistant', content }]), false);
  if (run.signal.aborted) return result(loop, 'cancelled');
  return outcome === 'waits' ? suspended(loop, true) : 'again';
}

/** Of a model that paused, and of one that calls tools, what it said is needed to go on. */
function roundOf({ status, finishReason, rawReason, usage, text, content }: ModelResult): Round {
  const goesOn = finishReason === 'pause' || openCalls([{ role: 'assistant', content }]).length > 0;
  return {
    status,
    finishReason,
    rawReason,
    usage,
    text,
    ...(goesOn && status === 'complete' && { content }),
  };
}

/** Runs what may be run. `waits`: somebody else has to do something first. */
async function settle(
  loop: Loop,
  calls: readonly ToolCallContent[],
  isOld: boolean,
): Promise<'done' | 'waits'> {
  const approvals = approvalsIn(loop.conversation);
  const { outputs, waiting } = await loop.calls.settle(calls, {
    approvals,
    isOld,
    round: loop.rounds.length,
  });
  if (outputs.length > 0) loop.conversation.push({ role: 'assistant', content: outputs });
  return waiting ? 'waits' : 'done';
}

async function suspended(loop: Loop, hasSaid: boolean): Promise<RunToolsResult> {
  const { run } = loop;
  if (run.signal.aborted) return result(loop, 'cancelled');
  if (hasSaid) await sayFinish(loop);
  await run.suspend();
  return result(loop, 'suspended');
}

async function sayFinish({ run, rounds }: Loop): Promise<void> {
  const { finishReason = 'other', rawReason } = rounds.at(-1) ?? {};
  const { type, data, codec } = finishWording('finish', finishReason, rawReason);
  await run.output(type, data, { codec });
}

function result({ rounds }: Loop, status: RunToolsResult['status']): RunToolsResult {
  const last = rounds.at(-1);
  return {
    status,
    text: last?.text ?? '',
    finishReason: last?.finishReason,
    usage: sumOfUsage(rounds.map(({ usage }) => usage)),
    rounds: rounds.length,
  };
}

function complain(error: unknown, { toolName }: ToolCallContent): void {
  console.error(`tool ${toolName}:`, error);
}
