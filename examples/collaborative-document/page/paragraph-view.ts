// One paragraph: its text to write in, its reactions, who wrote last. Knows nothing of the server; what is done to it is told.
import { create } from '@sockudo/example-kit/page';
import { MAX_TEXT, nameOf, REACTIONS } from '../shared/document.ts';
import type { Reactions } from './document.ts';

export interface ParagraphActions {
  readonly onWrite: (text: string) => void;
  readonly onReact: (name: string, isOn: boolean) => void;
  readonly onVersions: () => void;
  readonly onRemove: () => void;
  readonly onRestore: () => void;
}

export interface Shown {
  readonly text: string;
  readonly who: string;
  readonly atMs: number | undefined;
  readonly isRemoved: boolean;
  /** Not stored yet. */
  readonly isWaiting: boolean;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const FLASH_MS = 900;
/** Signs that every system font has. */
const SIGNS: Readonly<Record<string, string>> = { agree: '✓', love: '♥', great: '★', unsure: '?' };

export class ParagraphView {
  readonly element = create('li', 'paragraph');
  readonly #text = create('textarea', 'text');
  readonly #removed = create('p', 'removed');
  readonly #byline = create('span', 'byline');
  readonly #reactions = new Map<string, HTMLButtonElement>();
  readonly #actions: ParagraphActions;
  #flash: ReturnType<typeof setTimeout> | undefined;

  constructor(serial: string, actions: ParagraphActions) {
    this.#actions = actions;
    this.element.dataset.serial = serial;
    this.#text.rows = 1;
    this.#text.maxLength = MAX_TEXT;
    this.#text.setAttribute('aria-label', 'Paragraph');
    this.#text.addEventListener('input', () => {
      this.#grow();
      actions.onWrite(this.#text.value);
    });
    new ResizeObserver(() => this.#grow()).observe(this.element);
    const restore = button('quiet', 'Restore', actions.onRestore);
    this.#removed.append(create('span', 'removed-text'), restore);
    this.element.append(this.#text, this.#removed, this.#tools());
  }

  show({ text, who, atMs, isRemoved, isWaiting }: Shown): void {
    this.element.classList.toggle('is-removed', isRemoved);
    this.element.classList.toggle('is-waiting', isWaiting);
    const time = atMs === undefined ? '' : ` · ${clock.format(atMs)}`;
    this.#byline.textContent = isWaiting ? 'Not stored yet' : `${who}${time}`;
    const note = this.#removed.querySelector('.removed-text');
    if (note !== null) note.textContent = isRemoved ? `${who} removed a paragraph${time}` : '';
    this.#setText(text);
  }

  showReactions(reactions: Reactions, ownId: string | undefined): void {
    for (const [name, element] of this.#reactions) {
      const ids = reactions.get(name) ?? [];
      const isOwn = ownId !== undefined && ids.includes(ownId);
      element.setAttribute('aria-pressed', String(isOwn));
      element.setAttribute('aria-label', `${name}, ${ids.length}`);
      element.title = ids.map(nameOf).join(', ') || name;
      element.textContent = `${SIGNS[name]}${ids.length === 0 ? '' : ` ${ids.length}`}`;
      element.classList.toggle('none', ids.length === 0);
    }
  }

  /** The open one has its versions shown beside. */
  markOpen(isOpen: boolean): void {
    this.element.classList.toggle('is-open', isOpen);
  }

  /** Keeps the place of whoever writes here at this moment. */
  #setText(text: string): void {
    const area = this.#text;
    if (area.value === text) return;
    const isFirst = area.value === '';
    const { selectionStart, selectionEnd } = area;
    area.value = text;
    if (document.activeElement === area) area.setSelectionRange(selectionStart, selectionEnd);
    this.#grow();
    if (isFirst) return;
    this.element.classList.add('changed');
    clearTimeout(this.#flash);
    this.#flash = setTimeout(() => this.element.classList.remove('changed'), FLASH_MS);
  }

  #grow(): void {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }

  #tools(): HTMLElement {
    const tools = create('div', 'tools');
    const reactions = create('div', 'reactions');
    for (const name of REACTIONS) {
      const element = button('reaction none', SIGNS[name] ?? name, () =>
        this.#actions.onReact(name, element.getAttribute('aria-pressed') !== 'true'),
      );
      element.setAttribute('aria-pressed', 'false');
      element.setAttribute('aria-label', `${name}, 0`);
      element.title = name;
      this.#reactions.set(name, element);
      reactions.append(element);
    }
    const { onVersions, onRemove } = this.#actions;
    tools.append(
      reactions,
      this.#byline,
      button('link', 'Versions', onVersions),
      button('link', 'Remove', onRemove),
    );
    return tools;
  }
}

function button(className: string, text: string, onClick: () => void): HTMLButtonElement {
  const element = create('button', className, text);
  element.type = 'button';
  element.addEventListener('click', onClick);
  return element;
}
