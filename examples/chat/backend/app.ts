// The chat's own HTTP endpoints: a token, the signature that lets a connection into a private channel, and the end of a conversation.
// What is said never passes through here.
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Sockudo } from 'sockudo';
import { z } from 'zod';
import {
  type About,
  AGENTS_CHANNEL,
  conversationChannel,
  devicesChannel,
  listChannel,
  WATCHER_ID,
} from '../shared/names.ts';
import type { Tokens } from './tokens.ts';
import { userOf } from './users.ts';

const conversation = z.string().regex(/^[a-z0-9]{1,32}$/);
const bodies = {
  authorize: z.object({
    socketId: z.string().max(64),
    channel: z.string().max(200),
    device: z.object({ id: z.string().min(1).max(64), name: z.string().min(1).max(60) }),
  }),
  forget: z.object({ conversation }),
};

export interface BackendParts {
  readonly sockudo: Pick<Sockudo, 'authorizeChannel' | 'resetChannelHistory'>;
  readonly tokens: Tokens;
  readonly about: About;
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function createBackend({ sockudo, tokens, about }: BackendParts): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: 4 * 1024 });

  app.post('/token', async (request) => {
    const user = signedIn(request);
    return { token: await tokens.for(user), user, key: tokens.key, about };
  });

  app.post('/authorize', (request) => {
    const user = signedIn(request);
    const { socketId, channel, device } = bodies.authorize.parse(request.body);
    if (channel === AGENTS_CHANNEL)
      return sockudo.authorizeChannel(socketId, channel, { user_id: WATCHER_ID });
    if (channel === devicesChannel(user))
      return sockudo.authorizeChannel(socketId, channel, {
        user_id: device.id,
        user_info: { name: device.name },
      });
    if (channel === listChannel(user) || channel.startsWith(conversationChannel(user, '')))
      return sockudo.authorizeChannel(socketId, channel);
    throw new Refused(403, 'Not your channel');
  });

  app.post('/forget', async (request) => {
    const user = signedIn(request);
    const channel = conversationChannel(user, bodies.forget.parse(request.body).conversation);
    await sockudo.resetChannelHistory(channel, { reason: 'deleted by its user', requested_by: user });
    return {};
  });

  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refused) return reply.code(error.status).send({ error: error.message });
    if (error instanceof z.ZodError || error instanceof TypeError)
      return reply.code(400).send({ error: 'Invalid request' });
    return reply.code(500).send({ error: 'Internal error' });
  });
  return app;
}

function signedIn(request: FastifyRequest): string {
  const user = userOf(request.headers.authorization);
  if (user === null) throw new Refused(401, 'Not signed in');
  return user;
}
