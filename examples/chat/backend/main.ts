// The backend process: serves its endpoints on a loopback port.
import { onStop, reportReady } from '@sockudo/example-kit/process';
import { Sockudo } from 'sockudo';
import { answerTokens } from '../shared/approvals.ts';
import { createBackend } from './app.ts';
import { addPush } from './push.ts';
import { Tokens } from './tokens.ts';

const address = process.env.SOCKUDO_URL;
if (address === undefined) throw new Error('SOCKUDO_URL is missing: http://KEY:SECRET@HOST:PORT/apps/APP_ID');

const sockudo = Sockudo.forURL(address);
const app = createBackend({
  sockudo,
  tokens: new Tokens(address),
  about: { model: process.env.MODEL ?? '', isStandIn: process.env.MODEL_IS_STAND_IN === 'true' },
});
addPush(app, {
  sockudo,
  vapidPublicKey: process.env.VAPID_PUBLIC_KEY ?? '',
  answers: answerTokens(address),
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.BACKEND_PORT ?? 0) });

onStop(() => app.close());
const bound = app.server.address();
reportReady({ port: typeof bound === 'object' ? bound?.port : null });
