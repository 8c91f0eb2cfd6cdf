// From a client's position to what has to be sent: the decision of realtime.md section 6.2, without doing any of it. Pure, but
// for the age of what the hot buffer keeps.
import type { ResumePosition } from '@sockudo/protocol';
import type { Position } from '../../ports/channel-log.ts';
import { isCoveredBy } from '../gates.ts';
import type { Subscription } from '../subscription.ts';
import type { Fault } from './failure.ts';
import type { HotBuffer, HotEntry } from './hot-buffer.ts';

export type ReplayPlan =
  | { readonly kind: 'fail'; readonly fault: Extract<Fault, 'legacy' | 'other-stream' | 'other-stream-hot'> }
  /** The client has everything that does not come live. */
  | { readonly kind: 'nothing' }
  /** The position lies above what had to be replayed: live messages that it has heard already, or a foreign number. */
  | { readonly kind: 'beyond' }
  | { readonly kind: 'too-much' }
  | { readonly kind: 'hot'; readonly run: readonly HotEntry[] }
  | { readonly kind: 'cold'; readonly after: number; readonly until: number };

export interface ReplayFacts {
  readonly position: ResumePosition;
  readonly channel: string;
  readonly subscriptions: readonly Subscription[];
  /** Newest position when the subscription was acknowledged, or now where it was told none. */
  readonly head: Position;
  /** The channel's buffer, whatever it has seen. */
  readonly hot: HotBuffer | null;
  readonly maxMessages: number;
  readonly nowMs: number;
}

export function planReplay(facts: ReplayFacts): ReplayPlan {
  const { position, head, maxMessages, nowMs } = facts;
  const { streamId, serial } = position;
  const hot = hotUpTo(head, facts.hot);
  if (streamId === undefined && hot === null) return { kind: 'fail', fault: 'legacy' };
  if (streamId !== undefined && streamId !== head.streamId) {
    return { kind: 'fail', fault: hot === null ? 'other-stream' : 'other-stream-hot' };
  }
  const last = lastMissed(facts);
  if (serial === last) return { kind: 'nothing' };
  if (serial > last) return { kind: 'beyond' };
  if (last - serial > maxMessages) return { kind: 'too-much' };
  const run = hot?.between(serial, last, nowMs) ?? null;
  if (run !== null) return { kind: 'hot', run };
  if (streamId === undefined) return { kind: 'fail', fault: 'legacy' };
  return { kind: 'cold', after: serial, until: last };
}

/** The buffer, if this node has seen everything up to the head: else it may lack what came by another node. */
export function hotUpTo(head: Position, hot: HotBuffer | null): HotBuffer | null {
  return hot !== null && isCoveredBy(head, hot.newest) ? hot : null;
}

/**
 * What lies above this serial has come live or will. A subscription without filter has brought everything since it began;
 * where all have filters the youngest decides, so that nothing is missing for any of them.
 */
function lastMissed({ channel, subscriptions, head, hot }: ReplayFacts): number {
  const unfiltered: number[] = [];
  const filtered: number[] = [];
  for (const subscription of subscriptions) {
    const told = subscription.positionIn(channel);
    const serial = told?.serial ?? lastBefore(subscription.since, head, hot);
    (subscription.filter === null ? unfiltered : filtered).push(serial);
  }
  return unfiltered.length > 0 ? Math.min(...unfiltered) : Math.max(...filtered);
}

/** What the node delivered after `since` came live, also where the log is ahead of it: the rest is about to be delivered. */
function lastBefore(since: number, head: Position, hot: HotBuffer | null): number {
  if (hot === null || hot.newest.streamId !== head.streamId) return head.serial;
  const serial = hot.newestNotAfter(since);
  return serial < hot.newest.serial ? serial : Math.max(serial, head.serial);
}
