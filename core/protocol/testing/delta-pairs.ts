/**
 * Test support: pairs of byte strings as delta compression meets them, and as it fears them. Not part of the package.
 */
import fc from 'fast-check';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** A Buffer as the Uint8Array that it equals. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

type Pair = [base: Uint8Array, target: Uint8Array];

const unrelated = fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 400 }));

/** The target has pieces of the base: in another order, repeated, cut, with noise between. */
const related = fc
  .tuple(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 120 }), { minLength: 1, maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.nat(40), fc.uint8Array({ maxLength: 12 })), { maxLength: 12 }),
  )
  .map(([pieces, picks]): Pair => {
    const target = picks.map(([which, cutFront, cutBack, noise]) => {
      const piece = pieces[which % pieces.length] ?? new Uint8Array();
      return Buffer.concat([piece.subarray(cutFront, Math.max(cutFront, piece.length - cutBack)), noise]);
    });
    return [plain(Buffer.concat(pieces)), plain(Buffer.concat(target))];
  });

/** The same block everywhere: long chains, copies that overlap. */
const monotony = fc
  .array(fc.constantFrom(0, 0, 0, 1), { maxLength: 600 })
  .map((list) => Uint8Array.from(list));

const tick = fc.record({
  price: fc.double({ noNaN: true, min: 0, max: 100_000 }),
  volume: fc.nat(),
  note: fc.string({ unit: 'grapheme', maxLength: 30 }),
  levels: fc.array(fc.record({ bid: fc.nat(999), ask: fc.nat(999) }), { maxLength: 6 }),
});

/** Frames of a feed as they follow each other: most of the text stays, numbers and ids change, lists grow. */
const successive = fc.tuple(tick, tick, fc.uuid(), fc.uuid()).map(([first, second, idA, idB]): Pair => {
  const frame = (changing: object, id: string, serial: number) => {
    const data = JSON.stringify({ symbol: 'XYZ', exchange: 'somewhere', ...changing });
    return bytesOf(JSON.stringify({ event: 'tick', channel: 'market', data, message_id: id, serial }));
  };
  return [frame(first, idA, 41), frame(second, idB, 42)];
});

export const pairs: fc.Arbitrary<Pair> = fc.oneof(
  unrelated,
  related,
  fc.tuple(monotony, monotony),
  successive,
);
