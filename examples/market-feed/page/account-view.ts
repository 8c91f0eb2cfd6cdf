// The signed-in user's own channel. Also offers to try somebody else's, to show that it is refused.
import type { Channel, Sockudo } from '@sockudo/client';
import { byId, create, html, note } from '@sockudo/example-kit/page';
import { type AccountEvents, accountChannel, type PublicUser } from '../shared/market.ts';
import { count, money } from './format.ts';

/** The demo's users; a real page would not know them. */
const EVERYBODY: readonly PublicUser[] = [
  { id: 'ada', name: 'Ada' },
  { id: 'ben', name: 'Ben' },
  { id: 'cleo', name: 'Cleo' },
];

export interface AccountView {
  open(user: PublicUser): void;
  close(): void;
}

export function createAccountView(sockudo: Sockudo, onSessionEnded: () => void): AccountView {
  let user: PublicUser | null = null;

  byId('peek', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    tryForeign(sockudo, byId('peek-user', HTMLSelectElement).value);
  });

  return {
    open(opened) {
      user = opened;
      html('account').hidden = false;
      html('account-hint').textContent = `Private channel ${accountChannel(opened.id)}`;
      html('account-name').textContent = opened.name;
      offerOthers(opened);
      const channel = sockudo.subscribe<AccountEvents>(accountChannel(opened.id));
      channel.bind('valued', showAccount);
      channel.bind('pusher:subscription_error', ({ status }) => {
        if (status === 401) onSessionEnded();
        else note(html('peek-answer'), `Your account could not be opened (${status ?? 'no answer'}).`);
      });
    },
    close() {
      if (user !== null) sockudo.unsubscribe(accountChannel(user.id));
      user = null;
      html('account').hidden = true;
      html('account-hint').textContent = 'Private channel';
      html('account-total').textContent = '—';
      html('holdings').replaceChildren();
      note(html('peek-answer'), '');
    },
  };
}

function showAccount({ total, holdings }: AccountEvents['valued']): void {
  html('account-total').textContent = money(total);
  html('holdings').replaceChildren(
    ...holdings.map(({ symbol, quantity, value }) => {
      const row = create('tr', '');
      row.append(create('td', '', symbol), create('td', '', count(quantity)), create('td', '', money(value)));
      return row;
    }),
  );
}

function offerOthers(user: PublicUser): void {
  const others = EVERYBODY.filter(({ id }) => id !== user.id);
  byId('peek-user', HTMLSelectElement).replaceChildren(
    ...others.map(({ id, name }) => {
      const option = create('option', '', `${name}’s account`);
      option.value = id;
      return option;
    }),
  );
}

function tryForeign(sockudo: Sockudo, userId: string): void {
  const answer = html('peek-answer');
  const name = accountChannel(userId);
  const channel: Channel = sockudo.subscribe(name);
  const finish = (text: string): void => {
    channel.unbind_all();
    sockudo.unsubscribe(name);
    note(answer, text);
  };
  note(answer, `Asking to join ${name}…`);
  channel.bind('pusher:subscription_error', ({ status }) =>
    finish(`Refused (${status ?? 'no answer'}): ${name} belongs to somebody else.`),
  );
  channel.bind('pusher:subscription_succeeded', () => finish(`Joined ${name}. That must not happen.`));
}
