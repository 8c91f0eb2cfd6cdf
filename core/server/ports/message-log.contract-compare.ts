// Compares all that can be read of a channel with the plain lists of message-log.contract-lists.ts.
import { expect } from 'vitest';
import { type ListedChannel, type ListedMessage, recordOf } from './message-log.contract-lists.ts';
import { plain, plainState } from './message-log.contract-support.ts';
import type { DurableLog, ReplayResult, RowsResult } from './message-log.ts';

/** So many of the newest messages are looked at one by one. */
const MESSAGES = 6;

export async function compareChannel(log: DurableLog, listed: ListedChannel): Promise<void> {
  const head = { streamId: await listed.streamId, serial: listed.head };
  expect(await log.state(listed.key)).toEqual({ ...listed.state(), head });
  await compareHistory(log, listed);
  await compareReplays(log, listed);
  const newest = [...listed.earlier, ...listed.messages]
    .filter(({ isMutable }) => isMutable)
    .slice(-MESSAGES);
  for (const message of newest) await compareMessage(log, listed, message);
  const projections = listed.projections();
  expect(await log.projections(listed.key, 99)).toEqual(projections);
  expect(await log.projections(listed.key, 2)).toEqual(projections.slice(0, 2));
}

async function compareHistory(log: DurableLog, listed: ListedChannel): Promise<void> {
  const { key, history } = listed;
  const streamId = await listed.streamId;
  const expected = history.map((message) => ({
    entry: { ...listed.createOf(message), streamId },
    latest: message.versions.length === 0 ? null : listed.stateOf(message),
  }));
  const all = await log.rows(key, { direction: 'oldest-first', limit: 99 });
  expect(rowsOf(all)).toEqual({ rows: expected, more: false });
  const newest = await log.rows(key, { direction: 'newest-first', limit: 2 });
  expect(rowsOf(newest)).toEqual({ rows: expected.toReversed().slice(0, 2), more: expected.length > 2 });
  const entries = await log.read(key, { direction: 'oldest-first', limit: 99 });
  expect(entries.kind === 'page' && entries.entries.map(plain)).toEqual(expected.map(({ entry }) => entry));
}

function rowsOf(result: RowsResult): object {
  if (result.kind !== 'page') throw new Error(`a page was expected, not a gap (${result.reason})`);
  const { rows, more } = result;
  return {
    rows: rows.map(({ entry, latest }) => ({ entry: plain(entry), latest: plainState(latest) })),
    more,
  };
}

async function compareReplays(log: DurableLog, listed: ListedChannel): Promise<void> {
  const { key, head } = listed;
  const streamId = await listed.streamId;
  for (const [back, limit] of [
    [0, 9],
    [1, 9],
    [3, 2],
    [8, 20],
    [head, 99],
  ] as const) {
    const serial = Math.max(0, head - back);
    const until = Math.min(head, serial + limit);
    const expected: (object | null)[] = [];
    for (let next = serial + 1; next <= until; next += 1) {
      const entry = listed.at(next);
      expected.push(entry === null ? null : { ...entry, streamId });
    }
    const result = await log.replay(key, { streamId, serial }, limit);
    if (expected.includes(null)) expect(result).toMatchObject({ kind: 'gap', reason: 'trimmed' });
    else
      expect(replayOf(result)).toEqual({
        entries: expected,
        more: until < head,
        head: { streamId, serial: head },
      });
  }
}

function replayOf(result: ReplayResult): object {
  if (result.kind !== 'page') throw new Error(`a page was expected, not a gap (${result.reason})`);
  const { entries, more, head } = result;
  return { entries: entries.map(plain), more, head };
}

async function compareMessage(log: DurableLog, listed: ListedChannel, message: ListedMessage): Promise<void> {
  const { key } = listed;
  const isKnown = listed.isKnown(message);
  expect(plainState(await log.message(key, message.text))).toEqual(isKnown ? listed.stateOf(message) : null);
  await compareVersions(log, listed, message);
  const records = message.notes.map((note) => {
    const taker = message.takerOf(note);
    return { ...recordOf(message, note), ...(taker !== undefined && { deletedBy: taker.text }) };
  });
  const shown = isKnown ? records : [];
  expect(await log.annotations(key, message.text, { limit: 99 })).toEqual({ records: shown, more: false });
  const [first] = message.notes;
  if (first === undefined) return;
  expect(await log.annotation(key, first.text)).toEqual(isKnown ? records[0] : null);
  const ofType = shown.slice(1).filter((_, index) => message.notes[index + 1]?.type === 'x');
  expect(await log.annotations(key, message.text, { from: first.text, type: 'x', limit: 2 })).toEqual({
    records: ofType.slice(0, 2),
    more: ofType.length > 2,
  });
}

async function compareVersions(
  log: DurableLog,
  listed: ListedChannel,
  message: ListedMessage,
): Promise<void> {
  const { key } = listed;
  const all = await log.versions(key, message.text, { direction: 'oldest-first', limit: 99 });
  if (!listed.isKnown(message)) {
    expect(all).toBeNull();
    return;
  }
  const streamId = await listed.streamId;
  const expected = [
    listed.createOf(message),
    ...message.versions.map((_, index) => listed.versionOf(message, index)),
  ].map((entry) => ({ ...entry, streamId }));
  expect(all?.entries.map(plain)).toEqual(expected);
  const from = message.versions.at(-1)?.text ?? message.text;
  const older = await log.versions(key, message.text, { direction: 'newest-first', limit: 2, from });
  expect(older?.entries.map(plain)).toEqual(expected.toReversed().slice(1, 3));
  expect(older?.more).toBe(expected.length > 3);
  const second = await log.versions(key, message.text, {
    direction: 'oldest-first',
    limit: 1,
    from: message.text,
  });
  expect(second?.entries.map(plain)).toEqual(expected.slice(1, 2));
}
