// The example's own HTTP endpoints: a session, the changes of the document, and the questions the client may ask about a message.
// Everything that is stored is stored by the realtime server; this process keeps nothing.
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type Sockudo, SockudoRequestError } from 'sockudo';
import { z } from 'zod';
import {
  DOCUMENT_CHANNEL,
  MAX_TEXT,
  PARAGRAPH_EVENT,
  REACTION_TYPE,
  REACTIONS,
  type Writer,
} from '../shared/document.ts';
import { reactionOf } from './reactions.ts';
import type { Sessions } from './sessions.ts';

const serial = z.string().min(1).max(128);
const opId = z.string().min(1).max(64);
const text = z.string().max(MAX_TEXT);
const bodies = {
  session: z.object({
    name: z
      .string()
      .trim()
      .min(1)
      .max(40)
      .regex(/^[^#]+$/),
  }),
  create: z.object({ id: opId, text }),
  change: z.object({ serial, opId, text, note: z.string().max(100).optional() }),
  remove: z.object({ serial, opId }),
  react: z.object({ serial, name: z.enum(REACTIONS), isOn: z.boolean() }),
  question: z.object({
    action: z.enum(['get_message', 'get_message_versions']),
    channel: z.literal(DOCUMENT_CHANNEL),
    messageSerial: serial,
    params: z
      .object({
        limit: z.number().int().min(1).max(100).optional(),
        direction: z.enum(['newest_first', 'oldest_first']).optional(),
        cursor: z.string().max(200).optional(),
      })
      .default({}),
  }),
};

export interface BackendParts {
  readonly sockudo: Sockudo;
  readonly sessions: Sessions;
}

class NotSignedIn extends Error {}

export function createBackend({ sockudo, sessions }: BackendParts): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: 32 * 1024 });
  const writer = (request: FastifyRequest): Writer => {
    const user = sessions.userOf(request.headers.authorization);
    if (user === undefined) throw new NotSignedIn('Not signed in');
    return user;
  };

  app.post('/session', (request) => sessions.open(bodies.session.parse(request.body).name));

  app.post('/paragraphs', async (request) => {
    const { id: author } = writer(request);
    const { id, text: data } = bodies.create.parse(request.body);
    // The page's own id: sent again after a lost answer, it makes no second paragraph.
    const options = { message_id: id, idempotency_key: id, extras: { headers: { author } } };
    await sockudo.trigger(DOCUMENT_CHANNEL, PARAGRAPH_EVENT, data, options);
    return {};
  });

  app.post('/paragraphs/change', (request) => {
    const { id: client_id } = writer(request);
    const { serial: message, opId: op_id, text: data, note: description } = bodies.change.parse(request.body);
    return sockudo.updateMessage(DOCUMENT_CHANNEL, message, { data, client_id, op_id, description });
  });

  app.post('/paragraphs/remove', (request) => {
    const { id: client_id } = writer(request);
    const { serial: message, opId: op_id } = bodies.remove.parse(request.body);
    return sockudo.deleteMessage(DOCUMENT_CHANNEL, message, { client_id, op_id });
  });

  app.post('/reactions', async (request) => {
    const { id: clientId } = writer(request);
    const { serial: message, name, isOn } = bodies.react.parse(request.body);
    const existing = await reactionOf(sockudo, message, { name, clientId });
    if (isOn && existing === undefined) {
      await sockudo.publishAnnotation(DOCUMENT_CHANNEL, message, { type: REACTION_TYPE, name, clientId });
    }
    if (!isOn && existing !== undefined) {
      await sockudo.deleteAnnotation(DOCUMENT_CHANNEL, message, existing);
    }
    return {};
  });

  // @sockudo/client asks here for what only the app's secret may read. The document is public, so anybody may ask, about it alone.
  app.post('/messages', (request): Promise<object> => {
    const { action, channel, messageSerial, params } = bodies.question.parse(request.body);
    if (action === 'get_message') return sockudo.getMessage(channel, messageSerial);
    return sockudo.getMessageVersions(channel, messageSerial, params);
  });

  app.setErrorHandler((error, _request, reply) => {
    const [status, message] = refusalOf(error);
    return reply.code(status).send({ error: message });
  });
  return app;
}

/** Status 503 and above: the page tries again. */
function refusalOf(error: unknown): [status: number, message: string] {
  if (error instanceof NotSignedIn) return [401, 'Not signed in'];
  if (error instanceof z.ZodError || error instanceof TypeError) return [400, 'Invalid request'];
  if (error instanceof SockudoRequestError) {
    const { status = 503 } = error;
    return status < 500 && status !== 429
      ? [status, 'The server refused it']
      : [503, 'The server does not answer'];
  }
  return [500, 'Internal error'];
}
