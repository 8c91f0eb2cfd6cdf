/**
 * The pieces of a message as tracks: one for each text that grows, one for each chunk that came at once, in the order of the channel.
 * A track keeps its place and its key while it grows. Must not know: who reads, what was read before.
 */
import { type AnyChunk, isObject, jsonOf, parsed, stringOf } from './chunk.ts';
import type { Piece } from './piece.ts';
import { chunkOfWord, membersOf, PART_METADATA, WHOLE_CHUNK } from './words.ts';

export interface Growing {
  readonly kind: 'growing';
  readonly key: string;
  readonly start: AnyChunk;
  readonly text: string;
  /** What ends it; null: it may grow. Empty: what ends it stands elsewhere. */
  readonly end: readonly AnyChunk[] | null;
}

export interface Whole {
  readonly kind: 'whole';
  readonly key: string;
  readonly chunk: AnyChunk;
}

export type Track = Growing | Whole;

/** How the run of a message ended; null: it did not. */
export type Over = 'complete' | 'cancelled' | 'error' | null;

type Family = 'text' | 'reasoning' | 'tool-input';

interface Text {
  readonly kind: 'text';
  readonly family: Family;
  readonly key: string;
  readonly id: string;
  /** Said apart from the text. */
  start: AnyChunk | undefined;
  end: AnyChunk | undefined;
  piece: Piece | undefined;
  metadata: unknown;
}

type Building = Text | Whole;

const FAMILY = /^(text|reasoning|tool-input)(?:-(start|delta|end|available))?$/;

export function tracksOf(pieces: readonly Piece[], over: Over): Track[] {
  const made: Building[] = [];
  for (const piece of pieces) take(made, piece);
  return made.map((item) => (item.kind === 'text' ? growing(item, over) : item));
}

/** All that somebody who is not the agent can add to an answer. */
export const ANSWERS = /^tool-(result|result-error|approval-response)$/;

function take(made: Building[], piece: Piece): void {
  if (piece.isInput && !ANSWERS.test(piece.codec.type ?? '')) return;
  const { codec, status } = piece;
  const match = FAMILY.exec(codec.type ?? (status === undefined ? '' : 'text'));
  // CAST: the pattern names exactly these.
  if (status !== undefined && match !== null) takeText(made, piece, match[1] as Family);
  else if (codec.type === PART_METADATA) takeMetadata(made, piece);
  else takeWhole(made, piece);
}

function takeText(made: Building[], piece: Piece, family: Family): void {
  const id = idOf(family, piece);
  const announced = newest(made, family, id);
  if (announced !== undefined && announced.piece === undefined && announced.end === undefined)
    announced.piece = piece;
  else
    made.push({
      ...{ kind: 'text', family, key: piece.key, id, start: undefined },
      ...{ end: undefined, piece, metadata: undefined },
    });
}

function takeWhole(made: Building[], piece: Piece): void {
  const { codec, text, key } = piece;
  // A plain message of an agent that says nothing about it.
  if (codec.type === undefined && !piece.isInput) {
    if (text !== '' && !text.startsWith('{')) takeText(made, { ...piece, status: 'complete' }, 'text');
    return;
  }
  const chunk = chunkOfWord(codec, text);
  if (chunk === null) return;
  if (codec.type === WHOLE_CHUNK && takePart(made, key, chunk)) return;
  if (piece.isInput && isAnswered(made, chunk)) return;
  made.push({ kind: 'whole', key: keyOf(made, key, chunk), chunk });
}

/** Of two who answer the same call the first one counts. */
const isAnswered = (made: readonly Building[], { type, toolCallId }: AnyChunk): boolean =>
  type.startsWith('tool-output-') &&
  made.some(
    (item) =>
      item.kind === 'whole' &&
      item.chunk.type.startsWith('tool-output-') &&
      item.chunk.toolCallId === toolCallId &&
      item.chunk.preliminary !== true,
  );

