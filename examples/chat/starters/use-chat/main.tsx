// The connection, and the conversation that the page is about.
import { SessionProvider } from '@sockudo/ai-transport/react';
import { Sockudo } from '@sockudo/client';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Chat } from './chat.tsx';

interface Connection {
  readonly token: string;
  readonly key: string;
  readonly host: string;
  readonly port: number;
}
const fetchToken = async (): Promise<Connection> => (await fetch('/token')).json();

const { key, host, port } = await fetchToken();
const client = new Sockudo(key, {
  wsHost: host,
  wsPort: port,
  forceTLS: false,
  protocolVersion: 2,
  connectionRecovery: true,
  tokenProvider: async () => (await fetchToken()).token,
});
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <SessionProvider client={client} channel="ai-demo">
      <Chat />
    </SessionProvider>
  </StrictMode>,
);
