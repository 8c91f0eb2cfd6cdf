// Order under failure, with a log that fails where the test says.
import { describe, expect, it } from 'vitest';
import type { MutationStep } from '../messages/mutations.ts';
import type { MessageState, MutationResult } from '../ports/message-log.ts';
import type { StreamedAppend } from './append-line.ts';
import { appendInOrder } from './append-sequence.ts';

const request = (opId: string): StreamedAppend => ({ kind: 'append', data: `"${opId}"`, opId });

/** Applies the appends of a turn as one group would. `fate`: what happens to one instead of being stored. */
function fakeLog(fate: Readonly<Record<string, 'duplicate' | 'conflict' | 'rolled-back'>> = {}) {
  let versions = 0;
  let shown = 'v000';
  const stored: string[] = [];
  const attempt = async ({ opId }: StreamedAppend, step: MutationStep): Promise<MutationResult> => {
    const receipt = { scope: 's', key: opId, fingerprint: 'f', answer: '{}', expiresAtMs: 1 };
    const how = fate[opId];
    if (how === 'duplicate' || how === 'conflict') return { kind: how, receipt };
    try {
      // CAST: the sequence reads nothing else of the state.
      step.entered({ versionSerial: shown } as MessageState);
    } catch (error) {
      return { kind: 'refused', error };
    }
    versions += 1;
    const serial = `v${String(versions).padStart(3, '0')}`;
    step.drew(serial);
    if (how === 'rolled-back') throw new Error('disk full');
    shown = serial;
    stored.push(opId);
    // CAST: the sequence passes the entry on unread.
    return { kind: 'committed', entry: { versionSerial: serial } } as MutationResult;
  };
  return { attempt, stored };
}

const run = async (log: ReturnType<typeof fakeLog>, opIds: string) =>
  (await appendInOrder([...opIds].map(request), log.attempt)).map((outcome) =>
    outcome.kind === 'failed' ? 'failed' : outcome.result.kind,
  );

describe('appendInOrder', () => {
  it('stores all in order', async () => {
    const log = fakeLog();
    expect(await run(log, 'abc')).toEqual(['committed', 'committed', 'committed']);
    expect(log.stored).toEqual(['a', 'b', 'c']);
  });

  it('goes on after duplicates', async () => {
    const log = fakeLog({ a: 'duplicate', b: 'duplicate', d: 'duplicate' });
    expect(await run(log, 'abcde')).toEqual([
      'duplicate',
      'duplicate',
      'committed',
      'duplicate',
      'committed',
    ]);
    expect(log.stored).toEqual(['c', 'e']);
  });

  it('stores nothing after a conflict', async () => {
    const log = fakeLog({ b: 'conflict' });
    expect(await run(log, 'abcd')).toEqual(['committed', 'conflict']);
    expect(log.stored).toEqual(['a']);
  });

  it('stores nothing after an append that was rolled back, though the store goes on', async () => {
    const log = fakeLog({ b: 'rolled-back' });
    expect(await run(log, 'abcd')).toEqual(['committed', 'failed']);
    expect(log.stored).toEqual(['a']);
  });
});
