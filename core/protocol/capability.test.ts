import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allows,
  annotationAccessError,
  capabilityError,
  parseSigninCapabilities,
  parseTokenCapabilities,
  wildcardReaches,
} from './capability.ts';
import { ProtocolError } from './errors.ts';

const refusal = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (ProtocolError.is(error) && error.wsCode === 4009) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('token capabilities', () => {
  it('grant what they list, as object or as JSON text, in either spelling', () => {
    const claim = {
      'room:*': ['subscribe', 'history'],
      'private-x': ['publish', 'annotation_publish', 'message-append-own'],
    };
    for (const form of [claim, JSON.stringify(claim)]) {
      const capabilities = parseTokenCapabilities(form);
      expect(allows(capabilities, 'subscribe', 'room:1')).toBe(true);
      expect(allows(capabilities, 'subscribe', 'room')).toBe(false);
      expect(allows(capabilities, 'publish', 'room:1')).toBe(false);
      expect(allows(capabilities, 'publish', 'private-x')).toBe(true);
      expect(allows(capabilities, 'annotation-publish', 'private-x')).toBe(true);
      expect(allows(capabilities, 'message-append-own', 'private-x')).toBe(true);
      expect(allows(capabilities, 'presence', 'presence-x')).toBe(false);
    }
  });

  it('an empty token allows nothing', () => {
    const nothing = parseTokenCapabilities({});
    for (const operation of ['subscribe', 'publish', 'history', 'presence', 'push-admin'] as const) {
      expect(allows(nothing, operation, 'room')).toBe(false);
    }
  });

  it.each([
    [{ '*': ['fly'] }, "unsupported capability operation 'fly'"],
    [{ '*': ['__proto__'] }, "unsupported capability operation '__proto__'"],
    [{ '': ['subscribe'] }, 'capability patterns must not be empty'],
    ['not json', 'x-sockudo-capability must be a JSON object string'],
    ['[]', 'x-sockudo-capability must be a JSON object string'],
    [{ a: 'subscribe' }, 'x-sockudo-capability must map channel patterns to operations'],
    [5, 'x-sockudo-capability must be a JSON object or object string'],
    [null, 'x-sockudo-capability must be a JSON object or object string'],
    [
      Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, ['subscribe']])),
      'x-sockudo-capability exceeds 100 patterns',
    ],
  ])('refuses %j', (claim, text) => {
    expect(refusal(() => parseTokenCapabilities(claim))).toBe(`Authentication error: ${text}`);
  });

  it('throws nothing but 4009', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.json()),
        (claim) => void refusal(() => parseTokenCapabilities(claim)),
      ),
    );
    fc.assert(fc.property(fc.anything(), (value) => void refusal(() => parseSigninCapabilities(value))));
  });
});

describe('sign-in capabilities', () => {
  it('bind only the lists that are given; other operations must be granted', () => {
    const capabilities = parseSigninCapabilities({
      subscribe: ['room:*'],
      publish: null,
      message_update_own: ['room:*'],
      'message-delete-own': ['room:*'],
      'annotation-subscribe': ['room:*'],
      unknown: 5,
    });
    expect(allows(capabilities, 'subscribe', 'other')).toBe(false);
    expect(allows(capabilities, 'publish', 'other')).toBe(true);
    expect(allows(capabilities, 'history', 'other')).toBe(true);
    expect(allows(capabilities, 'message-update-own', 'room:1')).toBe(true);
    expect(allows(capabilities, 'message-delete-own', 'room:1')).toBe(false);
    expect(allows(capabilities, 'annotation-subscribe', 'room:1')).toBe(true);
    expect(allows(capabilities, 'annotation-publish', 'room:1')).toBe(false);
  });

  it('refuses lists of the wrong type', () => {
    expect(refusal(() => parseSigninCapabilities({ subscribe: 'room' }))).toBe(
      'Authentication error: Invalid capabilities in user_data: subscribe must be a list of patterns',
    );
    expect(refusal(() => parseSigninCapabilities([]))).toContain('Invalid capabilities in user_data');
  });
});

it('without token or list the four base operations are open, all others closed', () => {
  for (const operation of ['subscribe', 'publish', 'history', 'presence'] as const) {
    expect(allows(null, operation, 'room')).toBe(true);
  }
  for (const operation of ['annotation-subscribe', 'message-update-any', 'push-subscribe'] as const) {
    expect(allows(null, operation, 'room')).toBe(false);
  }
});

describe('wildcardReaches (D16)', () => {
  const token = parseTokenCapabilities({
    '*': ['subscribe', 'presence'],
    'private-desk-*': ['subscribe'],
    'private-mute-*': ['publish'],
    'presence-a*': ['subscribe', 'presence'],
    'presence-b*': ['subscribe'],
  });

  it.each([
    ['*', 'private-desk-1', true],
    ['*desk-1', 'private-desk-1', true],
    ['news-*', 'private-desk-1', false],
    ['*', 'private-other', false],
    ['*', 'private-mute-1', false],
    ['*', 'presence-a1', true],
    ['*', 'presence-b1', false],
    ['*', 'room', false],
    ['*', '[meta]private-desk-1', false],
  ])('%s and %s: %s', (pattern, channel, expected) => {
    expect(wildcardReaches(pattern, channel, token)).toBe(expected);
  });

  it('is for tokens only', () => {
    expect(wildcardReaches('*', 'private-desk-1', null)).toBe(false);
    expect(
      wildcardReaches('*', 'private-desk-1', parseSigninCapabilities({ subscribe: ['private-*'] })),
    ).toBe(false);
  });
});

it('names what is denied', () => {
  expect(capabilityError('annotation-subscribe', 'a').message).toBe(
    "Authentication error: Connection is not allowed to annotation_subscribe channel 'a'",
  );
  expect(annotationAccessError('a').message).toBe(
    "Authentication error: Connection is not allowed to receive raw annotations for channel 'a'",
  );
});
