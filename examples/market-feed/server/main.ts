// The realtime server's process: an ordinary Sockudo server that also serves the example's page.
import { fileURLToPath } from 'node:url';
import { serveExample } from '@sockudo/example-kit/server';

await serveExample({ page: fileURLToPath(new URL('../page/', import.meta.url)) });
