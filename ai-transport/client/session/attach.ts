/**
 * Reading a session: the newest page with the state of its runs, then as much more as was shown before. Servers that know no sessions
 * (Sockudo 5) are read by their history alone; which kind it is shows in which of two questions is answered first.
 * Must not know: what is made of it.
 */
import type { HistoryPage, Sockudo } from '@sockudo/client';
import { placeBefore, type Serial } from '../log/serials.ts';
import type { Content } from './content.ts';
import { type SessionPage, sessionPageOf } from './server-answers.ts';
import type { Surroundings } from './surroundings.ts';

/** Time for an answer from a server that has answered such a question before, in ms. */
export const SESSION_PATIENCE_MS = 10_000;

export class Source {
  readonly #client: Sockudo;
  readonly #channel: string;
  readonly #surroundings: Pick<Surroundings, 'setTimer' | 'clearTimer'>;
  /** Questions without an answer, oldest first: answers name no question, they come in their order. */
  #asked: ((page: SessionPage | null) => void)[] = [];
  /** The server keeps runs and tells of them; null: not known yet. */
  keepsRuns: boolean | null = null;

  constructor(client: Sockudo, channel: string, surroundings: Pick<Surroundings, 'setTimer' | 'clearTimer'>) {
    this.#client = client;
    this.#channel = channel;
    this.#surroundings = surroundings;
  }

  /** The newest messages, and the runs where the server keeps them. */
  async newest(): Promise<SessionPage> {
    const session = this.#askSession();
    // Frames are answered in order: a server that answers the second question first does not know the first.
    const history = this.keepsRuns === true ? null : this.#history(undefined);
    history?.catch(() => {});
    const page = await Promise.race([session, ...(history === null ? [] : [history])]);
    if (page === null) {
      this.keepsRuns = null;
      return history ?? this.#history(undefined);
    }
    this.keepsRuns = page.runs !== undefined;
    return page;
  }

  /** The page that ends just before a place. */
  async before(place: Serial): Promise<SessionPage> {
    const end = placeBefore(place);
    if (end === null) return { rows: [], hasMore: false, streamId: null };
    return this.#history(end);
  }

  /** Data of a `sockudo:ai_session` about this channel. */
  answered(data: unknown): void {
    const page = sessionPageOf(data);
    if (page !== null) this.#asked.shift()?.(page);
  }

  /** The connection is gone, and with it what was to be answered. */
  lost(): void {
    for (const settle of this.#asked.splice(0)) settle(null);
  }

  /** Null: no answer came. */
  #askSession(): Promise<SessionPage | null> {
    return new Promise((resolve) => {
      const timer = this.#surroundings.setTimer(() => resolve(null), SESSION_PATIENCE_MS);
      // One that was given up keeps its place: its answer must not be taken for the next one's.
      this.#asked.push((page) => {
        this.#surroundings.clearTimer(timer);
        resolve(page);
      });
      this.#client.send_event('sockudo:ai_session', { channel: this.#channel });
    });
  }

  async #history(endSerial: Serial | undefined): Promise<SessionPage> {
    const channel = this.#client.channel(this.#channel);
    if (channel === undefined) throw new Error(`${this.#channel} was unsubscribed`);
    return pageOf(await channel.history(endSerial === undefined ? {} : { endSerial }));
  }
}

const pageOf = ({ items, has_more: hasMore, continuity }: HistoryPage): SessionPage => ({
  rows: items,
  hasMore,
  streamId: items[0]?.stream_id ?? continuity.stream_id,
});

/** Reads until all that was shown is read anew. Throws what the questions do; false: it has to be begun again. */
export async function attach(source: Source, content: Content, isCurrent: () => boolean): Promise<boolean> {
  content.beginFresh();
  let page = await source.newest();
  for (;;) {
    if (!isCurrent()) return true;
    content.readFresh(page);
    if (content.isFreshEnough) return content.endFresh();
    const { freshOldest } = content;
    if (freshOldest === null) return content.endFresh();
    page = await source.before(freshOldest);
  }
}
