/**
 * What a session knows of its channel, over losses of the connection. What is shown stays as it was until something complete takes its
 * place: either what was missed came by itself (a resume), or everything that was shown was read anew beside it. Nothing is ever
 * patched together from the last message.
 * Must not know: how things are asked for, when the connection goes.
 */
import { entryOfRow, type LogEntry } from '../log/entry.ts';
import { type LoggedMessage, MessageLog } from '../log/message-log.ts';
import { compareSerials, lowerSerial, type Serial } from '../log/serials.ts';
import { isLive } from '../tree/model.ts';
import type { KnownRun } from '../tree/tree.ts';
import { oldestOf, type SessionPage } from './server-answers.ts';

/** Rows that are read again after a loss; what was shown beyond them has to be asked for again. */
export const REREAD_MAX = 1_000;
/** Live messages that wait for a resume; with more, everything is read again. */
export const HELD_MAX = 5_000;
/** Runs that the server told of; of more, the ones heard of longest ago are forgotten. */
export const RUNS_MAX = 2_000;

/** With as many in a list it may not be all. */
const LISTED_RUNS_MAX = 100;

interface Part {
  readonly log: MessageLog;
  /** Everything from here on is known; null: nothing yet. */
  oldest: Serial | null;
  hasOlder: boolean;
  streamId: string | null;
  rows: number;
}

const emptyPart = (): Part => ({
  log: new MessageLog(),
  oldest: null,
  hasOlder: false,
  streamId: null,
  rows: 0,
});

export interface StoredContent {
  readonly messages: readonly LoggedMessage[];
  readonly runs: readonly KnownRun[];
  readonly oldest: Serial | null;
  readonly hasOlder: boolean;
  readonly streamId: string | null;
}

export class Content {
  /** `structure`: anything but the text of messages may be another. */
  readonly #changed: (what: 'text' | 'structure', entry?: LogEntry) => void;
  /** The channel began anew under us: what is shown is of a log that is gone. */
  readonly #reset: () => void;
  readonly #runs = new Map<string, KnownRun>();
  #shown = emptyPart();
  /** Nothing that happened since the oldest message is missing. */
  #isWhole = false;
  #fresh: Part | null = null;
  /** Live messages since the connection was lost, until it is known whether a resume fills the gap. */
  #held: LogEntry[] | null = null;

  constructor(changed: (what: 'text' | 'structure', entry?: LogEntry) => void, reset: () => void) {
    this.#changed = changed;
    this.#reset = reset;
  }

  get log(): MessageLog {
    return this.#shown.log;
  }

  get runs(): ReadonlyMap<string, KnownRun> {
    return this.#runs;
  }

  get hasOlder(): boolean {
    return this.#shown.hasOlder || this.#shown.log.wasCut;
  }

  /** Where a page of older messages ends. */
  get oldest(): Serial | null {
    return this.#shown.log.wasCut ? this.#shown.log.oldestPlace() : this.#shown.oldest;
  }

  /** Place of the oldest message that was read anew. */
  get freshOldest(): Serial | null {
    return this.#fresh?.oldest ?? null;
  }

