// The server under measurement with push, its stores in one SQLite file that holds the browsers already.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { loadSettings } from '../core/server/config/index.ts';
import { startServer } from '../core/server/index.ts';
import { generateVapidKeys } from '../push/providers/index.ts';
import { answerQuestions } from './answer-questions.ts';
import { BENCH_APPS } from './apps.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockudo-bench-'));
const path = join(folder, 'sockudo.db');
const seed = { ...JSON.parse(process.argv[2] ?? '{}'), path };
execFileSync(process.execPath, [
  fileURLToPath(new URL('./push-seed.ts', import.meta.url)),
  JSON.stringify(seed),
]);
const loaded = loadSettings({
  config: {
    host: '127.0.0.1',
    port: 0,
    metrics: { enabled: false },
    rate_limiter: { enabled: false },
    queue: { driver: 'sqlite' },
    app_manager: { array: { apps: [BENCH_APPS.durable] } },
    push: {
      webpush_enabled: true,
      allow_local_endpoints: true,
      webpush: { vapid_private_key: generateVapidKeys().privateKey },
    },
    database: { sqlite: { path } },
  },
  env: {},
  cwd: folder,
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const server = await startServer(loaded.settings, { logger: pino({ level: 'error' }) });
answerQuestions(folder);
process.send?.({ port: server.address.port });
