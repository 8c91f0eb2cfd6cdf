// The realtime server's process: an ordinary Sockudo server that also serves the example's page. AI Transport is on for the channels of
// the example; what it needs (history, messages that change) is on by default.
import { fileURLToPath } from 'node:url';
import { serveExample } from '@sockudo/example-kit/server';
import { AI_PREFIX } from '../shared/job.ts';

await serveExample({
  page: fileURLToPath(new URL('../page/', import.meta.url)),
  aiPrefix: AI_PREFIX,
});
