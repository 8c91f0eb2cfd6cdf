// What an API's format has to offer: an answer as a stream of events and as one body, and its errors. One folder entry for each API.
import type { FastifyRequest } from 'fastify';
import type { Question } from '../answer/question.ts';
import type { Piece, Play } from '../stream/play.ts';

export interface Frame {
  /** Absent: only data. */
  readonly event?: string;
  /** An object is sent as JSON. */
  readonly data: string | object;
}

/** One answer in one format. Calls come in this order: begin, piece…, then end or fail. */
export interface Writer {
  begin(): Frame[];
  piece(piece: Piece): Frame[];
  end(): Frame[];
  /** The error event of a stream that has begun. */
  fail(): Frame[];
  /** Without streaming: the whole of it. */
  body(): object;
}

/** A request that was read. */
export interface Asked {
  /** As it was given, settings and all. */
  readonly model: string;
  readonly isStream: boolean;
  readonly question: Question;
  writer(play: Play): Writer;
}

/** Refused: becomes an error in the format of its API. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  /** What OpenAI calls `code`. */
  readonly code: string | null;
  /** The member of the request that is at fault. */
  readonly param: string | null;
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, message: string, details: Partial<RequestErrorDetails> = {}) {
    super(message);
    this.status = status;
    this.code = details.code ?? null;
    this.param = details.param ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

type RequestErrorDetails = Pick<RequestError, 'code' | 'param' | 'retryAfterSeconds'>;

export interface Format {
  /** @throws RequestError, ZodError */
  read(body: unknown): Asked;
  /** The status of a stand-in that has too much to do. */
  readonly overloaded: number;
}

export function textOfFrame({ event, data }: Frame): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return event === undefined ? `data: ${text}\n\n` : `event: ${event}\ndata: ${text}\n\n`;
}

/** Anthropic's clients say which version they speak, OpenAI's do not. */
export const isAnthropic = (request: FastifyRequest): boolean =>
  request.url.startsWith('/v1/messages') || request.headers['anthropic-version'] !== undefined;
