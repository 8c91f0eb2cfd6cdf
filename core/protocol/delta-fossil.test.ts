import fc from 'fast-check';
import { applyDelta as foreignApply, createDelta as foreignCreate } from 'fossil-delta';
import { describe, expect, it } from 'vitest';
import { decodeFossil, encodeFossil } from './delta-fossil.ts';
import { bytesOf, pairs, plain, textOf } from './testing/delta-pairs.ts';

describe('Fossil beside another implementation', () => {
  it('its decoder reads ours', () => {
    fc.assert(
      fc.property(pairs, ([base, target]) => {
        expect(plain(foreignApply(base, encodeFossil(base, target)))).toEqual(target);
      }),
    );
  });

  it('our decoder reads what its encoder wrote', () => {
    fc.assert(
      fc.property(pairs, ([base, target]) => {
        expect(decodeFossil(base, Uint8Array.from(foreignCreate(base, target)))).toEqual(target);
      }),
    );
  });

  it('the vector of the fact sheet', () => {
    const frame = (price: string) =>
      bytesOf(
        `{"event":"tick","channel":"market","data":"{\\"sym\\":\\"XYZ\\",\\"px\\":${price},\\"note\\":\\"padding padding padding padding\\"}"}`,
      );
    const delta = Buffer.from('MXUKMTdAMCwyOjMwbEAxOSwzVjVKeEY7', 'base64');
    expect(textOf(delta)).toBe('1u\n17@0,2:30l@19,3V5JxF;');
    expect(textOf(decodeFossil(frame('101.25'), plain(delta)))).toBe(textOf(frame('101.30')));
    expect(textOf(encodeFossil(frame('101.25'), frame('101.30')))).toBe('1u\n17@0,2:30l@19,3V5JxF;');
  });

  it.each([
    ['', 'missing'],
    ['5\n', 'missing'],
    ['5', 'cut off'],
    ['5\n5@0,0;', 'checksum'],
    ['5\n4@0,0;', 'too short'],
    ['4\n5@0,0;', 'too long'],
    ['9\n9@0,0;', 'leaves the base'],
    ['5\n5@0;', 'no end'],
    ['5\n5:ab', 'cut off'],
    ['5\n5!', 'unknown operator'],
    ['zzzzzzz\n', 'too long'],
    ['zzzzzz\n', 'would have'],
  ])('refuses %j', (delta, why) => {
    expect(() => decodeFossil(bytesOf('ababa'), bytesOf(delta))).toThrow(why);
  });

  it('notices a base that is another', () => {
    const delta = encodeFossil(bytesOf('the quick brown fox'), bytesOf('the quick brown dog'));
    expect(() => decodeFossil(bytesOf('the quirk brown fox'), delta)).toThrow('checksum');
  });
});
