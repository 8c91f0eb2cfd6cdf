import { expect, it } from 'vitest';
import { spoofError, stampIdentity, verifiedAuthor } from './identity.ts';

it.each([
  [{ 'input-client-id': 'bob' }, 'input-client-id'],
  [{ 'run-client-id': 'bob' }, 'run-client-id'],
  [{ 'run-client-id': '' }, 'run-client-id'],
  [{ 'input-client-id': 'ann', 'step-client-id': 'Ann' }, 'step-client-id'],
  [{ 'turn-client-id': 'ann ' }, 'turn-client-id'],
])('%o is not ann', (transport, key) => {
  expect(spoofError(transport, 'ann')).toEqual({
    aiCode: 104002,
    status: 403,
    key,
    text: `extras.ai.transport.${key} does not match verified identity`,
  });
});

it('a client may say who it is, or nothing', () => {
  expect(spoofError({ 'input-client-id': 'ann', 'run-client-id': 'ann', 'run-id': 'bob' }, 'ann')).toBeNull();
  expect(spoofError(undefined, 'ann')).toBeNull();
});

it('fills in the author of an input and the sender of a cancel, and no other id', () => {
  expect(stampIdentity('ai-input', { 'run-id': 'r' }, 'ann')).toEqual({
    'run-id': 'r',
    'input-client-id': 'ann',
  });
  expect(stampIdentity('ai-cancel', undefined, 'ann')).toEqual({ 'run-client-id': 'ann' });
});

it('replaces a given author and adds none', () => {
  expect(verifiedAuthor('bob', 'ann')).toBe('ann');
  expect(verifiedAuthor('', 'ann')).toBe('ann');
  expect(verifiedAuthor(undefined, 'ann')).toBeUndefined();
});
