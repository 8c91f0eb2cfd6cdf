// The backend process: serves its endpoints on a loopback port and reaches the realtime server only through the signed HTTP API, as a
// backend anywhere else would.
import { onStop, reportReady } from '@sockudo/example-kit/process';
import { Sockudo } from 'sockudo';
import { createBackend } from './app.ts';
import { writeFirstText } from './first-text.ts';
import { Sessions } from './sessions.ts';

const address = process.env.SOCKUDO_URL;
if (address === undefined) throw new Error('SOCKUDO_URL is missing: http://KEY:SECRET@HOST:PORT/apps/APP_ID');

const sockudo = Sockudo.forURL(address, { timeout: 5000 });
await writeFirstText(sockudo);
const app = createBackend({ sockudo, sessions: new Sessions(new URL(address).password) });
await app.listen({ host: '127.0.0.1', port: Number(process.env.BACKEND_PORT ?? 0) });

onStop(() => app.close());
const bound = app.server.address();
reportReady({ port: typeof bound === 'object' ? bound?.port : null });
