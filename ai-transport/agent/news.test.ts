import type { Sockudo } from 'sockudo';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../wire/index.ts';
import { catchUp, tell } from './news.ts';
import { Run } from './run.ts';

let run: Run;
beforeEach(() => {
  run = new Run({
    // CAST: nothing is published here.
    sockudo: {} as Sockudo,
    channel: 'c',
    options: { runId: 'r', inputCodecMessageId: 'u1' },
    scope: '',
    coversAll: false,
    describe: () => ({ code: 'x' }),
    onOver() {},
  });
});

const frame = (event: string, transport: Record<string, string>, data: unknown = '', serial = 5): string =>
  JSON.stringify({ event, data, serial, extras: { ai: { transport } } });

describe('an event', () => {
  it('cancels the run that it names, also in its data only', () => {
    tell(frame('ai-cancel', { 'run-id': 'other' }, { runId: 'r' }), [run]);
    tell(frame('ai-cancel', {}, { all: true, clientId: 'ann' }), [run]);
    expect(run.isCancelled).toBe(false);
    tell(frame('ai-cancel', {}, JSON.stringify({ runId: 'r' })), [run]);
    expect(run.isCancelled).toBe(true);
  });

  it('is a steer where it is a further input of the run', () => {
    const named = { 'run-id': 'r', 'input-client-id': 'ann' };
    tell(frame('ai-input', { ...named, 'codec-message-id': 'u1' }), [run]);
    tell(frame('ai-input', { ...named, 'codec-message-id': 'u2' }, { text: 'hi' }), [run]);
    tell(frame('ai-input', { ...named, 'codec-message-id': 'u3', 'run-id': 'other' }), [run]);
    tell(frame('ai-input', named), [run]);
    expect(run.steers()).toEqual([
      { codecMessageId: 'u2', data: { text: 'hi' }, clientId: 'ann', serial: 5 },
    ]);
  });

  it.each(['', 'x', '[]', 'null', '{"event":"ai-cancel"}', '{"event":5,"extras":7}'])(
    'that cannot be read concerns nobody: %s',
    (text) => {
      tell(text, [run]);
      expect(run.signal.aborted).toBe(false);
    },
  );
});

describe('catching up', () => {
  const record = (more: Partial<RunRecord>): RunRecord => ({
    runId: 'r',
    status: 'running',
    generation: 1,
    attempt: 1,
    followUps: [],
    cancelRequested: false,
    createdAtMs: 1,
    updatedAtMs: 1,
    serial: 1,
    ...more,
  });
  const asked: string[] = [];
  const sockudo: Pick<Sockudo, 'get'> = {
    async get({ path }) {
      asked.push(path);
      return Response.json({ item: { data: { text: 'more' } } });
    },
  };

  it('reads each steer once, objects too', async () => {
    const followUps = [{ serial: 7, messageSerial: 'm:7', codecMessageId: 'u2', clientId: 'ann' }];
    await catchUp(run, record({ followUps }), sockudo);
    await catchUp(run, record({ followUps }), sockudo);
    expect(run.steers()).toEqual([
      { codecMessageId: 'u2', data: { text: 'more' }, clientId: 'ann', serial: 7 },
    ]);
    expect(asked).toEqual(['/channels/c/messages/m%3A7']);
  });

  it('cancels, and gives up what has ended', async () => {
    await catchUp(run, record({ cancelRequested: true }), sockudo);
    expect(run.isCancelled).toBe(true);
    await catchUp(run, record({ status: 'lost' }), sockudo);
    expect(run.state).toBe('lost');
  });
});
