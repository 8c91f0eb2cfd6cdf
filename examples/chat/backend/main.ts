// The backend process: serves its endpoints on a loopback port.
import { onStop, reportReady } from '@sockudo/example-kit/process';
import { Sockudo } from 'sockudo';
import { createBackend } from './app.ts';
import { Tokens } from './tokens.ts';

const address = process.env.SOCKUDO_URL;
if (address === undefined) throw new Error('SOCKUDO_URL is missing: http://KEY:SECRET@HOST:PORT/apps/APP_ID');

const app = createBackend({
  sockudo: Sockudo.forURL(address),
  tokens: new Tokens(address),
  about: { model: process.env.MODEL ?? '', isStandIn: process.env.MODEL_IS_STAND_IN === 'true' },
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.BACKEND_PORT ?? 0) });

onStop(() => app.close());
const bound = app.server.address();
reportReady({ port: typeof bound === 'object' ? bound?.port : null });
