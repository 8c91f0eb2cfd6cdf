// The server under measurement as a process of its own: the same code as `sockudo serve`, with two apps, and an ear for the
// one question that matters, what it has used so far.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadSettings } from '../core/server/config/index.ts';
import { startServer } from '../core/server/index.ts';
import { answerQuestions } from './answer-questions.ts';
import { BENCH_APPS } from './apps.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockudo-bench-'));
const loaded = loadSettings({
  config: {
    host: '127.0.0.1',
    port: 0,
    metrics: { enabled: false },
    rate_limiter: { enabled: false },
    queue: { driver: 'memory' },
    app_manager: { array: { apps: Object.values(BENCH_APPS) } },
    ...(process.argv.includes('ai') && { ai_transport: { enabled: true, channels: [{ prefix: 'ai-' }] } }),
    database: { sqlite: { path: join(folder, 'sockudo.db') } },
  },
  env: {},
  cwd: folder,
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const server = await startServer(loaded.settings, { logger: pino({ level: 'error' }) });

answerQuestions(folder);
process.send?.({ port: server.address.port });
