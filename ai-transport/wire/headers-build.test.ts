// Builders against the canonical sequences, against the validation, and read back by lifecycleOf.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AiMessage,
  cancel,
  edit,
  input,
  outputCreate,
  outputDiscrete,
  outputTerminal,
  regenerate,
  runEnd,
  runResume,
  runStart,
  runSuspend,
  steer,
  stepEnd,
  stepStart,
  supersede,
} from './headers-build.ts';
import { lifecycleOf, steerIdsOf } from './lifecycle.ts';
import { utf8Length } from './text.ts';
import { aiExtrasError } from './validate.ts';

const run = {
  runId: 'run_7',
  invocationId: 'inv_1',
  clientId: 'alice',
  inputClientId: 'alice',
  inputCodecMessageId: 'msg_u1',
  parent: 'msg_a0',
};
const output = { codecMessageId: 'msg_a1' };
const given = {
  runId: 'run_7',
  codecMessageId: 'msg_u1',
  invocationId: 'inv_1',
  eventId: 'evt_1',
  parent: 'msg_a0',
};
const step = { stepId: 'step_a', stepClientId: 'worker-2' };
const T = ({ extras }: AiMessage) => extras.ai.transport;

describe('what an agent writes', () => {
  it('start, with the owner, the place and the model', () => {
    expect(runStart({ ...run, model: 'acme-large' })).toEqual({
      name: 'ai-run-start',
      extras: {
        ai: {
          transport: {
            'run-id': 'run_7',
            'invocation-id': 'inv_1',
            'run-client-id': 'alice',
            'input-client-id': 'alice',
            'input-codec-message-id': 'msg_u1',
            parent: 'msg_a0',
            role: 'assistant',
            model: 'acme-large',
          },
        },
      },
    });
    expect(T(runStart(run, true))).toHaveProperty('run-continue', 'true');
  });

  it('a stream, whose last append repeats every header of the first', () => {
    const codec = { type: 'text-start', id: 't1' };
    const first = outputCreate(run, { ...output, codec }, 'text:t1');
    expect(first.extras.ai).toEqual({
      transport: {
        'run-id': 'run_7',
        'invocation-id': 'inv_1',
        'codec-message-id': 'msg_a1',
        parent: 'msg_a0',
        role: 'assistant',
        stream: 'true',
        'stream-id': 'text:t1',
        status: 'streaming',
      },
      codec,
    });
    const error = { code: 'stopped', message: 'é'.repeat(200) };
    const last = T(outputTerminal(run, output, 'text:t1', 'cancelled', error));
    expect(last).toMatchObject({ ...T(first), status: 'cancelled', 'error-code': 'stopped' });
    expect(last['error-message']).toBe('é'.repeat(128));
  });

  it('a piece that is complete at once, in a step, of a regenerating run', () => {
    const stamped = { ...output, role: 'tool', step: { ...step, stepStartSerial: '31' } } as const;
    expect(T(outputDiscrete({ runId: 'r', regenerates: 'msg_a1' }, stamped))).toEqual({
      'run-id': 'r',
      'codec-message-id': 'msg_a1',
      'msg-regenerate': 'msg_a1',
      'step-id': 'step_a',
      'step-client-id': 'worker-2',
      'step-start-serial': '31',
      role: 'tool',
      stream: 'false',
      discrete: 'true',
    });
  });

  it('suspension, resumption, end', () => {
    const owned = {
      'run-id': 'run_7',
      'invocation-id': 'inv_1',
      'run-client-id': 'alice',
      'input-client-id': 'alice',
      role: 'assistant',
    };
    expect(runSuspend(run)).toEqual({ name: 'ai-run-suspend', extras: { ai: { transport: owned } } });
    expect(runResume(run)).toEqual({ name: 'ai-run-resume', extras: { ai: { transport: owned } } });
    expect(T(runEnd(run, 'complete'))).toEqual({ ...owned, 'run-reason': 'complete' });
    expect(T(runEnd(run, 'error', { code: 'overloaded' }))).toEqual({
      ...owned,
      'run-reason': 'error',
      'error-code': 'overloaded',
    });
  });

  it('steps: the start’s serial stands on the end, never on the start', () => {
    const stamped = { ...step, stepStartSerial: '31' };
    expect(stepStart(run, stamped).name).toBe('ai-step-start');
    expect(T(stepStart(run, stamped))).not.toHaveProperty('step-start-serial');
    expect(T(stepEnd(run, stamped, 'failed'))).toMatchObject({
      'step-id': 'step_a',
      'step-start-serial': '31',
      'step-reason': 'failed',
    });
  });

  it('steers: the newest 32, as many as fit', () => {
    const ids = Array.from({ length: 50 }, (_, i) => `m${i}`);
    const named = steerIdsOf(T(outputDiscrete(run, { ...output, steerIds: ids })));
    expect(named).toEqual(ids.slice(-32));
    const long = ids.map((id) => id.padEnd(100, 'x'));
    const headers = T(outputDiscrete(run, { ...output, steerIds: long }));
    expect(steerIdsOf(headers)).toEqual(long.slice(-19));
    expect(utf8Length(headers['steer-codec-message-ids'] ?? '')).toBeLessThanOrEqual(2048);
    expect(T(outputDiscrete(run, { ...output, steerIds: [] }))).not.toHaveProperty('steer-codec-message-ids');
  });
});