  /** A live message. */
  receive(entry: LogEntry): void {
    this.#fresh?.log.fold(entry);
    if (this.#isWhole && entry.streamId !== undefined) {
      this.#shown.streamId ??= entry.streamId;
      if (this.#shown.streamId !== entry.streamId) {
        this.broken();
        this.#reset();
        return;
      }
    }
    if (this.#isWhole) {
      const change = this.#shown.log.fold(entry);
      if (change !== 'none') this.#changed(change, entry);
    } else if (this.#held !== null) {
      if (this.#held.length < HELD_MAX) this.#held.push(entry);
      else this.#held = null;
    }
  }

  /** The connection is gone: from now on something may be missing. */
  interrupted(): void {
    if (this.#isWhole) this.#held = [];
    this.#isWhole = false;
    this.#endFresh();
  }

  /** Something is missing, and no resume will bring it. */
  broken(): void {
    this.#held = null;
    this.#isWhole = false;
  }

  /** What was missed since the connection was lost will not come. What has been read anew since then is not concerned. */
  notResumed(): void {
    this.#held = null;
  }

  /** What was missed since the connection was lost has come. */
  resumed(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#isWhole = true;
    for (const entry of held) this.receive(entry);
  }

  /** Everything is about to be read anew. */
  beginFresh(): void {
    this.#endFresh();
    this.#fresh = emptyPart();
    this.#fresh.log.readBegins();
  }

  /** A page of what is read anew, newest first. */
  readFresh(page: SessionPage): void {
    if (page.runs !== undefined) this.#noteAll(page.runs);
    if (this.#fresh !== null) addPage(this.#fresh, page);
  }

  /** Whether all that is shown has been read anew, or need not be. */
  get isFreshEnough(): boolean {
    const fresh = this.#fresh;
    if (this.#isWhole || fresh === null) return true;
    const { oldest, streamId } = this.#shown;
    if (!fresh.hasOlder || fresh.rows >= REREAD_MAX || oldest === null) return true;
    if (streamId !== null && fresh.streamId !== null && streamId !== fresh.streamId) return true;
    return fresh.oldest !== null && compareSerials(fresh.oldest, oldest) <= 0;
  }

  /** What was read takes the place of what is shown. False: there was too much of it meanwhile, it has to be read again. */
  endFresh(): boolean {
    const fresh = this.#fresh;
    if (fresh === null) return true;
    if (!this.#isWhole && fresh.log.hasOverflowed) return false;
    this.#endFresh();
    this.#held = null;
    if (!this.#isWhole) this.#shown = fresh;
    this.#isWhole = true;
    this.#changed('structure');
    return true;
  }

  /** Reads older messages; `read` asks for them. */
  async older(read: (oldest: Serial) => Promise<SessionPage>): Promise<void> {
    const { oldest } = this;
    const shown = this.#shown;
    if (oldest === null) return;
    shown.log.readBegins();
    try {
      const page = await read(oldest);
      // Meanwhile everything may have been read anew.
      if (this.#shown !== shown) return;
      shown.log.wasCut = false;
      addPage(shown, page);
    } finally {
      shown.log.readEnds();
    }
    this.#changed('structure');
  }

  /** What the server says of one run. */
  note(run: KnownRun): void {
    const known = this.#runs.get(run.runId);
    if (known !== undefined && run.updatedAtMs < known.updatedAtMs) return;
    this.#runs.delete(run.runId);
    this.#runs.set(run.runId, run);
    const longest = this.#runs.size > RUNS_MAX ? this.#runs.keys().next() : undefined;
    if (longest?.done === false) this.#runs.delete(longest.value);
    this.#changed('structure');
  }

  stored(): StoredContent {
    const { log, streamId } = this.#shown;
    const { oldest, hasOlder } = this;
    return { messages: log.messages(), runs: [...this.#runs.values()], oldest, hasOlder, streamId };
  }

  restore({ messages, runs, oldest, hasOlder, streamId }: StoredContent): void {
    this.#shown = { ...emptyPart(), oldest, hasOlder, streamId };
    this.#shown.log.restore(messages);
    for (const run of runs) this.#runs.set(run.runId, run);
  }

  /** The server lists all runs that are not over, up to 100: one that it does not list is not known to it any more. */
  #noteAll(runs: readonly KnownRun[]): void {
    if (runs.length >= LISTED_RUNS_MAX) {
      for (const run of runs) this.note(run);
      return;
    }
    const listed = new Set(runs.map(({ runId }) => runId));
    for (const [id, run] of this.#runs) if (isLive(run) && !listed.has(id)) this.#runs.delete(id);
    for (const run of runs) this.note(run);
  }

  #endFresh(): void {
    this.#fresh?.log.readEnds();
    this.#fresh = null;
  }
}

function addPage(part: Part, { rows, hasMore, streamId }: SessionPage): void {
  part.log.foldAll(rows.flatMap((row) => entryOfRow(row) ?? []).filter(isOfSession));
  part.oldest = lowerSerial(part.oldest, oldestOf(rows));
  part.hasOlder = hasMore;
  part.streamId = streamId ?? part.streamId;
  part.rows += rows.length;
}

/** Other events of the channel are the application's own business. Those that begin so may be of a later version. */
export const isOfSession = ({ event }: Pick<LogEntry, 'event'>): boolean => event.startsWith('ai-');
