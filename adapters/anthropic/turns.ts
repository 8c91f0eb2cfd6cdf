/** Turns of a request while they are put together. Must not know: what the blocks hold, beyond their kind. */
import type { JsonMap } from './json.ts';

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonMap[];
}

/** A conversation has to begin with its user. */
const BEGINNING: JsonMap = { type: 'text', text: '(The beginning of the conversation is not shown.)' };

export class Turns {
  readonly #turns: Turn[] = [];
  /** Calls of the application's that have no result yet. */
  readonly #open = new Set<string>();

  user(block: JsonMap): void {
    this.#turn('user').content.push(block);
  }

  assistant(block: JsonMap): void {
    this.#turn('assistant').content.push(block);
  }

  call(block: JsonMap, toolCallId: string): void {
    this.assistant(block);
    this.#open.add(toolCallId);
  }

  /** Of a call that was left out it is left out, too. */
  result(toolCallId: string, block: JsonMap): void {
    if (this.#open.delete(toolCallId)) this.user(block);
  }

  finished(): Turn[] {
    const last = this.#turns.at(-1);
    const useless = uselessOf(this.#turns, last);
    for (const turn of this.#turns) repair(turn, useless, turn === last);
    const turns = merged(this.#turns.filter(({ content }) => content.length > 0));
    if (turns[0]?.role === 'assistant') turns.unshift({ role: 'user', content: [BEGINNING] });
    return turns;
  }

  #turn(role: Turn['role']): Turn {
    const last = this.#turns.at(-1);
    if (last?.role === role) return last;
    const turn: Turn = { role, content: [] };
    this.#turns.push(turn);
    return turn;
  }
}

/**
 * Calls that the provider ran itself and did not answer, and answers without a call. What it paused at the end it goes on with when it is
 * asked again.
 */
function uselessOf(turns: readonly Turn[], last: Turn | undefined): Set<JsonMap> {
  const useless = new Set<JsonMap>();
  const open = new Map<unknown, JsonMap>();
  for (const { role, content } of turns) {
    if (role === 'user') continue;
    for (const block of content) {
      const type = String(block.type);
      if (type.endsWith('tool_use') && type !== 'tool_use') open.set(block.id, block);
      else if (type.endsWith('tool_result') && !open.delete(block.tool_use_id)) useless.add(block);
    }
  }
  for (const block of open.values()) if (!last?.content.includes(block)) useless.add(block);
  return useless;
}

function repair({ role, content }: Turn, useless: ReadonlySet<JsonMap>, isLast: boolean): void {
  if (role === 'user') return;
  content.splice(0, content.length, ...content.filter((block) => !useless.has(block)));
  // What was thought leads to something: alone it is refused.
  while (isThinking(content.at(-1))) content.pop();
  const end = content.at(-1);
  if (isLast && end?.type === 'text')
    content[content.length - 1] = { ...end, text: String(end.text).trimEnd() };
}

const isThinking = (block: JsonMap | undefined): boolean =>
  block?.type === 'thinking' || block?.type === 'redacted_thinking';

/** Between turns that are gone, others of one role may stand side by side. */
function merged(turns: readonly Turn[]): Turn[] {
  const all: Turn[] = [];
  for (const turn of turns) {
    const last = all.at(-1);
    if (last?.role === turn.role) last.content.push(...turn.content);
    else all.push(turn);
  }
  return all;
}
