// The calls of tools of one run: carried out at once, or put before a person first, and later, when the answer is there.
import type { ConversationMessage, Run } from '@sockudo/ai-transport/agent';
import { type Content, contentOf, type ToolCall } from '@sockudo/ai-transport/model';
import { readCall, type Tool } from './tools.ts';

export type Output = Extract<Content, { readonly type: 'tool-output' }>;

export interface Outcome {
  readonly outputs: readonly Output[];
  /** Some calls wait for a person. */
  readonly isWaiting: boolean;
}

export class Calls {
  readonly #run: Run;
  readonly #tools: ReadonlyMap<string, Tool>;

  constructor(run: Run, tools: ReadonlyMap<string, Tool>) {
    this.#run = run;
    this.#tools = tools;
  }

  /** Calls that the model has just made. */
  async make(calls: readonly ToolCall[]): Promise<Outcome> {
    const outputs: Output[] = [];
    let isWaiting = false;
    for (const call of calls) {
      const read = readCall(this.#tools, call);
      if ('problem' in read) outputs.push(await this.#say(call.toolCallId, read.problem, true));
      else if (read.tool.needsApproval) {
        await this.#ask(call.toolCallId);
        isWaiting = true;
      } else outputs.push(await this.#execute(call, read));
    }
    return { outputs, isWaiting };
  }

  /** Calls that were put before a person in this run, as far as there is an answer. */
  async decide(history: readonly ConversationMessage[]): Promise<Outcome> {
    const contents = history.filter(({ runId }) => runId === this.#run.runId).flatMap(contentOf);
    const done = new Set(
      contents.flatMap((content) => (content.type === 'tool-output' ? content.toolCallId : [])),
    );
    const outputs: Output[] = [];
    let isWaiting = false;
    for (const call of contents) {
      if (call.type !== 'tool-call' || done.has(call.toolCallId)) continue;
      const isAbout = (content: Content): boolean =>
        'toolCallId' in content && content.toolCallId === call.toolCallId;
      if (!contents.some((content) => content.type === 'tool-approval-request' && isAbout(content))) continue;
      // The first answer counts, whichever device it came from.
      const answer = contents.find(
        (content) => content.type === 'tool-approval-response' && isAbout(content),
      );
      if (answer?.type !== 'tool-approval-response') isWaiting = true;
      else outputs.push(answer.approved ? await this.#carryOut(call) : await this.#deny(call.toolCallId));
    }
    return { outputs, isWaiting };
  }

  async #carryOut(call: Pick<ToolCall, 'toolCallId' | 'toolName' | 'inputText'>): Promise<Output> {
    const read = readCall(this.#tools, call);
    if ('problem' in read) return this.#say(call.toolCallId, read.problem, true);
    // A worker that dies here is followed by one that finds out from the step whether it was done.
    return this.#run.step(`tool ${call.toolCallId}`, () => this.#execute(call, read), { keep: true });
  }

  async #execute(
    { toolCallId }: Pick<ToolCall, 'toolCallId'>,
    { tool, given }: { readonly tool: Tool; readonly given: unknown },
  ): Promise<Output> {
    try {
      return await this.#say(toolCallId, await tool.execute(given, toolCallId), false);
    } catch (error) {
      if (this.#run.signal.aborted) throw error;
      console.error(error);
      return this.#say(toolCallId, 'The tool failed.', true);
    }
  }

  async #ask(toolCallId: string): Promise<void> {
    const approvalId = `approve-${toolCallId}`;
    const codec = { 'tool-call-id': toolCallId, 'approval-id': approvalId };
    await this.#run.output('tool-approval-request', { toolCallId, approvalId }, { codec });
  }

  async #deny(toolCallId: string): Promise<Output> {
    await this.#run.output('tool-output-denied', { toolCallId }, { codec: { 'tool-call-id': toolCallId } });
    return outputOf(toolCallId, 'The user denied this call. Do not try it again.', true);
  }

  async #say(toolCallId: string, output: unknown, isError: boolean): Promise<Output> {
    const codec = { 'tool-call-id': toolCallId };
    if (isError) await this.#run.output('tool-output-error', { toolCallId, errorText: output }, { codec });
    else await this.#run.output('tool-output-available', output, { codec });
    return outputOf(toolCallId, output, isError);
  }
}

const outputOf = (toolCallId: string, output: unknown, isError: boolean): Output => ({
  type: 'tool-output',
  toolCallId,
  output,
  isError,
  providerExecuted: false,
});
