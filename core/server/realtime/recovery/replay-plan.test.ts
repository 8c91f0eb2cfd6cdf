/** The decision table of a resume, row by row: position against head, memory and limits. */
import { channelKind } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import { Channel } from '../channel.ts';
import type { Connection } from '../connection.ts';
import { MessageFrames } from '../message-frames.ts';
import { Subscription } from '../subscription.ts';
import { HotBuffer } from './hot-buffer.ts';
import { hotUpTo, planReplay, type ReplayFacts } from './replay-plan.ts';

const STREAM = 's';
// CAST: a plan looks at no connection.
const connection = {} as Connection;

/** Memory that has the messages from `oldest` to `newest`, with their serials as the order of delivery. */
function hotFrom(oldest: number, newest: number, streamId = STREAM): HotBuffer {
  const bounds = { maxMessages: 1_000, windowMs: 1_000 };
  const hot = new HotBuffer(bounds, { bytes: 0 }, { streamId, serial: oldest - 1 });
  for (let serial = oldest; serial <= newest; serial += 1) {
    const position = { streamId, serial };
    const message = { channel: 'feed.a', event: 'e', data: '1', publishedAtMs: 0, position };
    const frames = new MessageFrames(message, { tagsInFrames: true });
    hot.append({ frames, exceptSocketId: undefined, order: serial }, position);
  }
  return hot;
}

/** By name, acknowledged at a serial; or by a pattern that began after so many deliveries. */
function subscribed(how: { at: number } | { since: number }, isFiltered = false): Subscription {
  const name = 'at' in how ? 'feed.a' : 'feed.*';
  const channel = new Channel(name, channelKind(name));
  const subscription = new Subscription(connection, channel, 'since' in how ? how.since : 0);
  if ('at' in how) subscription.attachedAt = { streamId: STREAM, serial: how.at };
  if (isFiltered)
    subscription.filter = { source: { events: null, tags: null, expression: null }, matches: () => true };
  return subscription;
}

function plan(facts: Partial<ReplayFacts> & { serial: number }): string {
  const { serial, ...rest } = facts;
  const outcome = planReplay({
    position: { streamId: STREAM, serial },
    channel: 'feed.a',
    subscriptions: [subscribed({ at: 10 })],
    head: { streamId: STREAM, serial: 10 },
    hot: null,
    maxMessages: 8,
    nowMs: 0,
    ...rest,
  });
  switch (outcome.kind) {
    case 'fail':
      return outcome.fault;
    case 'hot':
      return `hot ${outcome.run.map(({ frames }) => frames.message.position?.serial).join(',')}`;
    case 'cold':
      return `cold (${outcome.after},${outcome.until}]`;
    default:
      return outcome.kind;
  }
}

describe('a position', () => {
  it.each([
    ['at the head', { serial: 10 }, 'nothing'],
    ['above the head', { serial: 11 }, 'beyond'],
    ['too far behind', { serial: 1 }, 'too-much'],
    ['as far behind as may be', { serial: 2 }, 'cold (2,10]'],
    ['that memory covers', { serial: 7, hot: hotFrom(5, 12) }, 'hot 8,9,10'],
    ['that memory just covers', { serial: 4, hot: hotFrom(5, 12) }, 'hot 5,6,7,8,9,10'],
    ['older than memory', { serial: 3, hot: hotFrom(5, 12) }, 'cold (3,10]'],
    ['that memory once covered', { serial: 7, hot: hotFrom(5, 12), nowMs: 5_000 }, 'cold (7,10]'],
    ['of another stream', { serial: 7, position: { streamId: 'x', serial: 7 } }, 'other-stream'],
    [
      'of another stream, as memory knows',
      { serial: 7, position: { streamId: 'x', serial: 7 }, hot: hotFrom(5, 12) },
      'other-stream-hot',
    ],
    ['without a stream', { serial: 7, position: { serial: 7 } }, 'legacy'],
    [
      'without a stream, vouched for',
      { serial: 7, position: { serial: 7 }, hot: hotFrom(5, 12) },
      'hot 8,9,10',
    ],
    [
      'without a stream, older than memory',
      { serial: 3, position: { serial: 3 }, hot: hotFrom(5, 12) },
      'legacy',
    ],
  ])('%s', (_which, facts, expected) => {
    expect(plan(facts)).toBe(expected);
  });
});

describe('what came live already', () => {
  const hot = hotFrom(1, 12);

  it.each([
    ['since a pattern began', [subscribed({ since: 9 })], 'hot 8,9'],
    [
      'of two patterns, by the one that began first',
      [subscribed({ since: 9 }), subscribed({ since: 8 })],
      'hot 8',
    ],
    [
      'of two, by the one that brings everything',
      [subscribed({ since: 9 }, true), subscribed({ since: 11 })],
      'hot 8,9,10,11',
    ],
    [
      'through filters only: the youngest decides, none may lack anything',
      [subscribed({ since: 9 }, true), subscribed({ since: 11 }, true)],
      'hot 8,9,10,11',
    ],
    [
      'by a pattern before the channel was subscribed',
      [subscribed({ at: 12 }), subscribed({ since: 9 })],
      'hot 8,9',
    ],
  ])('%s', (_which, subscriptions, expected) => {
    expect(plan({ serial: 7, head: { streamId: STREAM, serial: 12 }, hot, subscriptions })).toBe(expected);
  });
});

describe('a log that is ahead of what was delivered', () => {
  const head = { streamId: STREAM, serial: 14 };

  it.each([
    ['is read to its end where nothing came live', { since: 12 }, 'cold (7,14]'],
    ['is read to where live messages began', { since: 9 }, 'cold (7,9]'],
  ])('%s', (_which, how, expected) => {
    expect(plan({ serial: 7, head, hot: hotFrom(1, 12), subscriptions: [subscribed(how)] })).toBe(expected);
  });
});

describe('memory', () => {
  const head = { streamId: STREAM, serial: 10 };

  it('counts when it has seen everything up to the head', () => {
    const hot = hotFrom(5, 10);
    expect(hotUpTo(head, hot)).toBe(hot);
    expect(hotUpTo(head, null)).toBeNull();
  });

  it('does not count behind the head, or in another stream: what came by another node is not in it', () => {
    expect(hotUpTo(head, hotFrom(5, 9))).toBeNull();
    expect(hotUpTo(head, hotFrom(5, 12, 'other'))).toBeNull();
  });
});
