import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  channelKind,
  logicalName,
  metaBase,
  metaChannelName,
  namespaceOf,
  userChannelId,
  userChannelName,
  userLimit,
} from './channel-name.ts';

describe('channelKind', () => {
  it.each([
    ['room', 'public', false, false, false],
    ['', 'public', false, false, false],
    ['cache-ticker', 'public', true, false, false],
    ['private-desk', 'private', false, true, false],
    ['private-cache-desk', 'private', true, true, false],
    ['private-encrypted-desk', 'encrypted', false, true, false],
    ['private-encrypted-cache-desk', 'encrypted', true, true, false],
    ['presence-desk', 'presence', false, true, true],
    ['presence-cache-desk', 'presence', true, true, true],
    ['[meta]room', 'meta', false, false, false],
    ['[meta]private-desk', 'meta', false, true, false],
    ['[meta]presence-desk', 'meta', false, true, false],
    ['[meta][meta]room', 'meta', false, true, false],
    ['prices.*', 'wildcard', false, false, false],
    ['private-*', 'wildcard', false, false, false],
    ['#server-to-user-u-7', 'user', false, false, false],
    ['private-chat:1#u1,u2', 'private', false, true, false],
  ] as const)('%s', (name, kind, isCache, needsAuth, isPresence) => {
    expect(channelKind(name)).toEqual({ kind, isCache, needsAuth, isPresence });
  });

  it.each([
    'private-mycache-1',
    'mycache-1',
    'presence-x-cache-1',
    'encrypted-cache-x',
    'private-encrypted-mycache-x',
  ])('only the documented prefixes make a cache channel (D11): %s', (name) => {
    expect(channelKind(name).isCache).toBe(false);
  });

  it('whatever follows a private or presence prefix needs authorisation', () => {
    fc.assert(
      fc.property(fc.constantFrom('private-', 'presence-'), fc.string(), (prefix, rest) => {
        fc.pre(!rest.includes('*'));
        expect(channelKind(prefix + rest).needsAuth).toBe(true);
        expect(channelKind(`[meta]${prefix}${rest}`).needsAuth).toBe(true);
      }),
    );
  });

  it('survives a name of nothing but meta prefixes', () => {
    expect(channelKind('[meta]'.repeat(10_000)).kind).toBe('meta');
  });
});

describe('parts of names', () => {
  it.each([
    ['room', 'room', null],
    ['private-encrypted-cache-a:b', 'a:b', 'a'],
    ['private-encrypted-a', 'a', null],
    ['private-cache-a', 'a', null],
    ['presence-cache-a:b:c#u', 'a:b:c', 'a'],
    ['cache-a', 'a', null],
    ['presence-chat:1#ann,bob', 'chat:1', 'chat'],
    ['room#a:b', 'room', null],
    ['#server-to-user-a:b', '', null],
    [':x', ':x', ''],
  ])('%s', (name, logical, namespace) => {
    expect(logicalName(name)).toBe(logical);
    expect(namespaceOf(name)).toBe(namespace);
  });

  it('takes user-limited names apart', () => {
    expect(userLimit('private-chat:1#ann,bob')).toEqual({ base: 'private-chat:1', users: ['ann', 'bob'] });
    expect(userLimit('chat#ann')).toEqual({ base: 'chat', users: ['ann'] });
    for (const name of ['room', '#server-to-user-ann', 'private-#ann', ''])
      expect(userLimit(name)).toBeNull();
  });

  it('meta and user names round-trip', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(metaBase(metaChannelName(text))).toBe(text);
        expect(userChannelId(userChannelName(text))).toBe(text);
      }),
    );
    expect(metaBase('room')).toBeNull();
    expect(userChannelId('room')).toBeNull();
  });
});