/** Beginning or end of a text that was said apart from it. */
function takePart(made: Building[], key: string, chunk: AnyChunk): boolean {
  const [, family, phase] = FAMILY.exec(chunk.type) ?? [];
  const id = stringOf(family === 'tool-input' ? chunk.toolCallId : chunk.id);
  if (family === undefined || id === undefined) return false;
  if (phase === 'start') {
    // CAST: the pattern names exactly these.
    const begun = { kind: 'text', family: family as Family, key, id, start: chunk } as const;
    made.push({ ...begun, end: undefined, piece: undefined, metadata: undefined });
    return true;
  }
  if (phase !== 'end') return false;
  const text = newest(made, family, id);
  if (text !== undefined) text.end ??= chunk;
  return true;
}

function takeMetadata(made: Building[], { codec, text }: Piece): void {
  const call = codec['tool-call-id'];
  const id = call ?? codec.id;
  const found = made.findLast(
    (item): item is Text =>
      item.kind === 'text' && item.id === id && (item.family === 'tool-input') === (call !== undefined),
  );
  if (found !== undefined) found.metadata = parsed(text);
}

const newest = (made: readonly Building[], family: string, id: string): Text | undefined =>
  made.findLast((item): item is Text => item.kind === 'text' && item.family === family && item.id === id);

/** Steps are told apart by their number: the same one is begun again by whoever tries again. */
const keyOf = (made: readonly Building[], key: string, chunk: AnyChunk): string =>
  chunk.type === 'start-step'
    ? `step ${made.filter((item) => item.kind === 'whole' && item.chunk.type === 'start-step').length}`
    : key;

function idOf(family: Family, { codec, key }: Piece): string {
  const { toolCallId } = membersOf(codec);
  return (family === 'tool-input' ? stringOf(toolCallId) : undefined) ?? codec.id ?? key;
}

function growing(text: Text, over: Over): Growing {
  const { key, piece, start = startOf(text) } = text;
  return { kind: 'growing', key, start, text: piece?.text ?? '', end: endOf(text, over) };
}

const identity = ({ family, id }: Text): object => (family === 'tool-input' ? { toolCallId: id } : { id });

/** What the headers say of it. */
function membersOfText({ family, piece, metadata }: Text): Readonly<Record<string, unknown>> {
  const { id: _, ...members } = membersOf(piece?.codec ?? {});
  const { providerMetadata, ...rest } = members;
  const said = isObject(metadata) ? metadata : providerMetadata;
  return {
    ...(family === 'tool-input' && { toolName: '', ...rest }),
    ...(said !== undefined && { providerMetadata: said }),
  };
}

const startOf = (text: Text): AnyChunk => ({
  ...membersOfText(text),
  ...identity(text),
  type: `${text.family}-start`,
});

function endOf(text: Text, over: Over): readonly AnyChunk[] | null {
  const { family, piece, end } = text;
  if (piece?.status === 'streaming' && over === null) return null;
  if (piece === undefined && end === undefined && over === null) return null;
  if (family === 'tool-input') return endOfCall(text);
  return [end ?? { ...membersOfText(text), ...identity(text), type: `${family}-end` }];
}

function endOfCall(text: Text): readonly AnyChunk[] {
  const { piece } = text;
  if (piece?.status === 'complete' && piece.codec.type !== 'tool-input-available') return [];
  if (piece === undefined) return [];
  const { inputEncoding: _, ...members } = {
    ...text.start,
    ...membersOfText(text),
    ...identity(text),
  } as AnyChunk;
  const input = piece.text === '' ? {} : jsonOf(piece.text);
  if (piece.status === 'complete') return [{ ...members, type: 'tool-input-available', input }];
  const { toolCallId, toolName, dynamic } = members;
  return [{ type: 'tool-input-error', toolCallId, toolName, dynamic, input, errorText: CUT_OFF }];
}

/** What is said of a call that nobody finished. */
export const CUT_OFF = 'The call was cut off.';
