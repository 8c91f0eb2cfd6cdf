import { describe, expect, it } from 'vitest';
import { clientAddress, hasProxyHeaders, type LimitedClient } from './client-address.ts';

function client(headers: Readonly<Record<string, string>>, peerAddress = '10.0.0.9'): LimitedClient {
  return { peerAddress, header: (name) => headers[name] };
}

const CHAIN = { 'x-forwarded-for': '1.1.1.1, 2.2.2.2 ,3.3.3.3', 'x-real-ip': '4.4.4.4' };

describe('clientAddress', () => {
  it.each([
    ['no trust: the peer, whatever headers say (D60)', 0, CHAIN, '10.0.0.9'],
    ['one proxy: the last entry', 1, CHAIN, '3.3.3.3'],
    ['two proxies', 2, CHAIN, '2.2.2.2'],
    ['three proxies', 3, CHAIN, '1.1.1.1'],
    ['fewer entries than proxies: X-Real-IP', 4, CHAIN, '4.4.4.4'],
    ['no X-Forwarded-For: X-Real-IP', 1, { 'x-real-ip': ' 4.4.4.4 ' }, '4.4.4.4'],
    ['an entry that is no address: X-Real-IP', 1, { ...CHAIN, 'x-forwarded-for': 'unknown' }, '4.4.4.4'],
    ['neither holds an address: the peer', 1, { 'x-forwarded-for': '', 'x-real-ip': 'x' }, '10.0.0.9'],
    ['IPv6', 1, { 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
    ['IPv4 in IPv6', 1, { 'x-forwarded-for': '::ffff:1.2.3.4' }, '1.2.3.4'],
  ])('%s', (_name, trustHops, headers, expected) => {
    expect(clientAddress(trustHops, client(headers))).toBe(expected);
  });

  it('is the same for a peer over IPv4 and over a mapped address', () => {
    expect(clientAddress(0, client({}, '::ffff:127.0.0.1'))).toBe('127.0.0.1');
    expect(clientAddress(0, client({}, '::ffff:abcd'))).toBe('::ffff:abcd');
  });
});

describe('hasProxyHeaders', () => {
  it.each([
    [{}, false],
    [{ 'x-forwarded-for': '' }, true],
    [{ 'x-real-ip': '1.1.1.1' }, true],
  ])('%o: %s', (headers, expected) => {
    expect(hasProxyHeaders(client(headers))).toBe(expected);
  });
});
