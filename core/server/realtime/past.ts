// What a new subscriber is shown besides live messages: the summaries of the channel's annotations, and the past it asked for.
// Read while live messages are held, sent around the acknowledgement in the order of realtime.md section 3.4.
import { type Rewind, rewindCompleteFrame } from '@sockudo/protocol';
import { annotatesChannel } from '../messages/features.ts';
import { summaryMessage } from '../messages/summaries.ts';
import type { Position } from '../ports/channel-log.ts';
import type { RealtimeContext } from './context.ts';
import { MessageFrames } from './message-frames.ts';
import { NOTHING_REWOUND, type Rewound, readRewind } from './rewind.ts';
import { RewoundVersions } from './rewound-versions.ts';
import type { Subscription } from './subscription.ts';

export interface Past {
  /** One for each message and type, newest message first. */
  readonly summaries: readonly MessageFrames[];
  /** Null: not asked for. */
  readonly rewound: Rewound | null;
}

/** Most summaries that one subscriber is sent at once; those of older messages come when they change. */
const MAX_SUMMARIES = 500;

export const NO_PAST: Past = { summaries: [], rewound: null };

/** Rejects with `StoreUnavailable` when the store failed. */
export async function readPast(
  subscription: Subscription,
  rewind: Rewind | undefined,
  head: Position,
  context: RealtimeContext,
): Promise<Past> {
  const { app } = subscription.connection;
  const { name: channel, kind } = subscription.channel;
  const log = context.logs.of(app);
  if (log === null || kind.kind === 'wildcard') {
    return rewind === undefined ? NO_PAST : { summaries: [], rewound: NOTHING_REWOUND };
  }
  const key = { appId: app.id, channel };
  const { filters: frameOptions, maxFrameBytes } = context.settings;
  const annotates = context.settings.annotationsEnabled && annotatesChannel(app, channel);
  const projections = annotates && head.serial > 0 ? await log.projections(key, MAX_SUMMARIES) : [];
  const summaries = projections.map(
    (projection) => new MessageFrames(summaryMessage(app, channel, projection, maxFrameBytes), frameOptions),
  );
  if (rewind === undefined) return summaries.length === 0 ? NO_PAST : { summaries, rewound: null };
  const { filter } = subscription;
  const pageSize = context.history.pageSize;
  const nowMs = Date.now();
  const rewound = await readRewind(log, { key, rewind, filter, head, pageSize, frameOptions, nowMs });
  return { summaries, rewound };
}

/** Summaries are messages like others to a filter. */
export function sendSummaries({ connection, filter }: Subscription, { summaries }: Past): void {
  for (const frames of summaries) {
    if (filter === null || frames.passes(filter)) connection.push(frames.of(connection.frameClass));
  }
}

export function sendRewound({ connection }: Subscription, { rewound }: Past): void {
  for (const frames of rewound?.messages ?? []) connection.push(frames.of(connection.frameClass));
}

/** @param liveCount held messages that were sent after the rewound ones */
export function sendRewindComplete(
  { connection, channel }: Subscription,
  { rewound }: Past,
  liveCount: number,
): void {
  if (rewound === null) return;
  const result = {
    historical_count: rewound.messages.length,
    live_count: liveCount,
    complete: rewound.isComplete,
    truncated_by_retention: rewound.isCutByRetention,
    truncated_by_limit: rewound.isCutByLimit,
  };
  connection.sendText(rewindCompleteFrame(channel.name, result, connection.messageId()));
}

const NO_VERSIONS = new RewoundVersions('');

export const versionsShown = ({ rewound }: Past): RewoundVersions => rewound?.versions ?? NO_VERSIONS;
