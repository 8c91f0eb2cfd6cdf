import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventPrefix, internalEventPrefix, stripPrefix, withPrefixOf } from './prefix.ts';

it('understands all four prefixes', () => {
  expect(stripPrefix('pusher:ping')).toEqual({ name: 'ping', internal: false });
  expect(stripPrefix('sockudo:ping')).toEqual({ name: 'ping', internal: false });
  expect(stripPrefix('pusher_internal:x')).toEqual({ name: 'x', internal: true });
  expect(stripPrefix('sockudo_internal:x')).toEqual({ name: 'x', internal: true });
  for (const event of ['client-x', 'pusher', 'pusher_:x', 'Pusher:x', ''])
    expect(stripPrefix(event)).toBeNull();
});

it('exchanges the prefix for that of the connection and leaves other names alone', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(1 as const, 2 as const), (name, protocol) => {
      expect(withPrefixOf(protocol, `pusher:${name}`)).toBe(eventPrefix(protocol) + name);
      expect(withPrefixOf(protocol, `sockudo_internal:${name}`)).toBe(internalEventPrefix(protocol) + name);
      expect(withPrefixOf(protocol, `client-${name}`)).toBe(`client-${name}`);
    }),
  );
});
