/** The calls of one round: each is run, answered with an error, or left to somebody. Must not know: the model. */
import type { Run } from '../agent/run.ts';
import type { Approval } from './answers.ts';
import type { ToolCallContent, ToolOutputContent } from './content.ts';
import {
  deniedWording,
  executed,
  inputFor,
  isApprovalNeeded,
  type ModelTool,
  type ModelTools,
  type ToolResult,
  toolOf,
} from './tools.ts';
import { DENIED, type Wording, wordingOf } from './wording.ts';

export interface ToolCallsParts {
  readonly run: Run;
  readonly tools: ModelTools;
  readonly onToolError: (error: unknown, call: ToolCallContent) => void;
}

interface Facts {
  readonly approvals: ReadonlyMap<string, Approval>;
  /** The calls are of an earlier attempt: whoever has to be asked was asked then. */
  readonly isOld: boolean;
  readonly round: number;
}

export interface Settled {
  readonly outputs: readonly ToolOutputContent[];
  readonly waiting: boolean;
}

export class ToolCalls {
  readonly #parts: ToolCallsParts;

  constructor(parts: ToolCallsParts) {
    this.#parts = parts;
  }

  /** One after the other, so that each that has been run is kept. Stops where the run is cancelled. */
  async settle(calls: readonly ToolCallContent[], facts: Facts): Promise<Settled> {
    const outputs: ToolOutputContent[] = [];
    let waiting = false;
    for (const [index, call] of calls.entries()) {
      if (this.#parts.run.signal.aborted) break;
      const result = await this.#settleOne(call, facts, `tool-${facts.round}-${index}`);
      if (result === 'cancelled') break;
      if (result === 'waits') waiting = true;
      else
        outputs.push({
          type: 'tool-output',
          toolCallId: call.toolCallId,
          providerExecuted: false,
          ...result,
        });
    }
    return { outputs, waiting };
  }

  async #settleOne(
    call: ToolCallContent,
    { approvals, isOld }: Facts,
    stepId: string,
  ): Promise<ToolResult | 'waits' | 'cancelled'> {
    const approval = approvals.get(call.toolCallId);
    if (approval?.approved === false) return this.#denied(call, approval.reason);
    const tool = toolOf(this.#parts.tools, call.toolName);
    if (tool === undefined) return this.#failed(call, `There is no tool ${call.toolName}.`);
    const found = inputFor(tool, call);
    if ('error' in found) return this.#failed(call, found.error);
    if (approval === undefined && (await isApprovalNeeded(tool, found.input))) {
      if (!isOld) await this.#ask(call);
      return 'waits';
    }
    const { execute } = tool;
    if (execute === undefined) return 'waits';
    return this.#run(call, { ...tool, execute }, found.input, stepId);
  }

  /** Kept with the step: what has been done is not done again. */
  async #run(
    call: ToolCallContent,
    tool: ModelTool & Required<Pick<ModelTool, 'execute'>>,
    input: unknown,
    stepId: string,
  ): Promise<ToolResult | 'cancelled'> {
    const { run, onToolError } = this.#parts;
    const { toolCallId } = call;
    try {
      const work = async (): Promise<ToolResult> => {
        const context = { toolCallId, signal: run.signal };
        const result = await executed(tool, input, context, (error) => onToolError(error, call));
        await this.#say(wordingOf({ type: 'tool-output', toolCallId, ...result }));
        return result;
      };
      return await run.step(stepId, work, { keep: true });
    } catch (error) {
      if (run.isCancelled) return 'cancelled';
      throw error;
    }
  }

  async #ask({ toolCallId }: ToolCallContent): Promise<void> {
    await this.#say(wordingOf({ type: 'tool-approval-request', toolCallId, approvalId: toolCallId }));
  }

  async #denied({ toolCallId }: ToolCallContent, reason: string | undefined): Promise<ToolResult> {
    await this.#say(deniedWording(toolCallId, reason));
    return { output: reason ?? DENIED, isError: true };
  }

  async #failed({ toolCallId }: ToolCallContent, output: string): Promise<ToolResult> {
    await this.#say(wordingOf({ type: 'tool-output', toolCallId, output, isError: true }));
    return { output, isError: true };
  }

  async #say({ type, data, codec }: Wording): Promise<void> {
    await this.#parts.run.output(type, data, { codec });
  }
}
