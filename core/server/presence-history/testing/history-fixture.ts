// Test support: a presence history over a log in memory that can be made to fail, and short ways to record and to read.
import { historyQueryOf, NO_BOUNDS } from '@sockudo/protocol';
import { pino } from 'pino';
import type { App } from '../../apps/app.ts';
import { fakeApp } from '../../http/fake-deps.ts';
import { createMemoryChannelLog } from '../../memory/channel-log.ts';
import { createCounters } from '../../metrics/counters.ts';
import { type ChannelLog, type Retention, StoreUnavailable } from '../../ports/channel-log.ts';
import { PresenceHistory } from '../presence-history.ts';
import type { RecorderBounds } from '../recorder.ts';
import { type Change, type StoredTransition, transitionKey } from '../transition.ts';
import type { TransitionLog } from '../transition-log.ts';

export const CHANNEL = 'presence-room';

export interface Fixture {
  readonly app: App;
  readonly log: ChannelLog;
  readonly history: PresenceHistory;
  readonly source: TransitionLog;
  readonly counters: ReturnType<typeof createCounters>;
  readonly logged: string[];
  /** While true, commits reject. */
  isBroken: boolean;
  record(event: Change['event'], userId: string, more?: Partial<Change>): void;
  /** Everything recorded so far is in the log; answers what the log then holds, oldest first. */
  stored(): Promise<readonly StoredTransition[]>;
  /** A history that knows nothing yet, over the same log, as after a restart. */
  restarted(): Fixture;
}

export interface FixtureOptions {
  readonly retention?: Retention;
  readonly bounds?: Partial<RecorderBounds>;
  readonly log?: ChannelLog;
}

export function createFixture(options: FixtureOptions = {}): Fixture {
  const app = fakeApp({ presenceHistory: { enabled: true, retention: options.retention ?? {} } });
  const log = options.log ?? createMemoryChannelLog();
  const counters = createCounters();
  const logged: string[] = [];
  const history = new PresenceHistory({
    logOf: () => breakable(log, () => fixture.isBroken),
    counters,
    logger: pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }),
    maxPageRows: 1_000,
    ...(options.bounds !== undefined && { bounds: options.bounds }),
  });
  const fixture: Fixture = {
    app,
    log,
    history,
    source: { log, key: transitionKey(app, CHANNEL) },
    counters,
    logged,
    isBroken: false,
    record: (event, userId, more) => history.record(app, CHANNEL, { ...changeOf(event, userId), ...more }),
    async stored() {
      const scope = { appId: app.id, channel: CHANNEL, maxLimit: 1_000, noun: 'Presence history' } as const;
      const query = historyQueryOf({ direction: 'oldest_first', bounds: NO_BOUNDS }, scope);
      return (await history.page(app, CHANNEL, query)).transitions;
    },
    restarted: () => createFixture({ ...options, log }),
  };
  return fixture;
}

function changeOf(event: Change['event'], userId: string): Change {
  const isGone = event === 'member_removed';
  return {
    event,
    cause: isGone ? 'disconnect' : 'join',
    userId,
    connectionId: '1.1',
    info: isGone ? null : '{}',
  };
}

export const said = (transitions: readonly StoredTransition[]): string[] =>
  transitions.map(({ event }) => `${event.event} ${event.user_id}`);

function breakable(log: ChannelLog, isBroken: () => boolean): ChannelLog {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'commit' && isBroken()) return async () => Promise.reject(new StoreUnavailable('broken'));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
