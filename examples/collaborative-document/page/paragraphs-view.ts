// The list of paragraphs: what is shown of each, made of what the channel has, what waits to be stored, and what was stored a moment ago
// and has not come back yet.
import type { MessageState } from '@sockudo/client';
import { html } from '@sockudo/example-kit/page';
import { nameOf } from '../shared/document.ts';
import type { Reactions } from './document.ts';
import type { Outbox } from './outbox.ts';
import { type ParagraphActions, ParagraphView } from './paragraph-view.ts';
import { authorOf } from './versions.ts';

interface Stored {
  readonly text: string;
  readonly versionSerial: string;
}

export interface ParagraphsOptions {
  readonly stateOf: (serial: string) => MessageState | undefined;
  readonly outbox: Pick<Outbox, 'textOf'>;
  readonly actionsFor: (serial: string) => ParagraphActions;
  readonly ownId: () => string | undefined;
}

export class ParagraphsView {
  readonly #options: ParagraphsOptions;
  readonly #views = new Map<string, ParagraphView>();
  readonly #reactions = new Map<string, Reactions>();
  readonly #stored = new Map<string, Stored>();

  constructor(options: ParagraphsOptions) {
    this.#options = options;
  }

  show(serial: string): void {
    const state = this.#options.stateOf(serial);
    if (state === undefined) return;
    const view = this.#views.get(serial) ?? this.#add(serial);
    const waiting = this.#options.outbox.textOf(serial);
    const stored = this.#stored.get(serial);
    const isBehind = stored !== undefined && state.versionSerial < stored.versionSerial;
    if (!isBehind) this.#stored.delete(serial);
    view.show({
      text: waiting ?? (isBehind ? stored.text : String(state.data ?? '')),
      who: nameOf(state.action === 'create' ? authorOf(state.extras) : state.clientId),
      atMs: state.timestampMs,
      isRemoved: state.action === 'delete' && waiting === undefined && !isBehind,
      isWaiting: waiting !== undefined,
    });
  }

  showAll(): void {
    for (const serial of this.#views.keys()) this.show(serial);
  }

  /** The server has this text; it will come back as a version of this serial or a later one. */
  stored(serial: string, text: string, versionSerial: string): void {
    this.#stored.set(serial, { text, versionSerial });
  }

  /** Reactions may come before their paragraph. */
  showReactions(serial: string, reactions: Reactions): void {
    this.#reactions.set(serial, reactions);
    this.#views.get(serial)?.showReactions(reactions, this.#options.ownId());
  }

  showAllReactions(): void {
    for (const [serial, reactions] of this.#reactions) this.showReactions(serial, reactions);
  }

  markOpen(serial: string | null): void {
    for (const [own, view] of this.#views) view.markOpen(own === serial);
  }

  clear(): void {
    for (const { element } of this.#views.values()) element.remove();
    this.#views.clear();
    this.#stored.clear();
  }

  /** In the order of their serials, which is that of their creation. */
  #add(serial: string): ParagraphView {
    const view = new ParagraphView(serial, this.#options.actionsFor(serial));
    const later = [...this.#views.keys()].filter((other) => other > serial).sort()[0];
    const next = later === undefined ? null : (this.#views.get(later)?.element ?? null);
    html('paragraphs').insertBefore(view.element, next);
    this.#views.set(serial, view);
    const reactions = this.#reactions.get(serial);
    if (reactions !== undefined) view.showReactions(reactions, this.#options.ownId());
    return view;
  }
}
