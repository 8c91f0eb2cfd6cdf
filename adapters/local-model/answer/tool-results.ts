// What is said about the results of tools. Must not know: documents, HTTP.
import type { ToolCall } from './question.ts';
import { summaryOf } from './summary.ts';

export interface ToolResult {
  /** Null: nobody knows what was called. */
  readonly call: ToolCall | null;
  readonly text: string;
  readonly isError: boolean;
}

/** Longer results are summarised. */
const SHORT = 600;
const MAX_MEMBERS = 30;

export function tellResults(results: readonly ToolResult[]): string {
  return results.map(tellResult).join('\n\n');
}

function tellResult({ call, text, isError }: ToolResult): string {
  const name = call === null ? 'The tool' : `\`${call.name}\``;
  if (isError) return `${name} failed: ${text.trim() === '' ? 'it gave no reason.' : text.slice(0, SHORT)}`;
  if (text.trim() === '') return `${name} is done; it returned nothing.`;
  const value = jsonIn(text);
  if (value !== undefined) return `${name} returned:\n\n${tellJson(value)}`;
  return text.length <= SHORT
    ? `${name} returned: ${text}`
    : `${name} returned, in short: ${summaryOf(text)}`;
}

/** Flat objects as a list, everything else as JSON. */
function tellJson(value: unknown): string {
  const isFlat =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((member) => typeof member !== 'object' || member === null);
  if (!isFlat) return `\`\`\`json\n${JSON.stringify(value, null, 2).slice(0, 4000)}\n\`\`\``;
  const members = Object.entries(value).slice(0, MAX_MEMBERS);
  return members.length === 0
    ? 'nothing.'
    : members.map(([name, member]) => `- **${name}**: ${String(member)}`).join('\n');
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
