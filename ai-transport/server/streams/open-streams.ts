// The open messages of a channel, for those who have to end them.
import type { ChannelKey, ChannelRecords } from '@sockudo/server/ports';
import {
  COUNT_ID,
  COUNT_KIND,
  type OpenStream,
  openCountIn,
  STREAM_KIND,
  streamsIn,
} from './stream-records.ts';

/** Those of one run, newest first; `limit` records are looked through at most. */
export async function openStreamsOf(
  log: ChannelRecords,
  key: ChannelKey,
  runId: string,
  limit: number,
): Promise<readonly OpenStream[]> {
  const { records } = await log.records(key, STREAM_KIND, { limit });
  return records.flatMap((record) => streamsIn(record)).filter((stream) => stream.runId === runId);
}

export async function openStreamCount(log: ChannelRecords, key: ChannelKey): Promise<number> {
  return openCountIn(await log.record(key, COUNT_KIND, COUNT_ID));
}
