// A server of the shape of OpenAI's chat completions, so that the examples run without a key and the tests without a network. It is no
// language model: it picks sentences out of the text it is given (summary.ts), always the same ones.
import { setTimeout as wait } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { type Answer, answerTo, type ChatRequest, chatRequest } from './answer.ts';

/** The only model it has. */
export const STAND_IN_MODEL = 'sentence-picker';

const BODY_MAX_BYTES = 2 * 1024 * 1024;

export interface ModelServerOptions {
  /** How fast it speaks. Default 25. */
  readonly wordsPerSecond?: number | undefined;
  /** Waits before each piece, in place of the clock. Rejects: the connection breaks off. */
  readonly pace?: ((piece: string) => Promise<void>) | undefined;
}

/** Not listening yet. `POST /v1/chat/completions`, `GET /v1/models`; any key will do. */
export function createModelServer({ wordsPerSecond = 25, pace }: ModelServerOptions = {}): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: BODY_MAX_BYTES, forceCloseConnections: true });
  const delayMs = 1000 / wordsPerSecond;
  const paced = pace ?? (() => wait(delayMs));

  app.get('/v1/models', () => ({ object: 'list', data: [{ id: STAND_IN_MODEL, object: 'model' }] }));

  app.post('/v1/chat/completions', async (request, reply) => {
    const chat = chatRequest.parse(request.body);
    if (chat.model !== STAND_IN_MODEL) return refuse(reply, 404, `There is no model '${chat.model}' here`);
    const answer = answerTo(chat);
    if (!chat.stream) return completion(chat, answer);
    // The socket is written to by hand from here on.
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    await stream(reply, chat, answer, paced);
    return reply;
  });

  app.setErrorHandler((error, _request, reply) =>
    error instanceof z.ZodError
      ? refuse(reply, 400, z.prettifyError(error))
      : refuse(reply, hasStatus(error) ? error.statusCode : 500, 'The request could not be read'),
  );
  return app;
}

async function stream(
  { raw }: FastifyReply,
  chat: ChatRequest,
  answer: Answer,
  paced: (piece: string) => Promise<void>,
): Promise<void> {
  const send = (delta: object, reason: string | null = null): void => {
    const choices = [{ index: 0, delta, finish_reason: reason }];
    raw.write(`data: ${JSON.stringify({ ...head(chat, 'chat.completion.chunk'), choices })}\n\n`);
  };
  try {
    send({ role: 'assistant', content: answer.kind === 'text' ? '' : null });
    if (answer.kind === 'tool') send({ tool_calls: [{ index: 0, ...callOf(answer, '') }] });
    for (const piece of piecesOf(answer)) {
      if (raw.destroyed) return;
      await paced(piece);
      if (answer.kind === 'text') send({ content: piece });
      else send({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
    }
    send({}, answer.kind === 'text' ? 'stop' : 'tool_calls');
    raw.end('data: [DONE]\n\n');
  } catch {
    raw.destroy();
  }
}

function completion(chat: ChatRequest, answer: Answer): object {
  const message =
    answer.kind === 'text'
      ? { role: 'assistant', content: answer.text }
      : { role: 'assistant', content: null, tool_calls: [callOf(answer, answer.arguments)] };
  const finish_reason = answer.kind === 'text' ? 'stop' : 'tool_calls';
  return { ...head(chat, 'chat.completion'), choices: [{ index: 0, message, finish_reason }] };
}

const head = ({ model }: ChatRequest, object: string): object => ({
  id: 'chatcmpl-stand-in',
  object,
  created: 0,
  model,
  system_fingerprint: 'no-language-model',
});

const callOf = ({ name }: Extract<Answer, { kind: 'tool' }>, given: string): object => ({
  id: `call_${name}`,
  type: 'function',
  function: { name, arguments: given },
});

/** Words with the space after them; a tool's arguments in a few pieces. */
function piecesOf(answer: Answer): string[] {
  if (answer.kind === 'text') return answer.text.match(/\S+\s*/g) ?? [];
  return answer.arguments.match(/[\s\S]{1,12}/g) ?? [];
}

const hasStatus = (error: unknown): error is { readonly statusCode: number } =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';

const refuse = (reply: FastifyReply, status: number, message: string): FastifyReply =>
  reply.code(status).send({ error: { message, type: 'invalid_request_error', param: null, code: null } });
