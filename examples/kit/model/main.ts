// The stand-in for a language model, as a process of its own. `MODEL_PORT` (default: any), `MODEL_WORDS_PER_SECOND` (default 25).
import { z } from 'zod';
import { onStop, reportReady } from '../process/child.ts';
import { createModelServer } from './server.ts';

const settings = z
  .object({
    MODEL_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    MODEL_WORDS_PER_SECOND: z.coerce.number().min(0.1).max(10_000).default(25),
  })
  .parse(process.env);

const app = createModelServer({ wordsPerSecond: settings.MODEL_WORDS_PER_SECOND });
await app.listen({ host: '127.0.0.1', port: settings.MODEL_PORT });
onStop(() => app.close());
const bound = app.server.address();
reportReady({ port: typeof bound === 'object' ? bound?.port : null });
