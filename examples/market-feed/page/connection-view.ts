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

const RATE_PERIOD_MS = 1000;
const RATE_PERIODS = 5;

export function showConnection(sockudo: Sockudo): void {
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
        : 'Trying again…';
    if (state === 'connected') wasConnected = true;
  };
  connection.bind('state_change', ({ current }) => show(current));
  connection.bind('connecting_in', (seconds) => {
    html('banner-text').textContent =
      seconds > 0 ? `Trying again in ${seconds} s; what you see is the last that came.` : 'Trying again…';
  });
  html('banner-retry').addEventListener('click', () => sockudo.connect());
  show(connection.state);
}

/** Messages a second, averaged over the last few. */
export function showRate(received: () => number): void {
  const counts = [received()];
  setInterval(() => {
    counts.push(received());
    if (counts.length > RATE_PERIODS + 1) counts.shift();
    const [oldest = 0, newest = 0] = [counts.at(0), counts.at(-1)];
    html('rate').textContent = `${((newest - oldest) / (counts.length - 1)).toFixed(1)} messages/s`;
  }, RATE_PERIOD_MS);
}
