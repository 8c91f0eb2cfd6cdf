// The presence room: who is here, who comes and goes, who is typing, what is said. Everything but the list of members is a client
// event: it goes to the other pages and is kept nowhere.
import type { EventMetadata, PresenceChannel, Sockudo } from '@sockudo/client';
import { byId, create, html } from '@sockudo/example-kit/page';
import { FLOOR_CHANNEL, type FloorEvents } from '../shared/market.ts';

interface Info {
  readonly name: string;
}
type Floor = PresenceChannel<FloorEvents, Info>;

const TYPING_EVERY_MS = 1500;
const TYPING_SHOWN_MS = 3000;
const MAX_LINES = 60;

export class FloorView {
  readonly #sockudo: Sockudo;
  #floor: Floor | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #lastTypingAtMs = 0;

  constructor(sockudo: Sockudo) {
    this.#sockudo = sockudo;
    const input = byId('say-text', HTMLInputElement);
    input.addEventListener('input', () => this.#typing());
    byId('say', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#say(input);
    });
  }

  open(): void {
    this.#show(true);
    const floor = this.#sockudo.subscribe<FloorEvents, Info>(FLOOR_CHANNEL);
    this.#floor = floor;
    floor.bind('pusher:subscription_succeeded', () => {
      this.#showMembers();
      this.#line('event', `You joined; ${floor.members.count} here.`);
    });
    floor.bind('pusher:member_added', ({ info }) => {
      this.#showMembers();
      this.#line('event', `${info.name} came in.`);
    });
    floor.bind('pusher:member_removed', ({ info }) => {
      this.#showMembers();
      this.#line('event', `${info.name} left.`);
    });
    floor.bind('client-typing', (_, metadata) => this.#showTyping(this.#nameOf(metadata)));
    floor.bind('client-said', ({ text }, metadata) => {
      this.#showTyping(null);
      this.#line('', `${this.#nameOf(metadata)}: ${text}`);
    });
  }

  close(): void {
    this.#floor?.unbind_all();
    this.#sockudo.unsubscribe(FLOOR_CHANNEL);
    this.#floor = null;
    this.#showTyping(null);
    html('talk').replaceChildren();
    html('members').replaceChildren();
    this.#show(false);
  }

  #show(isOpen: boolean): void {
    html('floor').hidden = !isOpen;
    html('floor-empty').hidden = isOpen;
  }

  /** Not on every key: others need to know it once in a while. */
  #typing(): void {
    const now = Date.now();
    if (now - this.#lastTypingAtMs < TYPING_EVERY_MS || this.#floor?.subscribed !== true) return;
    this.#lastTypingAtMs = now;
    this.#floor.trigger('client-typing', {});
  }

  #say(input: HTMLInputElement): void {
    const text = input.value.trim();
    if (text === '' || this.#floor === null) return;
    if (!this.#floor.subscribed || !this.#floor.trigger('client-said', { text })) {
      this.#line('event', 'Not sent: there is no connection.');
      return;
    }
    this.#line('', `You: ${text}`);
    this.#lastTypingAtMs = 0;
    input.value = '';
  }

  /** The server vouches for the sender's id; a name in the data would be anybody's word. */
  #nameOf({ user_id }: EventMetadata): string {
    return this.#floor?.members.get(user_id ?? '')?.info.name ?? 'Somebody';
  }

  #showTyping(name: string | null): void {
    clearTimeout(this.#typingTimer);
    html('typing').textContent = name === null ? '' : `${name} is typing…`;
    if (name !== null) this.#typingTimer = setTimeout(() => this.#showTyping(null), TYPING_SHOWN_MS);
  }

  #showMembers(): void {
    const items: HTMLLIElement[] = [];
    const floor = this.#floor;
    floor?.members.each(({ id, info }) => {
      items.push(create('li', '', id === floor.members.myID ? `${info.name} (you)` : info.name));
    });
    html('members').replaceChildren(...items);
  }

  #line(className: string, text: string): void {
    const talk = html('talk');
    talk.append(create('li', className, text));
    while (talk.children.length > MAX_LINES) talk.firstElementChild?.remove();
    talk.scrollTop = talk.scrollHeight;
  }
}
