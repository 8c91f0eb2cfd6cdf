// The one connection of this window, for all channels: the conversation, the list of conversations, who is there.
import { Sockudo } from '@sockudo/client';
import type { About } from '../../shared/names.ts';
import { authorize, signIn } from './backend.ts';

export interface Connection {
  readonly client: Sockudo;
  readonly user: string;
  readonly about: About;
}

/** Asks the backend who this is, then connects. @throws when the backend does not answer */
export async function connect(): Promise<Connection> {
  const { key, user, about, token } = await signIn();
  const isSecure = location.protocol === 'https:';
  const port = Number(location.port) || (isSecure ? 443 : 80);
  let first: string | null = token;
  const client = new Sockudo(key, {
    wsHost: location.hostname,
    wsPort: port,
    wssPort: port,
    forceTLS: isSecure,
    protocolVersion: 2,
    connectionRecovery: true,
    // Whoever looks is not notified.
    reportVisibility: true,
    tokenProvider: async () => {
      const known = first;
      first = null;
      return known ?? (await signIn()).token;
    },
    channelAuthorization: {
      customHandler: ({ socketId, channelName }) => authorize(socketId, channelName),
    },
  });
  return { client, user, about };
}
