// What a subscriber asked to see of the past, read from the history before it is acknowledged: the newest so many messages, or
// those of the last so many seconds, that its filter lets through (realtime.md section 6.4, divergences D37-D39). Nothing is sent
// here; live messages are held meanwhile by the caller.
import { type Filter, REWIND_SCAN_PAGES_MAX, type Rewind } from '@sockudo/protocol';
import { messageOfRow } from '../messages/log-message.ts';
import type { ChannelKey, Position, ReadRange } from '../ports/channel-log.ts';
import type { DurableLog } from '../ports/index.ts';
import type { HistoryRow } from '../ports/message-log.ts';
import type { FrameOptions } from './encode-message.ts';
import { MessageFrames } from './message-frames.ts';
import { RewoundVersions } from './rewound-versions.ts';

export interface RewindRequest {
  readonly key: ChannelKey;
  readonly rewind: Rewind;
  readonly filter: Filter | null;
  /** The position that the acknowledgement will name: nothing above it is rewound. */
  readonly head: Position;
  /** Rows of a page at most; also the most messages of a rewind. */
  readonly pageSize: number;
  readonly frameOptions: FrameOptions;
  readonly nowMs: number;
}

/** What is to be sent, and how `rewind_complete` will speak of it. */
export interface Rewound {
  /** Oldest first. */
  readonly messages: readonly MessageFrames[];
  readonly versions: RewoundVersions;
  /** Every retained message that was asked for is among them. */
  readonly isComplete: boolean;
  /** Some of what was asked for is no longer retained. */
  readonly isCutByRetention: boolean;
  /** There is more than was asked for, or than one page or scan holds. */
  readonly isCutByLimit: boolean;
}

/** Of a channel that has no past of its own. */
export const NOTHING_REWOUND: Rewound = {
  messages: [],
  versions: new RewoundVersions(''),
  isComplete: true,
  isCutByRetention: false,
  isCutByLimit: false,
};

/** Rejects with `StoreUnavailable` when the store failed. */
export async function readRewind(log: DurableLog, request: RewindRequest): Promise<Rewound> {
  const { rewind } = request;
  return 'count' in rewind
    ? readNewest(log, request, rewind.count)
    : readSince(log, request, request.nowMs - rewind.seconds * 1000);
}

async function readNewest(log: DurableLog, request: RewindRequest, count: number): Promise<Rewound> {
  const { head, pageSize } = request;
  const most = Math.min(count, pageSize);
  const scan = new Scan(request, most);
  await scan.run(log, {
    direction: 'newest-first',
    limit: request.filter === null ? most : pageSize,
    from: { streamId: head.streamId, serial: head.serial + 1 },
  });
  const { found, ending } = scan;
  const isShort = ending !== 'full' && found.length < count;
  const isCutByRetention = ending === 'gap' || (isShort && (await hasLostEntries(log, request.key)));
  return { ...rewoundOf(found.reverse(), head), ...flagsOf(ending), isCutByRetention };
}

async function readSince(log: DurableLog, request: RewindRequest, startTimeMs: number): Promise<Rewound> {
  const { head, pageSize, key } = request;
  const scan = new Scan(request, pageSize);
  await scan.run(log, { direction: 'oldest-first', limit: pageSize, startTimeMs, endSerial: head.serial });
  const { oldestPublishedAtMs } = await log.state(key);
  const isBeforeOldest = oldestPublishedAtMs !== null && startTimeMs < oldestPublishedAtMs;
  const isCutByRetention = scan.ending === 'gap' || (isBeforeOldest && (await hasLostEntries(log, key)));
  return { ...rewoundOf(scan.found, head), ...flagsOf(scan.ending), isCutByRetention };
}

/** The first entry of every channel is a create with serial 1; where that is gone, something older than the rest was. */
async function hasLostEntries(log: DurableLog, key: ChannelKey): Promise<boolean> {
  const { oldestSerial, head } = await log.state(key);
  return (oldestSerial ?? head.serial + 1) > 1;
}

const flagsOf = (ending: Ending): Pick<Rewound, 'isComplete' | 'isCutByLimit'> => ({
  isComplete: ending === 'exhausted',
  isCutByLimit: ending === 'full' || ending === 'pages',
});

/** exhausted: every row was seen. full: there was enough before. pages: no further page is read. gap: rows vanished meanwhile. */
type Ending = 'exhausted' | 'full' | 'pages' | 'gap';

interface Found {
  readonly row: HistoryRow;
  readonly frames: MessageFrames;
}

function rewoundOf(found: readonly Found[], head: Position): Pick<Rewound, 'messages' | 'versions'> {
  const versions = new RewoundVersions(head.streamId);
  for (const { row } of found) versions.add(row);
  return { messages: found.map(({ frames }) => frames), versions };
}

/** Goes through pages of rows and keeps what the filter lets through, until there is enough. */
class Scan {
  readonly found: Found[] = [];
  ending: Ending = 'pages';
  readonly #request: RewindRequest;
  readonly #most: number;

  constructor(request: RewindRequest, most: number) {
    this.#request = request;
    this.#most = most;
  }

  async run(log: DurableLog, first: ReadRange): Promise<void> {
    const { key, head } = this.#request;
    let range = first;
    for (let page = 0; page < REWIND_SCAN_PAGES_MAX; page += 1) {
      const result = await log.rows(key, range);
      if (result.kind === 'gap') {
        this.ending = 'gap';
        return;
      }
      const taken = this.#take(result.rows);
      if (this.found.length >= this.#most && (result.more || taken < result.rows.length)) {
        this.ending = 'full';
        return;
      }
      const last = result.rows.at(-1);
      if (!result.more || last === undefined) {
        this.ending = 'exhausted';
        return;
      }
      range = { ...range, from: { streamId: head.streamId, serial: last.entry.serial } };
    }
  }

  /** Answers how many of the rows were looked at. */
  #take(rows: readonly HistoryRow[]): number {
    const { filter, frameOptions } = this.#request;
    for (const [index, row] of rows.entries()) {
      if (this.found.length >= this.#most) return index;
      const frames = new MessageFrames(messageOfRow(row), frameOptions);
      if (filter === null || frames.passes(filter)) this.found.push({ row, frames });
    }
    return rows.length;
  }
}
