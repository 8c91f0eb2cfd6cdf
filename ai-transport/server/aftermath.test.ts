import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AiMetrics } from './metrics.ts';
import { StreamWatch } from './streams/stream-watch.ts';
import { type AiRealtime, aiRealtime, CHANNEL, transport } from './testing/ai-realtime.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

let server: AiRealtime;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
  server = aiRealtime();
});

afterEach(async () => {
  await server.close();
  vi.useRealTimers();
});

/** Series that are there, as `name{labels} value`. */
function scrape(): string[] {
  return server.context.stages.metrics.flatMap((metric) => {
    if (metric.kind === 'histogram')
      return [...metric.read()].map(({ histogram }) => `${metric.name} ${histogram.count} ${histogram.sum}`);
    return [...metric.read()].map(([labels, value]) => `${metric.name}${JSON.stringify(labels)} ${value}`);
  });
}

describe('webhooks', () => {
  it('tell of a run, in the words of runs and in those of turns', async () => {
    await server.publish('ai-run-start', { 'run-id': 'r1', 'run-client-id': 'ann' });
    await server.publish('ai-run-end', { 'run-id': 'r1', 'run-reason': 'error', 'error-code': 'overloaded' });
    expect(server.told).toEqual([
      { name: 'ai_run_started', channel: CHANNEL, run_id: 'r1', client_id: 'ann' },
      { name: 'ai_turn_started', channel: CHANNEL, turn_id: 'r1', client_id: 'ann' },
      { name: 'ai_run_ended', channel: CHANNEL, run_id: 'r1', reason: 'error', error_code: 'overloaded' },
      { name: 'ai_turn_ended', channel: CHANNEL, turn_id: 'r1', reason: 'error', error_code: 'overloaded' },
    ]);
  });

  it('read the headers of turns, and take an empty owner for none', async () => {
    await server.publish('ai-turn-start', { 'turn-id': 't1', 'run-client-id': '' });
    await server.publish('ai-turn-end', { 'turn-id': 't1', 'turn-reason': 'suspended' });
    await server.publish('ai-turn-end', { 'turn-id': 't1' });
    expect(server.told.map((event) => JSON.parse(JSON.stringify(event)))).toEqual([
      { name: 'ai_run_started', channel: CHANNEL, run_id: 't1' },
      { name: 'ai_turn_started', channel: CHANNEL, turn_id: 't1' },
      { name: 'ai_run_ended', channel: CHANNEL, run_id: 't1', reason: 'unknown' },
      { name: 'ai_turn_ended', channel: CHANNEL, turn_id: 't1', reason: 'unknown' },
    ]);
  });

  it('tell of a cancel, and of nothing else, and of nothing twice', async () => {
    await server.publish('ai-cancel', { 'run-id': 'r1' }, { message_id: 'm' });
    await server.publish('ai-cancel', { 'run-id': 'r1' }, { message_id: 'm' });
    for (const event of ['ai-input', 'ai-output', 'ai-run-suspend', 'ai-run-resume', 'ai-step-end'])
      await server.publish(event, { 'run-id': 'r2' });
    expect(server.told).toMatchObject([
      { name: 'ai_cancel_requested', channel: CHANNEL, run_id: 'r1', turn_id: 'r1' },
    ]);
  });
});

describe('metrics', () => {
  it('count what was published', async () => {
    await server.publish('ai-run-start', { 'run-id': 'r1' });
    await server.publish('ai-cancel', { 'run-id': 'r1' });
    await server.publish('ai-run-end', { 'run-id': 'r1', 'run-reason': 'cancelled' });
    await expect(server.publish('ai-output', { bogus: 'x' })).rejects.toThrow('bogus');
    const lines = scrape().filter((line) => !line.endsWith(' 0'));
    expect(lines).toEqual([
      'ai_messages_validated_total{"app_id":"app","event":"ai-run-start"} 1',
      'ai_messages_validated_total{"app_id":"app","event":"ai-cancel"} 1',
      'ai_messages_validated_total{"app_id":"app","event":"ai-run-end"} 1',
      'ai_messages_rejected_total{"app_id":"app","code":"104000"} 1',
      'ai_runs_started_total{"app_id":"app"} 1',
      'ai_runs_ended_total{"app_id":"app","reason":"cancelled"} 1',
      'ai_turns_started_total{"app_id":"app"} 1',
      'ai_turns_ended_total{"app_id":"app","reason":"cancelled"} 1',
      'ai_cancel_signals_total{"app_id":"app"} 1',
    ]);
  });

  it('know how many streams are open, how long they took and how much they were', async () => {
    const one = await server.publish('ai-output', { status: 'streaming' }, { data: 'abc' });
    await server.publish('ai-output', { status: 'streaming' }, { data: 'abc' });
    const streams = () => scrape().filter((line) => line.startsWith('ai_stream') || line.includes('active'));
    expect(streams()).toEqual([
      'ai_stream_bytes_total{"app_id":"app"} 10',
      'ai_active_streams{"app_id":"app"} 2',
    ]);
    vi.setSystemTime(START_MS + 2000);
    await server.append(one, { data: 'd', ...transport({ status: 'complete' }) });
    await server.update(one, { data: 'again' });
    expect(streams()).toEqual([
      'ai_stream_bytes_total{"app_id":"app"} 13',
      'ai_active_streams{"app_id":"app"} 1',
      'ai_stream_duration_seconds 1 2',
    ]);
  });

  it('are those that docs/operations.md lists', async () => {
    const text = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const [, table = ''] = text.split('| Metric of AI Transport |');
    const rows = table.split('\n\n')[0]?.matchAll(/`(ai_\w+)`/g) ?? [];
    const documented = [...rows].map(([, name]) => name).filter((name) => name !== 'ai_code');
    const names = server.context.stages.metrics.map(({ name }) => name);
    expect(documented.toSorted()).toEqual(names.toSorted());
  });

  it('forget a stream that another node must have ended', () => {
    const watch = new StreamWatch(new AiMetrics(), 1000);
    const saw = (messageSerial: string, atMs: number) =>
      watch.saw({ app: { id: 'a' }, messageSerial, isOpen: true, atMs, bytes: 1 });
    saw('one', 0);
    saw('two', 0);
    saw('one', 500);
    expect(watch.openByApp(1000).get('a')).toBe(2);
    expect(watch.openByApp(1500).get('a')).toBe(1);
    expect(watch.openByApp(1501).get('a')).toBe(0);
  });
});
