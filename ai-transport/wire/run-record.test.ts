import { describe, expect, it } from 'vitest';
import { decodeRun, encodeRun, isTerminal, RUN_STATUSES, type RunRecord, runFromJson } from './run-record.ts';

const FULL: RunRecord = {
  runId: 'r',
  status: 'running',
  clientId: 'ann',
  invocationId: 'i1',
  generation: 2,
  attempt: 1,
  lease: { workerId: 'w', expiresAtMs: 100 },
  input: { serial: 1, messageSerial: '1:n:1', eventId: 'e', codecMessageId: 'm', clientId: 'ann' },
  followUps: [{ serial: 2, invocationId: 'i2' }],
  parent: 'p',
  forkOf: 'f',
  regenerates: 'g',
  cancelRequested: true,
  error: { code: 'c', message: '' },
  createdAtMs: 1,
  updatedAtMs: 2,
  startedSerial: 2,
  endedSerial: 4,
  serial: 4,
  step: 's',
};

describe('JSON of a run', () => {
  it('is in snake_case and reads back as it was', () => {
    const text = encodeRun(FULL);
    expect(JSON.parse(text)).toMatchObject({
      run_id: 'r',
      lease: { worker_id: 'w', expires_at_ms: 100 },
      input: { message_serial: '1:n:1', codec_message_id: 'm' },
      follow_ups: [{ serial: 2, invocation_id: 'i2' }],
      cancel_requested: true,
      fork_of: 'f',
    });
    expect(text).not.toMatch(/"[a-z_]*[A-Z][A-Za-z]*":/);
    expect(decodeRun(text)).toEqual(FULL);
  });

  it('drops members it does not know, at every depth', () => {
    const json = JSON.parse(encodeRun(FULL));
    const more = { ...json, new_member: 1, lease: { ...json.lease, extra: true } };
    expect(runFromJson(more)).toEqual(FULL);
  });

  it.each(['', '[]', 'null', '{}', '{"run_id":"r"}', '"r"', `${' '.repeat(8193)}{}`])(
    '%j is none',
    (text) => {
      expect(decodeRun(text)).toBeNull();
    },
  );

  it.each([
    ['status', 'paused'],
    ['generation', -1],
    ['generation', 1.5],
    ['run_id', ''],
    ['follow_ups', [{}]],
    ['lease', { worker_id: 'w' }],
    ['serial', '4'],
  ])('wants a proper %s, not %j', (key, value) => {
    expect(runFromJson({ ...JSON.parse(encodeRun(FULL)), [key]: value })).toBeNull();
  });

  it('has at most 8192 bytes', () => {
    expect(() => encodeRun({ ...FULL, parent: 'x'.repeat(8192) })).toThrow(RangeError);
  });
});

it('four of the states are final', () => {
  expect(RUN_STATUSES.filter(isTerminal)).toEqual(['complete', 'cancelled', 'error', 'lost']);
});
