/** The call of a tool as a part of a message, chunk by chunk. Must not know: other parts. */
import { type AnyChunk, stringOf } from './chunk.ts';

/** `tool-NAME` or `dynamic-tool`, put together member by member. */
export type ToolPart = Record<string, unknown> & { type: string };

const isTool = ({ type }: ToolPart): boolean => type === 'dynamic-tool' || type.startsWith('tool-');

type Setter = (parts: ToolPart[], chunk: AnyChunk) => void;

const SETTERS: Readonly<Record<string, Setter>> = {
  'tool-input-start': (parts, chunk) => setInput(parts, chunk, 'input-streaming'),
  'tool-input-available': (parts, chunk) => setInput(parts, chunk, 'input-available'),
  'tool-input-error': (parts, chunk) => setInput(parts, chunk, 'output-error'),
  'tool-input-delta': addInput,
  'tool-output-available': setOutput,
  'tool-output-error': setOutput,
  'tool-output-denied': (parts, { toolCallId }) => {
    const part = find(parts, toolCallId);
    if (part !== undefined) part.state = 'output-denied';
  },
  'tool-approval-request': setRequest,
  'tool-approval-response': setResponse,
};

/** Puts a chunk about a call where it belongs. One about a call that is not there changes nothing. */
export const setTool: Setter = (parts, chunk) => SETTERS[chunk.type]?.(parts, chunk);

function setInput(parts: ToolPart[], chunk: AnyChunk, state: string): void {
  const { toolCallId, toolName, input, errorText, inputEncoding, providerMetadata } = chunk;
  const step = parts.slice(parts.findLastIndex(({ type }) => type === 'step-start') + 1);
  const known = step.find((part) => isTool(part) && part.toolCallId === toolCallId);
  const isDynamic =
    state === 'output-error' && known !== undefined ? known.type === 'dynamic-tool' : chunk.dynamic === true;
  const same = step.find(
    (part) => part.toolCallId === toolCallId && isTool(part) && (part.type === 'dynamic-tool') === isDynamic,
  );
  const part = same ?? begin(parts, isDynamic, toolCallId);
  if (isDynamic) part.toolName = toolName;
  else part.type = `tool-${stringOf(toolName)}`;
  Object.assign(part, { state, input, output: undefined, errorText, rawInput: undefined });
  part.inputEncoding = state === 'input-streaming' ? inputEncoding : undefined;
  keep(part, chunk, ['toolMetadata', 'providerExecuted']);
  if (state !== 'output-error') keep(part, chunk, ['title']);
  part.preliminary = undefined;
  if (providerMetadata === undefined) return;
  part[state === 'output-error' ? 'resultProviderMetadata' : 'callProviderMetadata'] = providerMetadata;
}

function begin(parts: ToolPart[], isDynamic: boolean, toolCallId: unknown): ToolPart {
  const part: ToolPart = { type: isDynamic ? 'dynamic-tool' : '', toolCallId };
  parts.push(part);
  return part;
}

/** The input is complete only at the end; until then it is shown as it was written. */
function addInput(parts: ToolPart[], { toolCallId, inputTextDelta }: AnyChunk): void {
  const part = find(parts, toolCallId);
  if (part === undefined) return;
  part.rawInput = `${stringOf(part.rawInput) ?? ''}${stringOf(inputTextDelta) ?? ''}`;
  if (part.inputEncoding === 'text') part.input = part.rawInput;
}

function setOutput(parts: ToolPart[], chunk: AnyChunk): void {
  const part = find(parts, chunk.toolCallId);
  if (part === undefined) return;
  const { type, output, errorText, preliminary, providerMetadata } = chunk;
  const isError = type === 'tool-output-error';
  part.state = isError ? 'output-error' : 'output-available';
  part.output = output;
  part.errorText = isError ? errorText : undefined;
  if (!isError || part.type === 'dynamic-tool') part.rawInput = undefined;
  part.preliminary = preliminary;
  part.inputEncoding = undefined;
  keep(part, chunk, ['toolMetadata', 'providerExecuted']);
  if (providerMetadata !== undefined) part.resultProviderMetadata = providerMetadata;
}

function setRequest(parts: ToolPart[], chunk: AnyChunk): void {
  const part = find(parts, chunk.toolCallId);
  if (part === undefined) return;
  const { approvalId, approvalDescriptor, reason, isAutomatic, signature } = chunk;
  part.state = 'approval-requested';
  part.approval = {
    id: approvalId,
    descriptor: approvalDescriptor,
    ...(Object.hasOwn(chunk, 'inputSchemaInput') && { inputSchemaInput: chunk.inputSchemaInput }),
    requestReason: reason,
    ...(isAutomatic === true && { isAutomatic }),
    signature,
  };
}

function setResponse(parts: ToolPart[], chunk: AnyChunk): void {
  const { approvalId, approved, reason, providerExecuted, providerMetadata } = chunk;
  const part = parts.find((one) => isTool(one) && idOf(one.approval) === approvalId);
  if (part === undefined) return;
  part.state = 'approval-responded';
  part.approval = {
    ...Object(part.approval),
    id: approvalId,
    approved,
    ...(reason !== undefined && { reason }),
  };
  if (providerExecuted !== undefined) part.providerExecuted = providerExecuted;
  if (providerMetadata !== undefined) part.callProviderMetadata = providerMetadata;
}

const idOf = (approval: unknown): unknown => Object(approval).id;

/** Once said, they stay. */
function keep(part: ToolPart, chunk: AnyChunk, names: readonly string[]): void {
  for (const name of names) if (chunk[name] !== undefined) part[name] = chunk[name];
}

/** In the last step, else the newest before. */
function find(parts: readonly ToolPart[], toolCallId: unknown): ToolPart | undefined {
  const isOf = (part: ToolPart): boolean => isTool(part) && part.toolCallId === toolCallId;
  const step = parts.slice(parts.findLastIndex(({ type }) => type === 'step-start') + 1);
  return step.find(isOf) ?? parts.findLast(isOf);
}
