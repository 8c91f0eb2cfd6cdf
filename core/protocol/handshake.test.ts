import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHandshakeQuery } from './handshake.ts';

const parse = (query: string) => parseHandshakeQuery(new URLSearchParams(query));
const V1 = { ok: true, protocol: 1, format: 'json', appendMode: 'full' };
const V2 = { ok: true, protocol: 2, format: 'json', appendMode: 'delta' };

describe('parseHandshakeQuery', () => {
  it.each([
    ['', V1],
    ['protocol=7&client=js&version=8.4.0&flash=false', V1],
    ['protocol=1', V1],
    ['protocol=99', V1],
    ['protocol=255', V1],
    ['protocol=5&format=xml&append_mode=both&append_rollup_window=41', V1],
    ['echo_messages=false', { ...V1, echoMessages: false }],
    ['token=abc', { ...V1, token: 'abc' }],
    ['protocol=2', V2],
    ['protocol=2&format=', V2],
    ['protocol=2&format=+MsgPack+', { ...V2, format: 'msgpack' }],
    ['protocol=2&format=messagepack', { ...V2, format: 'msgpack' }],
    ['protocol=2&format=proto', { ...V2, format: 'protobuf' }],
    ['protocol=2&format=PROTOBUF', { ...V2, format: 'protobuf' }],
    ['protocol=2&append_mode=', V2],
    ['protocol=2&append_mode=full', { ...V2, appendMode: 'full' }],
    ['protocol=2&append_rollup_window=0', { ...V2, appendRollupWindowMs: 0 }],
    ['protocol=2&append_rollup_window=100', { ...V2, appendRollupWindowMs: 100 }],
    ['protocol=2&echo_messages=true&token=t', { ...V2, echoMessages: true, token: 't' }],
    ['protocol=2&unknown=1&unknown=2', V2],
  ])('%s', (query, expected) => {
    expect(parse(query)).toEqual(expected);
  });

  it.each([
    'protocol=abc',
    'protocol=',
    'protocol=256',
    'protocol=-1',
    'protocol=2.0',
    'protocol=1&protocol=2',
    'echo_messages=yes',
    'echo_messages=',
    'append_rollup_window=abc',
    'protocol=2&format=xml',
    'protocol=2&append_mode=both',
    'protocol=2&append_mode=Full',
    'protocol=2&append_rollup_window=41',
    'protocol=2&token=a&token=b',
  ])('400 for %s', (query) => {
    expect(parse(query)).toMatchObject({ ok: false, status: 400 });
  });

  it('the server narrows the windows', () => {
    const query = new URLSearchParams('protocol=2&append_rollup_window=500');
    expect(parseHandshakeQuery(query, { maxMs: 100 }).ok).toBe(false);
    expect(
      parseHandshakeQuery(new URLSearchParams('protocol=2&append_rollup_window=0'), { minMs: 20 }).ok,
    ).toBe(false);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.webQueryParameters(), (query) => void parse(query)));
    fc.assert(
      fc.property(fc.string(), (value) => void parse(`protocol=2&format=${value}&append_mode=${value}`)),
    );
  });
});
