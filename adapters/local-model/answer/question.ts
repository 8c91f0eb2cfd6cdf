// A conversation and what may be done about it, whichever API it came through. The formats make one of it; answers are made from it.

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as it was written. */
  readonly arguments: string;
}

export type Turn =
  | { readonly role: 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly text: string; readonly isError: boolean };

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** A JSON Schema, as it was given. */
  readonly parameters: unknown;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

export interface Question {
  readonly system: string;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly choice: ToolChoice;
  /** Several tools may be called at once. */
  readonly isParallel: boolean;
  /** Null: no limit but the stand-in's own. */
  readonly maxTokens: number | null;
  /** The request itself asks for reasoning. */
  readonly wantsReasoning: boolean;
  readonly seed: number | null;
  /** A JSON Schema that the answer has to fit; null: it is Markdown. */
  readonly schema: unknown;
}

/** What the user said last. */
export function lastWords({ turns }: Question): string {
  return turns.findLast(({ role }) => role === 'user')?.text ?? '';
}

/** Results that the last calls have given, when it is their turn to be talked about. */
export function freshResults({
  turns,
}: Question): { readonly call: ToolCall | null; readonly text: string; readonly isError: boolean }[] {
  const from = turns.findLastIndex(({ role }) => role !== 'tool') + 1;
  const calls = turns.flatMap((turn) => (turn.role === 'assistant' ? turn.calls : []));
  return turns.slice(from).flatMap((turn) => {
    if (turn.role !== 'tool') return [];
    const call = calls.findLast(({ id }) => id === turn.callId) ?? null;
    return [{ call, text: turn.text, isError: turn.isError }];
  });
}

/** The id of a call without its result, or of a result without its call: real providers refuse both. */
export function unpairedCall(
  turns: readonly Turn[],
): { readonly id: string; readonly lacks: 'result' | 'call' } | null {
  let open = new Set<string>();
  for (const turn of turns) {
    if (turn.role === 'tool') {
      if (!open.delete(turn.callId)) return { id: turn.callId, lacks: 'call' };
      continue;
    }
    const [left] = open;
    if (left !== undefined) return { id: left, lacks: 'result' };
    open = new Set(turn.role === 'assistant' ? turn.calls.map(({ id }) => id) : []);
  }
  const [left] = open;
  return left === undefined ? null : { id: left, lacks: 'result' };
}
