// From a request that was read to its answer on the wire: settings, refusals, the number of streams at once, and the stream itself.
import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerTo } from './answer/answer.ts';
import type { Library } from './documents/library.ts';
import { type Asked, type Frame, RequestError, textOfFrame, type Writer } from './formats/format.ts';
import { LOCAL_MODEL, readSettings, type Settings, SettingsError, splitModel } from './settings.ts';
import { FailError, type Pace, type Performance, perform, seedOf } from './stream/perform.ts';
import { type Play, playOf } from './stream/play.ts';
import type { Tries } from './tries.ts';

/** Answers under way at once, all connections together. */
export const MAX_STREAMS = 256;
/** Statuses that say when to come back. */
const RETRYABLE = new Set([429, 503, 529]);

export interface Stage {
  readonly settings: Settings;
  readonly pace?: Pace | undefined;
  readonly tries: Tries;
  readonly library: () => Library;
  /** How many answers are under way. */
  underWay: number;
}

/** What is to be said, and how. */
export interface Prepared {
  readonly settings: Settings;
  readonly seed: number;
  readonly play: Play;
}

/** @throws RequestError: another model, a setting that does not exist, a refusal that was asked for */
export function prepare(
  request: FastifyRequest,
  asked: Pick<Asked, 'model' | 'question'>,
  stage: Stage,
  overloaded: number,
): Prepared {
  const settings = settingsFor(request, asked.model, stage.settings);
  const text = JSON.stringify(request.body);
  if (settings.error !== null && stage.tries.fails(`${request.url} ${text}`, settings.error.times)) {
    const { status } = settings.error;
    const details = RETRYABLE.has(status) ? { retryAfterSeconds: settings.retryAfterSeconds } : {};
    throw new RequestError(status, `The stand-in was told to refuse with ${status}.`, details);
  }
  if (stage.underWay >= MAX_STREAMS) {
    const details = { retryAfterSeconds: settings.retryAfterSeconds };
    throw new RequestError(overloaded, `${MAX_STREAMS} answers are under way already.`, details);
  }
  const answer = answerTo(asked.question, stage.library(), settings);
  const play = playOf(asked.question, answer, settings.thinking || asked.question.wantsReasoning);
  return { settings, seed: settings.seed ?? asked.question.seed ?? seedOf(text), play };
}

/** The header wins over the name of the model, and this over what the stand-in was started with. */
export function settingsFor(request: FastifyRequest, model: string, base: Settings): Settings {
  const { name, settings } = splitModel(model);
  if (name !== LOCAL_MODEL) {
    throw new RequestError(404, `The model '${name}' does not exist here; there is '${LOCAL_MODEL}'.`, {
      code: 'model_not_found',
      param: 'model',
    });
  }
  const header = request.headers['x-local-model'];
  try {
    return readSettings(typeof header === 'string' ? header : '', readSettings(settings, base));
  } catch (error) {
    if (error instanceof SettingsError) throw new RequestError(400, error.message, { param: 'model' });
    throw error;
  }
}

/** Says it all, streamed or at once. @throws RequestError when it was told to fail and has not begun a stream */
export async function answer(
  reply: FastifyReply,
  asked: Asked,
  prepared: Prepared,
  stage: Stage,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const performance = { ...prepared, pace: stage.pace, signal: gone.signal };
  const writer = asked.writer(prepared.play);
  stage.underWay += 1;
  try {
    if (asked.isStream) await stream(reply, writer, prepared.play, performance);
    else await whole(reply, writer, prepared.play, performance);
  } finally {
    stage.underWay -= 1;
  }
}

async function stream(
  reply: FastifyReply,
  writer: Writer,
  play: Play,
  performance: Performance,
): Promise<void> {
  const { raw } = beginStream(reply);
  const send = (frames: readonly Frame[]): Promise<void> =>
    write(raw, frames.map(textOfFrame).join(''), performance.signal);
  try {
    await send(writer.begin());
    for await (const piece of perform(play, performance)) await send(writer.piece(piece));
    await send(writer.end());
    raw.end();
  } catch (error) {
    if (!(error instanceof FailError)) breakOff(raw);
    else raw.end(writer.fail().map(textOfFrame).join(''));
  }
}

/** Waits where the client reads too slowly. Rejects when it is gone. */
export async function write(raw: FastifyReply['raw'], text: string, signal: AbortSignal): Promise<void> {
  if (!raw.write(text)) await once(raw, 'drain', { signal });
}

/** Closes the connection after what was written, without the end of the answer. */
export function breakOff(raw: FastifyReply['raw']): void {
  raw.socket?.destroySoon();
}

/** The socket is written to by hand from here on. */
export function beginStream(reply: FastifyReply): FastifyReply {
  const headers = reply.getHeaders();
  reply.hijack();
  reply.raw.writeHead(200, {
    ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  return reply;
}

async function whole(
  reply: FastifyReply,
  writer: Writer,
  play: Play,
  performance: Performance,
): Promise<void> {
  try {
    for await (const _piece of perform(play, performance));
  } catch (error) {
    if (error instanceof FailError) throw new RequestError(500, 'The stand-in was told to fail here.');
    reply.hijack();
    breakOff(reply.raw);
    return;
  }
  await reply.send(writer.body());
}
