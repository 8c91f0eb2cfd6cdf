// Which messages of a channel are open, i.e. say that more is to come: a record for each, by the `message_id` of its create, and one
// that counts them. Both change in the step that stores the create or version which opens or closes the message, so that neither
// can be wrong; appends to an open message touch none of them.
//
// The record of an open message is due when the message may have been silent for too long. It isn't put off by appends: whoever finds
// it due looks at the message and puts it off then (orphan-sweep.ts).
import type { ChannelRecord, RecordChange, RecordContent } from '@sockudo/server/ports';
import { z } from 'zod';
import { overCap } from '../refusals.ts';

export const STREAM_KIND = 'ai-stream';
export const COUNT_KIND = 'ai-stream-count';
/** The one id of the kind that counts. */
export const COUNT_ID = 'open';

export interface OpenStream {
  readonly messageSerial: string;
  /** Delivery serial of the create or version that opened it. */
  readonly serial: number;
  /** Run that it belongs to; absent: it names none. */
  readonly runId?: string;
}

const streamJson = z.object({
  message_serial: z.string(),
  serial: z.number(),
  run_id: z.string().optional(),
});
/** One, unless a `message_id` was used again after its receipt had expired. */
const streamsJson = z.array(streamJson);
const MAX_STREAMS_OF_ID = 16;

const countJson = z.object({ open: z.int().nonnegative(), leaving: z.array(z.string()).default([]) });
type Count = z.output<typeof countJson>;
const MAX_LEAVING = 64;

export function streamsIn(record: Pick<ChannelRecord, 'value'> | null): readonly OpenStream[] {
  if (record === null) return [];
  return streamsJson.parse(JSON.parse(record.value)).map(({ message_serial, serial, run_id }) => ({
    messageSerial: message_serial,
    serial,
    ...(run_id !== undefined && { runId: run_id }),
  }));
}

/** How many messages of the channel are open. */
export const openCountIn = (record: Pick<ChannelRecord, 'value'> | null): number => countIn(record).open;

export interface Opening {
  /** Names the record. */
  readonly messageId: string;
  readonly runId?: string;
  readonly orphanTtlMs: number;
  /** Open messages of the channel at most. */
  readonly max: number;
}

/** The message of the step becomes open. The changes throw 413 with `ai_code` 40009 where too many are. */
export function opened({ messageId, runId, orphanTtlMs, max }: Opening): readonly RecordChange[] {
  let isNew = false;
  const stream: RecordChange = {
    kind: STREAM_KIND,
    id: messageId,
    apply(current, occasion) {
      const { messageSerial, serial, publishedAtMs } = occasion ?? { serial: 0, publishedAtMs: 0 };
      const others = streamsIn(current);
      isNew = messageSerial !== undefined && !others.some((other) => other.messageSerial === messageSerial);
      if (messageSerial === undefined || !isNew) return 'keep';
      if (others.length >= MAX_STREAMS_OF_ID) throw tooManyOpen(MAX_STREAMS_OF_ID);
      const own: OpenStream = { messageSerial, serial, ...(runId !== undefined && { runId }) };
      return contentOf([...others, own], Math.min(current?.dueAtMs ?? Infinity, publishedAtMs + orphanTtlMs));
    },
  };
  const count = counted((now) => {
    if (!isNew) return now;
    if (now.open >= max) throw tooManyOpen(max);
    return { ...now, open: now.open + 1 };
  });
  return [stream, count];
}

/** The message is open no more. */
export function closed(messageId: string, messageSerial: string): readonly RecordChange[] {
  let wasOpen = false;
  const stream: RecordChange = {
    kind: STREAM_KIND,
    id: messageId,
    apply(current) {
      wasOpen = streamsIn(current).some((other) => other.messageSerial === messageSerial);
      return without(current, messageSerial);
    },
  };
  return [stream, counted((now) => (wasOpen ? { ...now, open: Math.max(0, now.open - 1) } : now))];
}

/**
 * The same for a message that is gone, of which no version can be stored: three changes, each for itself and in this order. Should the
 * process end between them, they are made again: the count remembers what it has left out already.
 */
export function closedWithoutStep(messageId: string, messageSerial: string): readonly RecordChange[] {
  return [
    counted((now) => {
      if (now.leaving.includes(messageSerial)) return now;
      const leaving = [...now.leaving, messageSerial].slice(-MAX_LEAVING);
      return { open: Math.max(0, now.open - 1), leaving };
    }),
    { kind: STREAM_KIND, id: messageId, apply: (current) => without(current, messageSerial) },
    counted((now) => ({ ...now, leaving: now.leaving.filter((serial) => serial !== messageSerial) })),
  ];
}

/** The record is due at another time, if it is still there. */
export const putOff = (messageId: string, dueAtMs: number): RecordChange => ({
  kind: STREAM_KIND,
  id: messageId,
  apply: (current) => (current === null ? 'keep' : { value: current.value, state: current.state, dueAtMs }),
});

function without(current: ChannelRecord | null, messageSerial: string): RecordContent | null | 'keep' {
  const streams = streamsIn(current);
  const others = streams.filter((stream) => stream.messageSerial !== messageSerial);
  if (current === null || others.length === streams.length) return 'keep';
  return others.length === 0 ? null : contentOf(others, current.dueAtMs ?? 0);
}

function contentOf(streams: readonly OpenStream[], dueAtMs: number): RecordContent {
  const json: z.output<typeof streamsJson> = streams.map(({ messageSerial, serial, runId }) => ({
    message_serial: messageSerial,
    serial,
    ...(runId !== undefined && { run_id: runId }),
  }));
  return { value: JSON.stringify(json), state: 'open', dueAtMs };
}

function countIn(record: Pick<ChannelRecord, 'value'> | null): Count {
  return record === null ? { open: 0, leaving: [] } : countJson.parse(JSON.parse(record.value));
}

function counted(next: (now: Count) => Count): RecordChange {
  return {
    kind: COUNT_KIND,
    id: COUNT_ID,
    apply(current) {
      const now = countIn(current);
      const count = next(now);
      if (count === now) return 'keep';
      if (count.open === 0 && count.leaving.length === 0) return null;
      return { value: JSON.stringify(count), state: 'count' };
    },
  };
}

const tooManyOpen = (max: number) => overCap(`open streaming message count exceeds ${max}`);
