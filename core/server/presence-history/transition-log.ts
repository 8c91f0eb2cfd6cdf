// Reading transitions out of the channel log. The only place here that knows how a ChannelLog is read.
import type { ChannelKey, ChannelLog, GapReason, Position, ReadRange } from '../ports/channel-log.ts';
import { type StoredTransition, storedTransition } from './transition.ts';

/** The log that keeps a channel's transitions, and under which name. */
export interface TransitionLog {
  readonly log: ChannelLog;
  readonly key: ChannelKey;
}

export type TransitionPage =
  | {
      readonly kind: 'page';
      readonly transitions: readonly StoredTransition[];
      readonly more: boolean;
      readonly head: Position;
    }
  | { readonly kind: 'gap'; readonly reason: GapReason };

export async function readTransitions(
  { log, key }: TransitionLog,
  range: ReadRange,
): Promise<TransitionPage> {
  const result = await log.read(key, range);
  if (result.kind === 'gap') return { kind: 'gap', reason: result.reason };
  const { entries, more, head } = result;
  return { kind: 'page', transitions: entries.map(storedTransition), more, head };
}

/** Lets everything else of this process have its turn: a long read is done in slices. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
