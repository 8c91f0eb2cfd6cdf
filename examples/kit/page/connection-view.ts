// The state of the connection: a word at the top, and a banner while there is none.
import type { ConnectionState, Sockudo } from '@sockudo/client';
import { html } from './dom.ts';

const WORDS: Readonly<Record<ConnectionState, string>> = {
  initialized: 'Connecting…',
  connecting: 'Connecting…',
  connected: 'Connected',
  unavailable: 'Server not reachable',
  failed: 'No WebSocket here',
  disconnected: 'Disconnected',
};

/** @param whileAway what a visitor should know while there is none */
export function showConnection(sockudo: Sockudo, whileAway = 'what you see is the last that came'): void {
  const { connection } = sockudo;
  let wasConnected = false;
  const show = (state: ConnectionState): void => {
    const pill = html('connection');
    pill.dataset.state = state;
    pill.textContent = WORDS[state];
    document.body.classList.toggle('stale', state !== 'connected');
    html('banner').hidden = state === 'connected' || (!wasConnected && state === 'connecting');
    html('banner-title').textContent = wasConnected ? 'Connection lost.' : 'The server does not answer.';
    html('banner-text').textContent =
      state === 'disconnected' || state === 'failed'
        ? 'It will not be tried again by itself.'
        : `Trying again; ${whileAway}.`;
    if (state === 'connected') wasConnected = true;
  };
  connection.bind('state_change', ({ current }) => show(current));
  connection.bind('connecting_in', (seconds) => {
    html('banner-text').textContent =
      seconds > 0 ? `Trying again in ${seconds} s; ${whileAway}.` : `Trying again; ${whileAway}.`;
  });
  html('banner-retry').addEventListener('click', () => sockudo.connect());
  show(connection.state);
}
