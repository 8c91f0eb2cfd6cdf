import { expect, it } from 'vitest';
import {
  cancel,
  input,
  outputCreate,
  runEnd,
  runResume,
  runStart,
  runSuspend,
  stepEnd,
  stepStart,
} from './headers-build.ts';
import { lifecycleOf } from './lifecycle.ts';
import { runEventOf } from './run-events.ts';
import type { WireHeaders } from './transport-headers.ts';

const committed = { serial: 5, messageSerial: '5:n:1', nowMs: 99 };
const base = { runId: 'r', serial: 5, nowMs: 99 };
const run = { runId: 'r', invocationId: 'i', clientId: 'ann', parent: 'p' };
const step = { stepId: 's' };

function read(name: string, transport: WireHeaders, generation?: number) {
  const lifecycle = lifecycleOf(name, transport);
  if (lifecycle === null) throw new Error(`${name} is no AI event`);
  return runEventOf(lifecycle, generation === undefined ? committed : { ...committed, generation });
}

it.each([
  [
    input({ runId: 'r', codecMessageId: 'm', eventId: 'e', clientId: 'ann', invocationId: 'i' }),
    {
      kind: 'input',
      ...base,
      invocationId: 'i',
      input: {
        serial: 5,
        messageSerial: '5:n:1',
        eventId: 'e',
        codecMessageId: 'm',
        clientId: 'ann',
        invocationId: 'i',
      },
    },
  ],
  [runStart(run), { kind: 'start', ...base, clientId: 'ann', invocationId: 'i', parent: 'p' }],
  [runResume(run), { kind: 'resume', ...base, clientId: 'ann', invocationId: 'i' }],
  [runSuspend(run), { kind: 'suspend', ...base }],
  [runEnd(run, 'complete'), { kind: 'end', ...base, reason: 'complete' }],
  [runEnd(run, 'cancelled'), { kind: 'end', ...base, reason: 'cancelled' }],
  [
    runEnd(run, 'error', { code: 'c', message: 'why' }),
    { kind: 'end', ...base, reason: 'error', error: { code: 'c', message: 'why' } },
  ],
  [runEnd(run, 'error'), { kind: 'end', ...base, reason: 'error', error: { code: 'unknown' } }],
  [cancel('r'), { kind: 'cancel', ...base }],
  [stepStart(run, step), { kind: 'step-start', ...base, stepId: 's' }],
  [stepEnd(run, step, 'complete'), { kind: 'step-end', ...base, stepId: 's' }],
  [
    outputCreate(run, { codecMessageId: 'm', steerIds: ['a'] }, 't'),
    { kind: 'absorb', ...base, codecMessageIds: ['a'] },
  ],
  [outputCreate(run, { codecMessageId: 'm' }, 't'), null],
])('%o is a run event', ({ name, extras }, event) => {
  expect(read(name, extras.ai.transport)).toEqual(event);
});

it('passes on the claim of an agent, and none of a user', () => {
  expect(read('ai-run-end', { 'run-id': 'r' }, 3)).toMatchObject({ kind: 'end', generation: 3 });
  expect(read('ai-cancel', { 'run-id': 'r' }, 3)).not.toHaveProperty('generation');
  expect(read('ai-input', { 'run-id': 'r' }, 3)).not.toHaveProperty('generation');
});

it('takes an end without a known reason for complete, unless it names an error', () => {
  expect(read('ai-run-end', { 'run-id': 'r' })).toMatchObject({ reason: 'complete' });
  expect(read('ai-run-end', { 'run-id': 'r', 'error-code': 'c' })).toMatchObject({ reason: 'error' });
});

it('is none without a run, or a step without an id', () => {
  expect(read('ai-run-start', {})).toBeNull();
  expect(read('ai-step-start', { 'run-id': 'r' })).toBeNull();
});
