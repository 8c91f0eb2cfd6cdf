import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AiRealtime,
  type AiRealtimeOptions,
  aiRealtime,
  CHANNEL,
  transport,
} from '../testing/ai-realtime.ts';
import { COUNT_KIND, STREAM_KIND, streamsIn } from './stream-records.ts';

const STREAMING = { status: 'streaming', 'run-id': 'r1' };
const COMPLETE = transport({ status: 'complete' });

let server: AiRealtime;

const start = (ai: NonNullable<AiRealtimeOptions['ai']>) => {
  server = aiRealtime({ ai });
};

const openStreams = async () => {
  const key = { appId: 'app', channel: CHANNEL };
  const { records } = await server.log.records(key, STREAM_KIND, { limit: 100 });
  return records.flatMap((record) => streamsIn(record)).map(({ messageSerial }) => messageSerial);
};

const activeStreams = async () => (await server.facts()) as { ai: { active_streams: number } };

afterEach(() => server.close());

describe('open messages', () => {
  beforeEach(() => start({ max_open_streaming_messages_per_channel: 2 }));

  it('are those whose latest version says that more is to come', async () => {
    const one = await server.publish('ai-output', STREAMING);
    await server.publish('ai-output', { status: 'complete' });
    await server.publish('ai-run-start', { 'run-id': 'r1' });
    expect(await openStreams()).toEqual([one]);
    await server.append(one, { data: '.' });
    await server.append(one, { data: '.', ...transport(STREAMING) });
    expect(await openStreams()).toEqual([one]);
    await server.append(one, { data: '', ...COMPLETE });
    expect(await openStreams()).toEqual([]);
    await server.update(one, transport(STREAMING));
    expect(await openStreams()).toEqual([one]);
    await server.remove(one);
    expect(await openStreams()).toEqual([]);
    await server.update(one, { data: 'again' });
    expect(await openStreams()).toEqual([one]);
  });

  it('are counted, and a channel has no more of them than it may', async () => {
    const one = await server.publish('ai-output', STREAMING);
    const two = await server.publish('ai-output', STREAMING);
    const full = { detail: 'open streaming message count exceeds 2', httpStatus: 413, aiCode: 40009 };
    await expect(server.publish('ai-output', STREAMING)).rejects.toMatchObject(full);
    expect(await activeStreams()).toEqual({
      ai: { active_streams: 2, last_history_serial: 2, message_count: 2 },
    });
    await server.append(one, { data: '.', ...COMPLETE });
    const three = await server.publish('ai-output', STREAMING);
    await expect(server.update(one, transport(STREAMING))).rejects.toMatchObject(full);
    for (const serial of [two, three]) await server.update(serial, COMPLETE);
    expect(await activeStreams()).toMatchObject({ ai: { active_streams: 0 } });
  });

  it('leave no record behind', async () => {
    const one = await server.publish('ai-output', STREAMING);
    await server.update(one, COMPLETE);
    const found = [STREAM_KIND, COUNT_KIND].map((kind) => server.log.search({ kind, limit: 10 }));
    expect(await Promise.all(found)).toEqual([[], []]);
  });

  it('are told apart where a message_id was used again', async () => {
    const publish = () =>
      server.publish('ai-output', STREAMING, { message_id: 'm', data: `${Math.random()}` });
    await publish();
    await expect(publish()).rejects.toMatchObject({ code: 'invalid_input', aiCode: 104006 });
    await server.close();
    server = aiRealtime({ app: { idempotency: { enabled: false } } });
    const serials = [await publish(), await publish()];
    expect(await openStreams()).toEqual(serials);
    await server.update(serials[0] ?? '', COMPLETE);
    expect(await openStreams()).toEqual([serials[1]]);
    expect(await activeStreams()).toMatchObject({ ai: { active_streams: 1 } });
  });
});

describe('the size of a message', () => {
  beforeEach(() => start({ max_accumulated_message_bytes: 10 }));

  const tooLarge = {
    code: 'payload_too_large',
    detail: 'accumulated message content exceeds 10 bytes',
    aiCode: 40009,
    wsCode: 4000,
  };

  it('is what readers get of it, however it is written as JSON', async () => {
    const one = await server.publish('ai-output', STREAMING, { data: '"\n"\n"\n"' });
    await server.append(one, { data: '\n\n\n' });
    await expect(server.append(one, { data: '€' })).rejects.toMatchObject(tooLarge);
    await server.update(one, { data: '€€€' });
    await expect(server.append(one, { data: '€' })).rejects.toMatchObject(tooLarge);
    await server.append(one, { data: '\n' });
    await expect(server.publish('ai-output', STREAMING, { data: 'x'.repeat(11) })).rejects.toMatchObject(
      tooLarge,
    );
    await expect(server.update(one, { data: 'x'.repeat(11) })).rejects.toMatchObject(tooLarge);
    expect(await openStreams()).toEqual([one]);
  });

  it('may stay beyond a cap that was lowered, and not grow', async () => {
    const { log } = server;
    const before = aiRealtime({ log });
    const one = await before.publish('ai-output', STREAMING, { data: 'x'.repeat(20) });
    await before.context.webhooks.close();
    const after = aiRealtime({ log, ai: { max_accumulated_message_bytes: 10 } });
    await expect(after.append(one, { data: 'x' })).rejects.toMatchObject(tooLarge);
    await after.update(one, COMPLETE);
    await after.update(one, { data: 'x'.repeat(19) });
  });
});

describe('appends', () => {
  it('are so many for each message', async () => {
    start({ max_appends_per_message: 2 });
    const one = await server.publish('ai-output', STREAMING);
    await server.append(one, { data: '.' });
    await server.update(one, { data: 'x' });
    await server.append(one, { data: '.' });
    await expect(server.append(one, { data: '.' })).rejects.toMatchObject({
      detail: 'message append count exceeds 2',
      httpStatus: 413,
      aiCode: 40009,
    });
  });

  it('end with the message, and an update opens it again', async () => {
    start({});
    const one = await server.publish('ai-output', STREAMING);
    await server.append(one, { data: '.', extras: { ai: { codec: { status: 'cancelled' } } } });
    const refused = { detail: 'cannot append to a terminal message', code: 'invalid_input', httpStatus: 400 };
    await expect(server.append(one, { data: '.' })).rejects.toMatchObject(refused);
    await server.update(one, transport(STREAMING));
    await server.append(one, { data: '.' });
  });
});
