// The worker as a member of a presence channel, so that people see that somebody is there to answer.
import { Sockudo as Client } from '@sockudo/client';
import type { Sockudo } from 'sockudo';
import { AGENTS_CHANNEL } from '../shared/names.ts';

/** @param address `http://KEY:SECRET@HOST:PORT/apps/APP_ID`. Answers how to leave */
export function showPresence(address: string, sockudo: Sockudo, workerId: string): () => void {
  const { username, hostname, port, protocol } = new URL(address);
  const member = { user_id: workerId, user_info: { status: 'idle' } };
  const client = new Client(decodeURIComponent(username), {
    wsHost: hostname,
    ...(port !== '' && { wsPort: Number(port), wssPort: Number(port) }),
    forceTLS: protocol === 'https:',
    protocolVersion: 2,
    channelAuthorization: {
      customHandler: async ({ socketId, channelName }) =>
        sockudo.authorizeChannel(socketId, channelName, member),
    },
  });
  client.subscribe(AGENTS_CHANNEL);
  return () => client.disconnect();
}