describe('what a user’s side writes', () => {
  const common = {
    role: 'user',
    'run-id': 'run_7',
    'invocation-id': 'inv_1',
    'event-id': 'evt_1',
    'codec-message-id': 'msg_u1',
    parent: 'msg_a0',
    'run-continue': 'false',
  };

  it('input, continuation, steer', () => {
    expect(input(given)).toEqual({ name: 'ai-input', extras: { ai: { transport: common } } });
    expect(T(input(given, { continues: true }))).toEqual({ ...common, 'run-continue': 'true' });
    expect(T(steer(given))).toEqual({ ...common, 'run-continue': 'true' });
    expect(T(input({ ...given, role: 'system', clientId: 'ann' }))).toMatchObject({
      role: 'system',
      'input-client-id': 'ann',
    });
  });

  it('edit, regenerate, supersede, cancel', () => {
    expect(T(edit(given, 'msg_u0'))).toEqual({ ...common, 'fork-of': 'msg_u0' });
    expect(T(regenerate(given, 'msg_a1'))).toEqual({ ...common, 'msg-regenerate': 'msg_a1' });
    expect(T(supersede(given, 'msg_a1', 'run_6'))).toEqual({
      ...common,
      'fork-of': 'msg_a1',
      supersedes: 'run_6',
    });
    expect(cancel('run_7')).toEqual({
      name: 'ai-cancel',
      extras: { ai: { transport: { 'run-id': 'run_7' } } },
    });
  });
});

it('whatever ids and texts are given: it is valid, and is read as it was written', () => {
  const text = fc.string({ minLength: 1, maxLength: 80, unit: 'binary' });
  fc.assert(
    fc.property(text, text, fc.string({ maxLength: 2000, unit: 'binary' }), (runId, other, message) => {
      const any = { ...run, runId, parent: other };
      const error = { code: other, message };
      const all = [
        runStart(any, true),
        runSuspend(any),
        runResume(any),
        runEnd(any, 'error', error),
        stepStart(any, step),
        stepEnd(any, { ...step, stepStartSerial: '1' }, 'complete'),
        outputCreate(any, { codecMessageId: other, steerIds: [message, other] }, other),
        outputTerminal(any, output, other, 'cancelled', error),
        outputDiscrete(any, output),
        input({ ...given, runId }),
        edit({ ...given, runId }, other),
        regenerate({ ...given, runId }, other),
        supersede({ ...given, runId }, other, other),
        cancel(runId),
      ];
      for (const { name, extras } of all) {
        expect(aiExtrasError(extras.ai)).toBeNull();
        expect(lifecycleOf(name, extras.ai.transport)?.runId).toBe(runId);
      }
    }),
  );
});
