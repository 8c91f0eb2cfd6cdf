/** What an answer says besides messages: sources, files, data, state, events of the provider. Each is told once. Must not know: runs. */
import { type Event, EventType, type JsonPatch } from '@ag-ui/core';
import type { MessagePart, SessionMessage } from '@sockudo/ai-transport';
import { type Content, contentOf } from '@sockudo/ai-transport/model';

/** Data of this name is the state that agent and page share; the other changes it (JSON Patch). */
const STATE = 'state';
const STATE_DELTA = 'state-delta';

export class Signals {
  /** Parts that were told, or need not be. */
  readonly #told = new Set<string>();

  /** Takes these for told. */
  skip(messages: readonly SessionMessage[]): void {
    for (const { parts } of messages) for (const { id } of parts) this.#told.add(id);
  }

  tell(messages: readonly SessionMessage[]): Event[] {
    return messages.flatMap(({ role, parts }) =>
      role === 'assistant' ? parts.flatMap((part) => this.#tellPart(part)) : [],
    );
  }

  #tellPart(part: MessagePart): Event[] {
    if (part.isInput || this.#told.has(part.id)) return [];
    this.#told.add(part.id);
    return contentOf({ parts: [part] }).flatMap((piece) => signalOf(piece) ?? []);
  }
}

/** The state as it stands after these messages. */
export function stateEvents(messages: readonly SessionMessage[]): Event[] {
  const events = new Signals().tell(messages);
  const last = events.findLastIndex(({ type }) => type === EventType.STATE_SNAPSHOT);
  return events
    .slice(Math.max(last, 0))
    .filter(({ type }) => type === EventType.STATE_SNAPSHOT || type === EventType.STATE_DELTA);
}

function signalOf(piece: Content): Event | null {
  switch (piece.type) {
    case 'source':
    case 'file': {
      const { type: name, ...value } = piece;
      return { type: EventType.CUSTOM, name, value };
    }
    case 'data':
      return dataEvent(piece);
    case 'provider': {
      const { provider: source, name, data } = piece;
      return { type: EventType.RAW, event: data, source, metadata: { name } };
    }
    default:
      return null;
  }
}

function dataEvent({ name, data, id }: Extract<Content, { readonly type: 'data' }>): Event {
  if (name === STATE) return { type: EventType.STATE_SNAPSHOT, snapshot: data };
  if (name === STATE_DELTA && isPatch(data)) return { type: EventType.STATE_DELTA, delta: data };
  return { type: EventType.CUSTOM, name, value: data, ...(id !== undefined && { metadata: { id } }) };
}

const OPERATIONS: ReadonlySet<unknown> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/** What is no patch would end the run at its reader. */
function isPatch(data: unknown): data is JsonPatch {
  return Array.isArray(data) && data.every(isOperation);
}

function isOperation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const {
    op,
    path,
    from,
    value: given,
  }: { op?: unknown; path?: unknown; from?: unknown; value?: unknown } = value;
  if (!OPERATIONS.has(op) || !isPointer(path)) return false;
  if (op === 'move' || op === 'copy') return isPointer(from);
  return op === 'remove' || given !== undefined;
}

const isPointer = (value: unknown): boolean =>
  typeof value === 'string' && /^(?:\/(?:[^~/]|~[01])*)*$/.test(value);
