// The stand-in as a server: OpenAI's and Anthropic's addresses on one port. Every error is in the format of the API that was asked.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Stage } from './answering.ts';
import { Library } from './documents/library.ts';
import { readManual } from './documents/manual.ts';
import { type Document, readDocuments } from './documents/read-documents.ts';
import { anthropicError } from './formats/anthropic-error.ts';
import { isAnthropic, RequestError } from './formats/format.ts';
import { openaiError } from './formats/openai-error.ts';
import { addRecording, type RecordOptions } from './recording/record.ts';
import { addReplay } from './recording/replay.ts';
import { addResponses } from './responses/routes.ts';
import { addRoutes } from './routes.ts';
import { readSettings, type Settings } from './settings.ts';
import type { Pace } from './stream/perform.ts';
import { newId } from './stream/play.ts';
import { Tries } from './tries.ts';

const BODY_MAX_BYTES = 2 * 1024 * 1024;

export interface LocalModelOptions {
  /** A folder of Markdown and plain texts, or the texts themselves. Default: the documentation of this project. */
  readonly documents?: string | readonly Document[] | undefined;
  /** What holds for every request that does not say otherwise, such as `speed=50,jitter=0.3`. @throws SettingsError */
  readonly settings?: string | undefined;
  /** In place of answers of its own: a real provider's, which are kept in a file. @throws RecordingError */
  readonly record?: RecordOptions | undefined;
  /** In place of answers of its own: those of a recording, by the name of its file. */
  readonly replay?: string | undefined;
  /** Waits before each piece, in place of the clock: for tests. Rejects: the connection breaks off. */
  readonly pace?: Pace | undefined;
}

/**
 * Not listening yet; reads its documents, or its recording, when it is made ready, and rejects with a DocumentsError or RecordingError
 * when it cannot. Any key will do, also none.
 */
export function createLocalModel(options: LocalModelOptions = {}): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: BODY_MAX_BYTES, forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    reply.header(isAnthropic(request) ? 'request-id' : 'x-request-id', newId('req'));
  });
  app.setErrorHandler((error, request, reply) => refuse(request, reply, asRequestError(error)));
  app.setNotFoundHandler((request, reply) =>
    refuse(
      request,
      reply,
      new RequestError(404, `There is no ${request.method} ${request.url.split('?', 1)[0]}`),
    ),
  );
  const settings = readSettings(options.settings ?? '');
  if (options.record !== undefined) addRecording(app, options.record);
  else if (options.replay !== undefined) addReplay(app, options.replay, settings, options.pace);
  else addAnswers(app, options, settings);
  return app;
}

function addAnswers(app: FastifyInstance, { documents, pace }: LocalModelOptions, settings: Settings): void {
  let library = new Library([]);
  app.addHook('onReady', async () => {
    library = new Library(await documentsFrom(documents));
  });
  const stage: Stage = { settings, pace, tries: new Tries(), underWay: 0, library: () => library };
  addRoutes(app, stage);
  addResponses(app, stage);
}

function refuse(request: FastifyRequest, reply: FastifyReply, error: RequestError): FastifyReply {
  if (error.retryAfterSeconds !== null) reply.header('retry-after', String(error.retryAfterSeconds));
  return reply.code(error.status).send(isAnthropic(request) ? anthropicError(error) : openaiError(error));
}

function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof z.ZodError) return asInvalid(error);
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return new RequestError(413, `The body has more than ${BODY_MAX_BYTES} bytes.`);
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new RequestError(status, 'The body could not be read: it has to be JSON, with its content-type.');
  return new RequestError(500, 'The stand-in failed.');
}

/** The first thing that is wrong, with its place: `messages[0].role`. */
function asInvalid({ issues }: z.ZodError): RequestError {
  const { path, message } = deepest(issues, []);
  const param = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return new RequestError(400, message, { param: param === '' ? null : param.replace(/^\./, '') });
}

type Issue = Pick<z.core.$ZodIssue, 'path' | 'message'>;

/** Of what may have several forms, the complaint of the form that came furthest says most. */
function deepest(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[]): Issue {
  const [issue] = issues;
  const path = [...above, ...(issue?.path ?? [])];
  const here = { path, message: issue?.message ?? 'Invalid request' };
  if (issue?.code !== 'invalid_union') return here;
  return issue.errors
    .filter((branch) => branch.length > 0)
    .map((branch) => deepest(branch, path))
    .reduce((best, one) => (one.path.length > best.path.length ? one : best), here);
}

async function documentsFrom(given: LocalModelOptions['documents']): Promise<readonly Document[]> {
  if (typeof given === 'string') return readDocuments(given);
  return given ?? readManual();
}
