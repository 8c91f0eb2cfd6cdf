import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AI_EVENTS, isAiEvent, isClientAiEvent } from './events.ts';
import { lifecycleOf } from './lifecycle.ts';

describe('events', () => {
  it('are eleven, two of which clients may publish', () => {
    expect(AI_EVENTS).toHaveLength(11);
    expect(AI_EVENTS.every(isAiEvent)).toBe(true);
    expect(AI_EVENTS.filter(isClientAiEvent)).toEqual(['ai-input', 'ai-cancel']);
    for (const name of ['AI-INPUT', 'ai-input ', 'ai-', 'ai-unheard-of', 'client-ai-input', 'toString'])
      expect([isAiEvent(name), isClientAiEvent(name)]).toEqual([false, false]);
  });
});

describe('lifecycleOf', () => {
  it('names every event’s meaning', () => {
    expect(AI_EVENTS.map((event) => lifecycleOf(event, undefined)?.kind)).toEqual([
      'input',
      'cancel',
      'output',
      'run-start',
      'run-suspend',
      'run-resume',
      'run-end',
      'step-start',
      'step-end',
      'run-start',
      'run-end',
    ]);
    expect(lifecycleOf('ai-unheard-of', {})).toBeNull();
  });

  it('reads turn headers where run headers are missing', () => {
    const turn = { 'turn-id': 't', 'turn-client-id': 'ann', 'turn-reason': 'error', 'turn-continue': 'true' };
    expect(lifecycleOf('ai-turn-end', turn)).toEqual({
      kind: 'run-end',
      runId: 't',
      clientId: 'ann',
      reason: 'error',
      continues: true,
      steerIds: [],
    });
    const both = { ...turn, 'run-id': 'r', 'run-client-id': 'bob', 'run-reason': 'cancelled' };
    expect(lifecycleOf('ai-run-end', both)).toMatchObject({
      runId: 'r',
      clientId: 'bob',
      reason: 'cancelled',
    });
  });

  it('reads an end with the reason suspended as a suspension', () => {
    const suspended = lifecycleOf('ai-turn-end', { 'turn-id': 't', 'turn-reason': 'suspended' });
    expect(suspended).toEqual({ kind: 'run-suspend', runId: 't', continues: false, steerIds: [] });
    expect(lifecycleOf('ai-run-start', { 'turn-reason': 'suspended' })?.kind).toBe('run-start');
  });

  it('treats empty headers of trusted publishers as absent', () => {
    const empty = { 'run-id': 'r', 'run-client-id': '', 'turn-client-id': 'ann', 'step-client-id': '' };
    expect(lifecycleOf('ai-run-start', empty)).toMatchObject({ clientId: 'ann' });
    expect(lifecycleOf('ai-step-start', empty)).not.toHaveProperty('stepClientId');
  });

  it('is told apart: ends without a known reason, steps without any', () => {
    expect(lifecycleOf('ai-run-end', { 'run-reason': 'bored' })?.reason).toBe('unknown');
    expect(lifecycleOf('ai-step-end', { 'step-reason': 'failed' })?.stepReason).toBe('failed');
    expect(lifecycleOf('ai-step-end', {})?.stepReason).toBe('complete');
    expect(lifecycleOf('ai-output', { 'run-reason': 'error', 'step-reason': 'failed' })).toEqual({
      kind: 'output',
      continues: false,
      steerIds: [],
    });
  });

  it.each([
    ['["a","b"]', ['a', 'b']],
    ['["a",1,null]', ['a']],
    ['{"a":1}', []],
    ['[', []],
    ['', []],
  ])('reads steers out of %s', (text, ids) => {
    expect(lifecycleOf('ai-output', { 'steer-codec-message-ids': text })?.steerIds).toEqual(ids);
  });

  it('survives any headers', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...AI_EVENTS),
        fc.dictionary(fc.string(), fc.string()),
        (event, headers) => lifecycleOf(event, headers) !== null,
      ),
    );
    expect(lifecycleOf('ai-run-start', JSON.parse('{"__proto__":"x"}'))).not.toHaveProperty('runId');
  });
});
