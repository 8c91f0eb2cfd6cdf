// What a worker is told by its environment.
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const settings = z.object({
  SOCKUDO_URL: z.url({ error: 'SOCKUDO_URL is missing: http://KEY:SECRET@HOST:PORT/apps/APP_ID' }),
  /** Silence after which another worker takes over, milliseconds. */
  WORKER_LEASE_MS: z.coerce.number().int().min(1000).max(60_000).default(15_000),
  /** How long a user is not there before a notification is sent, milliseconds. */
  AWAY_MS: z.coerce.number().int().min(0).max(600_000).default(5000),
  /** Folder of Markdown that the model may search. */
  DOCUMENTS: z.string().default(fileURLToPath(new URL('../../../docs/', import.meta.url))),
  /** Folder in which e-mails are laid down. */
  EMAIL_OUTBOX: z.string().default('.sockudo/chat-emails'),
  OPENAI_BASE_URL: z.url().optional(),
  OPENAI_API_KEY: z.string().min(1).default('none'),
  MODEL: z.string({ error: 'MODEL is missing: the name of a model that knows how to call tools' }).min(1),
});

export type WorkerSettings = z.infer<typeof settings>;

/** @throws Error that says what is missing */
export function workerSettings(env: NodeJS.ProcessEnv): WorkerSettings {
  const { success, data, error } = settings.safeParse(env);
  if (success) return data;
  throw new Error(error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`).join('\n'));
}
