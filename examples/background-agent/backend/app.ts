// The example's own HTTP endpoints: a token for a visitor, what stands in for the model, and the death of a worker. Runs are started,
// followed and stopped without it, over the page's WebSocket.
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { About } from '../shared/about.ts';
import type { Tokens } from './tokens.ts';

const bodies = {
  // Nothing is anybody's own here: a page may say who it is.
  token: z.object({ visitor: z.string().regex(/^visitor-[a-z0-9-]{1,64}$/) }),
  kill: z.object({ worker: z.string().min(1).max(128) }),
};

export interface BackendParts {
  readonly tokens: Tokens;
  readonly about: About;
  /** Kills a worker of this example without a warning; ids of others are ignored. */
  readonly kill: (worker: string) => void;
}

export function createBackend({ tokens, about, kill }: BackendParts): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: 4 * 1024 });

  app.post('/token', async (request) => ({
    token: await tokens.for(bodies.token.parse(request.body).visitor),
  }));

  app.get('/about', () => about);

  app.post('/workers/kill', (request) => {
    kill(bodies.kill.parse(request.body).worker);
    return {};
  });

  app.setErrorHandler((error, _request, reply) =>
    error instanceof z.ZodError
      ? reply.code(400).send({ error: 'Invalid request' })
      : reply.code(500).send({ error: 'Internal error' }),
  );
  return app;
}
