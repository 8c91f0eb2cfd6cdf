// The page: one client, and one view for each thing it shows.
import { Sockudo } from '@sockudo/client';
import { byId, html, note, showConnection } from '@sockudo/example-kit/page';
import { createAccountView } from './account-view.ts';
import { login, logout, Refusal } from './backend.ts';
import { FloorView } from './floor-view.ts';
import { showMarket } from './market-view.ts';
import { showRate } from './rate-view.ts';
import { Session } from './session.ts';

const session = new Session();

const appKey = document.querySelector<HTMLMetaElement>('meta[name=sockudo-key]')?.content ?? '';
const isSecure = location.protocol === 'https:';
const port = Number(location.port) || (isSecure ? 443 : 80);

const sockudo = new Sockudo(appKey, {
  wsHost: location.hostname,
  wsPort: port,
  wssPort: port,
  forceTLS: isSecure,
  channelAuthorization: { endpoint: '/backend/realtime/auth', headersProvider: () => session.headers() },
});

const market = showMarket(sockudo);
showConnection(sockudo);
showRate(market.received);

const account = createAccountView(sockudo, () => signOut('Your session has ended. Please sign in again.'));
const floor = new FloorView(sockudo);
const form = byId('login', HTMLFormElement);

function enter(): void {
  if (session.user === null) return;
  form.hidden = true;
  account.open(session.user);
  floor.open();
}

function signOut(reason = ''): void {
  void logout(session.headers()).catch(() => {});
  session.close();
  account.close();
  floor.close();
  form.hidden = false;
  note(html('login-error'), reason);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const password = byId('login-password', HTMLInputElement);
  const button = form.querySelector('button');
  if (button !== null) button.disabled = true;
  try {
    session.open(await login(byId('login-name', HTMLInputElement).value, password.value));
    note(html('login-error'), '');
    password.value = '';
    enter();
  } catch (error) {
    note(html('login-error'), error instanceof Refusal ? error.message : 'The server does not answer.');
  } finally {
    if (button !== null) button.disabled = false;
  }
});
html('logout').addEventListener('click', () => signOut());
enter();
