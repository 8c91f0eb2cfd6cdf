// Whole data of versions, put together from the database and what is held of it in memory.
import type { HotTexts } from './hot-texts.ts';
import { type MessageText, textOf, withFragment } from './message-text.ts';
import type { Session } from './session.ts';
import { fromStored } from './stored-text.ts';

/** A version of a message, or its create where `serial`, `baseSerial` and `historySerial` are the same. */
export interface TextPlace {
  readonly logId: number;
  readonly historySerial: number;
  readonly baseSerial: number;
  readonly serial: number;
}

interface Question {
  readonly place: TextPlace;
  /** What is known already of the same base. */
  readonly known: MessageText | null;
  /** Texts are wanted of these serials, up to the highest. */
  readonly wanted: Set<number>;
  upTo: number;
}

interface Piece {
  readonly place: number;
  readonly serial: number;
  readonly data: string | null;
}

/** Null: something of it was removed before it was read. */
export type Texts = (place: TextPlace) => MessageText | null;

/** Reads all that is wanted at once. */
export async function readTexts(
  session: Session,
  hot: HotTexts,
  places: readonly TextPlace[],
): Promise<Texts> {
  const questions = questionsOf(hot, places);
  const found = new Map<string, MessageText>();
  const open = [...questions.values()].filter(({ known, upTo }) => known === null || known.serial < upTo);
  for (const { place, known } of questions.values()) {
    if (known !== null) found.set(textKey({ ...place, serial: known.serial }), known);
  }
  if (open.length > 0) collect(open, await readPieces(session, open), found);
  return (place) => found.get(textKey(place)) ?? null;
}

function questionsOf(hot: HotTexts, places: readonly TextPlace[]): Map<string, Question> {
  const questions = new Map<string, Question>();
  for (const place of places) {
    const { logId, historySerial, baseSerial, serial } = place;
    const key = `${logId}:${historySerial}:${baseSerial}`;
    const question = questions.get(key) ?? { place, known: null, wanted: new Set(), upTo: 0 };
    question.wanted.add(serial);
    question.upTo = Math.max(question.upTo, serial);
    questions.set(key, question);
  }
  for (const [key, question] of questions) {
    const { logId, historySerial, baseSerial } = question.place;
    const known = hot.get(logId, historySerial);
    const isUsable = known?.baseSerial === baseSerial && known.text.serial <= Math.min(...question.wanted);
    if (isUsable) questions.set(key, { ...question, known: known.text });
  }
  return questions;
}

function readPieces(session: Session, questions: readonly Question[]): Promise<Piece[]> {
  return session.query<Piece>('texts', [
    questions.map(({ place }) => place.logId),
    questions.map(({ place }) => place.historySerial),
    questions.map(({ place }) => place.baseSerial),
    questions.map(({ known }) => known?.serial ?? 0),
    questions.map(({ upTo }) => upTo),
  ]);
}

function collect(
  questions: readonly Question[],
  pieces: readonly Piece[],
  found: Map<string, MessageText>,
): void {
  const texts = new Map<number, MessageText>();
  for (const { place: number, serial, data } of pieces) {
    const question = questions[number - 1];
    if (question === undefined) continue;
    const before = texts.get(number) ?? question.known;
    const piece = data === null ? null : fromStored(data);
    // Pieces without the whole data that they follow: it was removed meanwhile.
    if (before === null && serial !== question.place.baseSerial) continue;
    const text = before === null ? textOf(serial, piece) : withFragment(before, serial, piece);
    texts.set(number, text);
    if (question.wanted.has(serial)) found.set(textKey({ ...question.place, serial }), text);
  }
}

const textKey = ({ logId, historySerial, serial }: TextPlace): string =>
  `${logId}:${historySerial}:${serial}`;
