import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta, createDelta, type DeltaAlgorithm, parseDeltaAlgorithm } from './delta-algorithm.ts';
import { DeltaError } from './delta-error.ts';
import { bytesOf, pairs, plain } from './testing/delta-pairs.ts';

type Apply = (base: Uint8Array, delta: Uint8Array) => Uint8Array;
// CAST: the suite's decoder is plain JavaScript and takes and gives Buffers.
const suite = (await import(new URL('../../test/conformance/lib/delta.mjs', import.meta.url).href)) as {
  readonly fossilApply: Apply;
  readonly vcdiffApply: Apply;
};

const ALGORITHMS: readonly DeltaAlgorithm[] = ['fossil', 'xdelta3'];

describe.each(ALGORITHMS)('%s', (algorithm) => {
  it('round trips', () => {
    fc.assert(
      fc.property(pairs, ([base, target]) => {
        expect(applyDelta(algorithm, base, createDelta(algorithm, base, target))).toEqual(target);
      }),
      { numRuns: 400 },
    );
  });

  it('is read by the decoder of the conformance suite', () => {
    const apply = algorithm === 'fossil' ? suite.fossilApply : suite.vcdiffApply;
    fc.assert(
      fc.property(pairs, ([base, target]) => {
        const delta = createDelta(algorithm, base, target);
        expect(plain(apply(Buffer.from(base), Buffer.from(delta)))).toEqual(target);
      }),
    );
  });

  it('makes successive messages small', () => {
    const frame = (price: number) => {
      const data = JSON.stringify({ symbol: 'XYZ', note: 'padding padding padding', price });
      return bytesOf(JSON.stringify({ event: 'tick', channel: 'market', data }));
    };
    expect(createDelta(algorithm, frame(101.25), frame(101.3)).length).toBeLessThan(32);
  });

  it('takes large inputs: alike, different, monotonous', () => {
    const size = 300_000;
    const noise = (factor: number) =>
      Uint8Array.from({ length: size }, (_, i) => Math.imul(i, factor) >>> 21);
    const [base, other, edited] = [noise(0x9e3779b1), noise(0x85ebca6b), noise(0x9e3779b1)];
    for (let i = 0; i < size; i += 5000) edited[i] = (edited[i] ?? 0) ^ 255;
    const zeros = new Uint8Array(size);
    const large = [
      [base, edited],
      [base, other],
      [zeros, zeros.subarray(1)],
      [zeros, new Uint8Array(size + 4096)],
    ] as const;
    for (const [from, to] of large) {
      expect(Buffer.compare(applyDelta(algorithm, from, createDelta(algorithm, from, to)), to)).toBe(0);
    }
    expect(createDelta(algorithm, base, edited).length).toBeLessThan(2000);
  });

  it('answers hostile bytes with a DeltaError at most', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), (base, delta) => {
        expectDeltaErrorAtMost(() => applyDelta(algorithm, base, delta, 1000));
      }),
      { numRuns: 2000 },
    );
  });

  it('answers a damaged or cut delta with a DeltaError at most', () => {
    fc.assert(
      fc.property(pairs, fc.nat(), fc.integer({ min: 1, max: 255 }), ([base, target], place, change) => {
        const delta = createDelta(algorithm, base, target);
        const at = place % delta.length;
        expectDeltaErrorAtMost(() => applyDelta(algorithm, base, delta.subarray(0, at), 4000));
        delta[at] = (delta[at] ?? 0) ^ change;
        expectDeltaErrorAtMost(() => applyDelta(algorithm, base, delta, 4000));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps the bound of the result', () => {
    const target = new Uint8Array(1001);
    const delta = createDelta(algorithm, new Uint8Array(), target);
    expect(() => applyDelta(algorithm, new Uint8Array(), delta, 1000)).toThrow(DeltaError);
    expect(applyDelta(algorithm, new Uint8Array(), delta, 1001)).toEqual(target);
  });
});

function expectDeltaErrorAtMost(run: () => Uint8Array): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DeltaError);
  }
}

describe('names', () => {
  it.each([
    ['fossil', 'fossil'],
    ['Fossil', 'fossil'],
    ['xdelta3', 'xdelta3'],
    ['VCDIFF', 'xdelta3'],
    ['zstd', null],
    [3, null],
  ])('%j is %j', (name, algorithm) => {
    expect(parseDeltaAlgorithm(name)).toBe(algorithm);
  });
});
