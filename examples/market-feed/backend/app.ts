// The example's own HTTP endpoints, written as in any Express-style backend: log in, hand out the market's state, and decide
// who may join which channel.
import fastify, { type FastifyInstance } from 'fastify';
import type { Sockudo } from 'sockudo';
import { z } from 'zod';
import type { Feed } from '../feed/feed.ts';
import { accountChannel, FLOOR_CHANNEL, type PublicUser } from '../shared/market.ts';
import type { Sessions } from './sessions.ts';
import { userByLogin } from './users.ts';

const loginBody = z.object({ name: z.string().max(100), password: z.string().max(100) });
const authBody = z.object({ socket_id: z.string().max(50), channel_name: z.string().max(200) });

export interface BackendParts {
  readonly sockudo: Sockudo;
  readonly sessions: Sessions;
  readonly feed: Feed;
}

export function createBackend({ sockudo, sessions, feed }: BackendParts): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: 16 * 1024 });
  readForms(app);

  app.get('/market', () => feed.state());

  app.post('/login', (request, reply) => {
    const body = loginBody.safeParse(request.body);
    const user = body.success ? userByLogin(body.data.name, body.data.password) : undefined;
    if (user === undefined) return reply.code(401).send({ error: 'Unknown name or wrong password' });
    return reply.send({ token: sessions.open(user), user: publicUser(user) });
  });

  app.post('/logout', (request, reply) => {
    sessions.close(request.headers.authorization);
    return reply.code(204).send();
  });

  // @sockudo/client asks here before it joins a private or presence channel. The user comes from the session, never from the
  // request's body; the channel asked for must be one that this user may join.
  app.post('/realtime/auth', (request, reply) => {
    const user = sessions.userOf(request.headers.authorization);
    if (user === undefined) return reply.code(401).send({ error: 'Not signed in' });
    const body = authBody.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: 'socket_id and channel_name are needed' });
    const { socket_id, channel_name } = body.data;
    if (channel_name !== accountChannel(user.id) && channel_name !== FLOOR_CHANNEL) {
      return reply.code(403).send({ error: 'Not your channel' });
    }
    return reply.send(
      sockudo.authorizeChannel(socket_id, channel_name, {
        user_id: user.id,
        user_info: { name: user.name },
      }),
    );
  });

  app.setErrorHandler((error, _request, reply) => {
    // The SDK throws a TypeError for a socket id or channel that cannot be right; anything else is our own mistake.
    const status = error instanceof TypeError ? 400 : 500;
    return reply.code(status).send({ error: status === 400 ? 'Invalid request' : 'Internal error' });
  });
  return app;
}

/** The client posts its authorisation requests as a form. */
function readForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );
}

const publicUser = ({ id, name }: PublicUser): PublicUser => ({ id, name });
