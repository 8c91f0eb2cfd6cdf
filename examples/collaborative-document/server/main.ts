// The realtime server's process: an ordinary Sockudo server that also serves the example's page. Its app allows annotations; what
// else the example needs (history, messages that change, recovery) is on by default.
import { fileURLToPath } from 'node:url';
import { serveExample } from '@sockudo/example-kit/server';

await serveExample({
  page: fileURLToPath(new URL('../page/', import.meta.url)),
  flags: { 'annotations.enabled': 'true' },
  app: { annotationsEnabled: true },
});
