/** Tools that an application gives to a model, and what becomes of one call. Must not know: rounds, runs that wait. */
import type { ToolCallContent, ToolOutputContent } from './content.ts';
import type { Wording } from './wording.ts';

export interface ModelTool {
  readonly description?: string | undefined;
  /** JSON Schema of the input: an object. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Checks the input; what it answers is given to `execute`. What it throws is told to the model. */
  parse?(input: unknown): unknown;
  /** Absent: somebody else gives the result, by an input of the conversation, and the run waits for it. */
  execute?(input: unknown, context: ToolContext): unknown;
  /** A person has to agree first. */
  readonly needsApproval?: boolean | ((input: unknown) => boolean | Promise<boolean>) | undefined;
}

export type ModelTools = Readonly<Record<string, ModelTool>>;

export interface ToolContext {
  readonly toolCallId: string;
  /** Fires when the run is cancelled or lost. */
  readonly signal: AbortSignal;
}

/** Thrown by a tool: its message is told to the model, and thereby to everybody in the session. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

export type ToolResult = Pick<ToolOutputContent, 'output' | 'isError'>;

const FAILED = 'The tool failed.';

export const toolOf = (tools: ModelTools, name: string): ModelTool | undefined =>
  Object.hasOwn(tools, name) ? tools[name] : undefined;

/** What a call asks for, or why that cannot be told. */
export function inputFor(
  tool: ModelTool,
  { inputText }: Pick<ToolCallContent, 'inputText'>,
): { readonly input: unknown } | { readonly error: string } {
  let input: unknown;
  try {
    input = inputText.trim() === '' ? {} : JSON.parse(inputText);
  } catch {
    return { error: 'The input is no valid JSON.' };
  }
  try {
    return { input: tool.parse === undefined ? input : tool.parse(input) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'The input is not valid.' };
  }
}

/** A tool that cannot say whether it needs approval needs it. */
export async function isApprovalNeeded(
  { needsApproval = false }: ModelTool,
  input: unknown,
): Promise<boolean> {
  if (typeof needsApproval === 'boolean') return needsApproval;
  try {
    return (await needsApproval(input)) !== false;
  } catch {
    return true;
  }
}

/** Never rejects, unless the signal comes first: then with its reason, whatever the tool does. */
export async function executed(
  tool: Required<Pick<ModelTool, 'execute'>>,
  input: unknown,
  context: ToolContext,
  onError: (error: unknown) => void,
): Promise<ToolResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  signal.addEventListener('abort', stop);
  const work = (async (): Promise<ToolResult> => {
    try {
      return { output: (await tool.execute(input, context)) ?? null, isError: false };
    } catch (error) {
      if (error instanceof ToolError) return { output: error.message, isError: true };
      if (!signal.aborted) onError(error);
      return { output: FAILED, isError: true };
    }
  })();
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

export const deniedWording = (toolCallId: string, reason: string | undefined): Wording => ({
  type: 'tool-output-denied',
  data: { type: 'tool-output-denied', toolCallId, ...(reason !== undefined && { reason }) },
  codec: { 'tool-call-id': toolCallId },
});
