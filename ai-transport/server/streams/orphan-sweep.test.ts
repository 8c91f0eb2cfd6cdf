import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AiRealtime, aiRealtime, CHANNEL, transport } from '../testing/ai-realtime.ts';
import { OrphanSweep } from './orphan-sweep.ts';
import { COUNT_KIND, STREAM_KIND } from './stream-records.ts';

const TTL_MS = 4000;
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const STREAMING = { status: 'streaming', 'run-id': 'r1', 'codec-message-id': 'm1' };
const key = { appId: 'app', channel: CHANNEL };

let server: AiRealtime;
let orphans: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
  server = aiRealtime();
  orphans = [];
});

afterEach(async () => {
  await server.close();
  vi.useRealTimers();
});

function sweepOf({ context }: AiRealtime): OrphanSweep {
  return new OrphanSweep(context, {
    orphanTtlMs: TTL_MS,
    onOrphan: (_app, channel, serial) => void orphans.push(`${channel} ${serial}`),
  });
}

const at = (ms: number) => vi.setSystemTime(START_MS + ms);
const short = () => aiRealtime({ ai: { rollup: { orphan_ttl_ms: TTL_MS } } });

const records = async () => {
  const found = [STREAM_KIND, COUNT_KIND].map((kind) => server.log.search({ kind, limit: 10 }));
  return (await Promise.all(found)).flat();
};

