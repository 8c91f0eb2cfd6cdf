// One request worked out before anything is stored: which messages are new, which receipts go with them, and how the
// publisher is answered once the log has given the serials. Pure, apart from the random id of an acknowledgement.
import type { PublishRequest } from '@sockudo/protocol';
import type { LogEntry } from '../ports/channel-log.ts';
import {
  type Acknowledgement,
  acknowledge,
  type ChannelAnswer,
  type ChannelInfo,
  eventAnswer,
} from './acknowledgement.ts';
import type { KeyDraft } from './append.ts';
import { type MessageKey, messageKeyConflict } from './message-keys.ts';
import type { Publication } from './publication.ts';
import { requestKeyScope } from './request-keys.ts';

/** One channel of one item. */
export interface Target {
  readonly publication: Publication;
  readonly messageKey: MessageKey | null;
  readonly info: ChannelInfo;
}

/** One event, checked, with all of its channels. */
export interface Item {
  readonly request: PublishRequest;
  readonly targets: readonly Target[];
  /** Idempotency key of the event, whose receipt is stored with it. */
  readonly key: string | null;
}

/** A key that covers the whole request, a batch's. */
export interface WholeKey {
  readonly scope: string;
  readonly key: string;
  readonly answer: (answers: ItemAnswers) => string;
}

/** For each item the answers of its channels. */
export type ItemAnswers = readonly (readonly ChannelAnswer[])[];

/** What a target comes to: a message to be stored, or the acknowledgement of one that was stored before. */
type Outcome =
  | { readonly kind: 'new'; readonly index: number }
  | { readonly kind: 'known'; readonly acknowledgement: Acknowledgement };

export class PublishPlan {
  readonly publications: Publication[] = [];
  readonly keys: KeyDraft[] = [];
  readonly #items: readonly Item[];
  readonly #outcomes = new Map<Target, Outcome>();
  /** By index of the publication; made once, so that receipt and answer name the same id. */
  readonly #acknowledgements: Acknowledgement[] = [];

  /**
   * @param known targets that were published before
   * @throws ProtocolError 400 when one request uses a message key for two payloads
   */
  constructor(
    items: readonly Item[],
    known: ReadonlyMap<Target, Acknowledgement>,
    wholeKeys: readonly WholeKey[],
    expiresAtMs: number,
  ) {
    this.#items = items;
    const firstByKey = new Map<string, Target>();
    for (const target of items.flatMap((item) => item.targets)) {
      this.#plan(target, known.get(target), firstByKey, expiresAtMs);
    }
    for (const item of items) this.#planRequestKey(item, expiresAtMs);
    for (const { scope, key, answer } of wholeKeys) {
      this.keys.push({ scope, key, expiresAtMs, answer: (entries) => answer(this.answers(entries)) });
    }
  }

  /** `entries`: one for each publication, null where nothing is stored. */
  answers(entries: readonly (LogEntry | null)[]): ItemAnswers {
    return this.#items.map((item) => this.#answersOf(item, entries));
  }

  #plan(
    target: Target,
    known: Acknowledgement | undefined,
    firstByKey: Map<string, Target>,
    expiresAtMs: number,
  ): void {
    if (known !== undefined) {
      this.#outcomes.set(target, { kind: 'known', acknowledgement: known });
      return;
    }
    const { messageKey, publication } = target;
    if (messageKey !== null) {
      const first = firstByKey.get(messageKey.scope + messageKey.key);
      if (first !== undefined) {
        this.#repeat(target, first);
        return;
      }
      firstByKey.set(messageKey.scope + messageKey.key, target);
    }
    const index = this.publications.push(publication) - 1;
    this.#outcomes.set(target, { kind: 'new', index });
    if (messageKey === null) return;
    const answer = (entries: readonly (LogEntry | null)[]): string =>
      JSON.stringify(this.#acknowledgement(index, entries));
    this.keys.push({ ...messageKey, expiresAtMs, answer });
  }

  /** The same message twice in one request. */
  #repeat(target: Target, first: Target): void {
    if (target.messageKey?.fingerprint !== first.messageKey?.fingerprint)
      throw messageKeyConflict(first.messageKey ?? {});
    const outcome = this.#outcomes.get(first);
    if (outcome !== undefined) this.#outcomes.set(target, outcome);
  }

  #planRequestKey(item: Item, expiresAtMs: number): void {
    const app = item.targets[0]?.publication.app;
    if (item.key === null || app === undefined) return;
    this.keys.push({
      scope: requestKeyScope(app),
      key: item.key,
      expiresAtMs,
      answer: (entries) => eventAnswer(item.request, this.#answersOf(item, entries)),
    });
  }

  #answersOf(item: Item, entries: readonly (LogEntry | null)[]): readonly ChannelAnswer[] {
    return item.targets.map((target) => {
      const outcome = this.#outcomes.get(target);
      const acknowledgement =
        outcome?.kind === 'known'
          ? outcome.acknowledgement
          : this.#acknowledgement(outcome?.index ?? 0, entries);
      return { channel: target.publication.channel, acknowledgement, info: target.info };
    });
  }

  #acknowledgement(index: number, entries: readonly (LogEntry | null)[]): Acknowledgement {
    const made = this.#acknowledgements[index];
    if (made !== undefined) return made;
    const publication = this.publications[index];
    if (publication === undefined) throw new RangeError('no such publication');
    const acknowledgement = acknowledge(publication, entries[index] ?? null);
    this.#acknowledgements[index] = acknowledgement;
    return acknowledgement;
  }
}
