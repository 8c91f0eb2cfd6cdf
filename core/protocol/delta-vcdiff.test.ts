import { decode as foreignDecode } from '@ably/vcdiff-decoder';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeVcdiff } from './delta-vcdiff.ts';
import { decodeVcdiff } from './delta-vcdiff-decode.ts';
import { bytesOf, pairs, plain, textOf } from './testing/delta-pairs.ts';

describe('VCDIFF beside another implementation', () => {
  it('its decoder reads ours', () => {
    fc.assert(
      fc.property(pairs, ([base, target]) => {
        expect(plain(foreignDecode(encodeVcdiff(base, target), base))).toEqual(target);
      }),
    );
  });

  it('uses neither secondary compression, nor a table of its own, nor a checksum', () => {
    const delta = encodeVcdiff(bytesOf('a common beginning, 1'), bytesOf('a common beginning, 2'));
    expect([...delta.subarray(0, 6)]).toEqual([0xd6, 0xc3, 0xc4, 0, 0, 1]);
  });

  // Written by hand after RFC 3284: what our encoder has no use for.
  const HEADER = [0xd6, 0xc3, 0xc4, 0, 0];
  const decode = (base: string, ...bytes: number[]) =>
    textOf(decodeVcdiff(bytesOf(base), Uint8Array.from(bytes)));

  it('the example of RFC 3284 section 3: copies, a run, a copy that overlaps itself', () => {
    const literals = [...'wxyzz'].map((letter) => letter.charCodeAt(0));
    // COPY 4 at 0, ADD 4, COPY 4 at 4, COPY 12 at 24, RUN 4
    const instructions = [20, 5, 20, 28, 0, 4];
    const delta = [...HEADER, 1, 16, 0, 19, 28, 0, 5, 6, 3, ...literals, ...instructions, 0, 4, 24];
    expect(decode('abcdefghijklmnop', ...delta)).toBe('abcdwxyzefghefghefghefghzzzz');
  });

  it('several windows, the second over what the first made', () => {
    const first = [0, 9, 3, 0, 3, 1, 0, 120, 121, 122, 4];
    // COPY 6 backwards from here, which is place 3 of what came before and this window together
    const second = [2, 3, 0, 7, 6, 0, 0, 1, 1, 19 + 16 + 3, 3];
    expect(decode('', ...HEADER, ...first, ...second)).toBe('xyzxyzxyz');
  });

  it('application data and a right checksum are fine, a wrong checksum is not', () => {
    const adler = (3 * 120 + 2 * 121 + 122 + 3) * 65_536 + (120 + 121 + 122 + 1);
    const word = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
    const window = (checksum: number) => [4, 13, 3, 0, 3, 1, 0, ...word(checksum), 120, 121, 122, 4];
    const header = [0xd6, 0xc3, 0xc4, 0, 4, 2, 9, 9];
    expect(decode('', ...header, ...window(adler))).toBe('xyz');
    expect(() => decode('', ...header, ...window(adler + 1))).toThrow('checksum');
  });

  it.each([
    [[1, 2, 3], 'no VCDIFF'],
    [[0xd6, 0xc3, 0xc4, 0x53, 0], 'version'],
    [[0xd6, 0xc3, 0xc4, 0, 1], 'secondary'],
    [[0xd6, 0xc3, 0xc4, 0, 2, 0], 'private tables'],
    [[...HEADER, 0, 5, 0, 1, 0, 0, 0], 'secondary'],
    [[...HEADER, 0, 5, 1, 0, 0, 0, 0], 'too short'],
    [[...HEADER, 0, 6, 0, 0, 0, 0, 0, 9], 'longer than its sections'],
    [[...HEADER, 0, 7, 1, 0, 0, 1, 1, 20, 9], 'a window is too long'],
    [[...HEADER, 0, 7, 4, 0, 0, 1, 1, 20, 9], 'leaves its window'],
    [[...HEADER, 1, 9, 0, 5, 0, 0, 0, 0, 0], 'leaves the base'],
    [[...HEADER, 0, 9, 0x8f, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0], 'too large'],
    [[...HEADER, 0, 8, 0x88, 0x80, 0x80, 0x01, 0, 0, 0, 0], 'would have'],
    [[...HEADER, 0, 5, 1, 0], 'cut off'],
  ])('refuses %j', (bytes, why) => {
    expect(() => decode('abcd', ...bytes)).toThrow(why);
  });
});