describe('the sweep', () => {
  beforeEach(async () => {
    await server.close();
    server = short();
  });

  it('ends a message that nothing was added to for the time', async () => {
    const watcher = server.client({ protocol: 2 });
    await watcher.subscribe(CHANNEL);
    const serial = await server.publish('ai-output', STREAMING, {
      data: 'Monday',
      extras: { ai: { transport: STREAMING, codec: { type: 'text-delta' } }, headers: { locale: 'en' } },
    });
    await watcher.answers();
    const sweep = sweepOf(server);
    at(TTL_MS - 1);
    await sweep.sweep();
    expect(orphans).toEqual([]);
    at(TTL_MS);
    await sweep.sweep();
    expect(orphans).toEqual([`${CHANNEL} ${serial}`]);
    const [frame] = await watcher.answers();
    expect(frame).toMatchObject({
      event: 'sockudo:message.update',
      name: 'ai-output',
      data: 'Monday',
      extras: {
        ai: {
          transport: {
            ...STREAMING,
            status: 'cancelled',
            'error-code': 'orphan_timeout',
            'error-message': 'stream cancelled after orphan timeout',
          },
          codec: { type: 'text-delta' },
        },
        headers: { locale: 'en', sockudo_action: 'message.update' },
      },
    });
    expect(frame).not.toHaveProperty('user_id');
    const state = await server.log.message(key, serial);
    expect(state).toMatchObject({ description: 'stream cancelled after orphan timeout' });
    expect(JSON.parse(state?.metadata ?? '')).toEqual({
      system: 'ai_transport_orphan_janitor',
      reason: 'orphan_timeout',
    });
    expect(await records()).toEqual([]);
  });

  it('waits from the last append on, which itself changes no record', async () => {
    const serial = await server.publish('ai-output', STREAMING);
    const before = await records();
    at(TTL_MS - 1);
    await server.append(serial, { data: '.' });
    expect(await records()).toEqual(before);
    const sweep = sweepOf(server);
    at(2 * TTL_MS - 2);
    await sweep.sweep();
    expect(orphans).toEqual([]);
    at(2 * TTL_MS - 1);
    await sweep.sweep();
    expect(orphans).toHaveLength(1);
  });

  it('is done once, however many nodes do it', async () => {
    const other = aiRealtime({ log: server.log, ai: { rollup: { orphan_ttl_ms: TTL_MS } } });
    const serial = await server.publish('ai-output', STREAMING);
    at(TTL_MS);
    await Promise.all([sweepOf(server), sweepOf(other)].map((sweep) => sweep.sweep()));
    expect(orphans).toEqual([`${CHANNEL} ${serial}`]);
    expect((await server.log.head(key)).serial).toBe(2);
    expect(server.errors).toEqual([]);
    expect(other.errors).toEqual([]);
  });

  it('lets an append win that comes between the look and the update', async () => {
    const serial = await server.publish('ai-output', STREAMING);
    at(TTL_MS);
    const read = server.log.message.bind(server.log);
    vi.spyOn(server.log, 'message').mockImplementationOnce(async (...args) => {
      const state = await read(...args);
      await server.append(serial, { data: '.' });
      return state;
    });
    await sweepOf(server).sweep();
    expect(orphans).toEqual([]);
    await server.append(serial, { data: '.' });
  });

  it('forgets messages that are gone, and counts them no more', async () => {
    await server.publish('ai-output', STREAMING);
    await server.publish('ai-output', STREAMING);
    await server.log.purge(key, { serial: 2 });
    at(TTL_MS - 1);
    await server.publish('ai-output', STREAMING);
    at(TTL_MS);
    expect(await server.facts()).toMatchObject({ ai: { active_streams: 3 } });
    await sweepOf(server).sweep();
    expect(orphans).toHaveLength(1);
    expect(await server.facts()).toMatchObject({ ai: { active_streams: 1 } });
  });

  it('counts a message that is gone only once where it was interrupted', async () => {
    await server.publish('ai-output', STREAMING);
    await server.publish('ai-output', STREAMING);
    await server.log.purge(key, { serial: 2 });
    at(TTL_MS);
    const change = server.log.change.bind(server.log);
    const failing = vi.spyOn(server.log, 'change');
    failing.mockImplementationOnce(change).mockRejectedValueOnce(new Error('killed'));
    await expect(sweepOf(server).sweep()).rejects.toThrow('killed');
    failing.mockRestore();
    at(TTL_MS + 1);
    const [, state] = [await sweepOf(server).sweep(), await server.facts()];
    expect(state).toMatchObject({ ai: { active_streams: 0 } });
    expect(await records()).toEqual([]);
  });

  it('has room for no reason where a message has all the headers there may be', async () => {
    const keys = [
      'run-id',
      'invocation-id',
      'event-id',
      'parent',
      'fork-of',
      'model',
      'stream-id',
      'step-id',
    ];
    const more = [
      'input-client-id',
      'codec-message-id',
      'msg-regenerate',
      'supersedes',
      'turn-id',
      'turn-client-id',
    ];
    const most = ['run-client-id', 'step-client-id', 'step-start-serial', 'steer-codec-message-ids'];
    const last = ['input-codec-message-id'];
    const filled = Object.fromEntries([...keys, ...more, ...most, ...last].map((name) => [name, 'v']));
    const fixed = { stream: 'true', discrete: 'false', role: 'assistant', 'run-reason': 'error' };
    const rest = {
      'run-continue': 'true',
      'turn-continue': 'true',
      'turn-reason': 'error',
      'step-reason': 'failed',
    };
    await server.publish('ai-output', { ...filled, ...fixed, ...rest, status: 'streaming' });
    at(TTL_MS);
    await sweepOf(server).sweep();
    expect(orphans).toHaveLength(1);
  });

  it('does not come back at once to what it cannot end', async () => {
    await server.publish('ai-output', STREAMING);
    at(TTL_MS);
    const refuse = vi.spyOn(server.context.mutations, 'changeVersion');
    refuse.mockRejectedValue(new Error('broken'));
    await sweepOf(server).sweep();
    await sweepOf(server).sweep();
    expect(refuse).toHaveBeenCalledTimes(1);
    expect(server.errors).toHaveLength(1);
    refuse.mockRestore();
    at(TTL_MS + 3_600_000);
    await sweepOf(server).sweep();
    expect(orphans).toHaveLength(1);
  });
});

describe('the plug-in', () => {
  it('sweeps every second and tells webhooks', async () => {
    const serial = await server.publish('ai-output', STREAMING);
    at(60_000);
    const { promise, resolve } = Promise.withResolvers<void>();
    const emit = vi.mocked(server.context.webhooks.emit);
    const remember = emit.getMockImplementation();
    emit.mockImplementation((app, event) => {
      remember?.(app, event);
      if (event.name === 'ai_stream_orphaned') resolve();
    });
    server.advance(1000);
    await promise;
    expect(server.told).toEqual([
      { name: 'ai_stream_orphaned', channel: CHANNEL, message_serial: serial, reason: 'orphan_timeout' },
    ]);
    await expect(server.append(serial, { data: '.', ...transport({ status: 'streaming' }) })).rejects.toThrow(
      'cannot append to a terminal message',
    );
  });
});
