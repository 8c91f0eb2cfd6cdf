/**
 * Finds what two byte strings have in common: the half of delta compression that Fossil and VCDIFF share.
 * Made for successive JSON messages: the shared beginning and end are taken first, then whatever else of the base turns up again.
 * Work is linear: a bounded number of blocks of the base is indexed, and a bounded number of them is looked at for each byte.
 * Must not know: formats.
 */

/**
 * The target as pieces, in order: pairs of a place in the base and a length. A place of LITERAL means that the next `length` bytes
 * of the target are new. Lengths are positive and add up to the target's.
 */
export type Edits = readonly number[];

export const LITERAL = -1;

/** Bytes that must agree before a copy is worth its instruction. */
const BLOCK_BYTES = 8;
/** Places of the base that are indexed at most; a longer base is indexed at wider steps. */
const BLOCKS_MAX = 32_768;
/** Places looked at for one byte of the target. */
const CANDIDATES_MAX = 8;

export function findEdits(base: Uint8Array, target: Uint8Array): Edits {
  const edits = new EditList();
  let prefix = commonPrefix(base, target);
  if (prefix < BLOCK_BYTES && prefix < target.length) prefix = 0;
  let suffix = commonSuffix(base, target, prefix);
  if (suffix < BLOCK_BYTES) suffix = 0;
  const end = target.length - suffix;
  edits.copy(0, prefix);
  if (end - prefix < BLOCK_BYTES || base.length < BLOCK_BYTES) edits.literal(end - prefix);
  else suffix = target.length - scan(base, target, { start: prefix, end }, edits);
  edits.copy(base.length - suffix, suffix);
  return edits.finish();
}

class EditList {
  readonly #pairs: number[] = [];

  copy(from: number, length: number): void {
    if (length === 0) return;
    const pairs = this.#pairs;
    const lastFrom = pairs.at(-2) ?? LITERAL;
    const lastLength = pairs.at(-1) ?? 0;
    if (lastFrom !== LITERAL && lastFrom + lastLength === from) pairs[pairs.length - 1] = lastLength + length;
    else pairs.push(from, length);
  }

  literal(length: number): void {
    if (length > 0) this.#pairs.push(LITERAL, length);
  }

  finish(): Edits {
    return this.#pairs;
  }
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Equal bytes at the end, without those that the prefix has taken of either. */
function commonSuffix(a: Uint8Array, b: Uint8Array, prefix: number): number {
  const most = Math.min(a.length, b.length) - prefix;
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length;
}

/** Writes the edits from `start` on and answers up to where: `end`, or further when a copy went on into the common end. */
function scan(
  base: Uint8Array,
  target: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  edits: EditList,
): number {
  const matcher = new Matcher(base, target);
  let written = start;
  let at = start;
  while (at + BLOCK_BYTES <= end) {
    if (!matcher.find(at)) {
      at++;
      continue;
    }
    let from = matcher.from;
    let length = matcher.length;
    // The block may have been met in its middle: bytes still waiting as a literal can belong to it.
    while (at > written && from > 0 && base[from - 1] === target[at - 1]) {
      at--;
      from--;
      length++;
    }
    edits.literal(at - written);
    edits.copy(from, length);
    at += length;
    written = at;
    matcher.shift = from + length - at;
  }
  if (written >= end) return written;
  edits.literal(end - written);
  return end;
}

/** The index of a message of usual size is written here each time: making typed arrays would cost more than filling them. */
const SCRATCH_BITS = 12;
const scratchHeads = /* @__PURE__ */ new Int32Array(2 ** SCRATCH_BITS);
const scratchNext = /* @__PURE__ */ new Int32Array(2 ** SCRATCH_BITS);

/** An index of the base's blocks by hash: chains through `next`, places in ascending order. */
class Matcher {
  /** Result of the last `find` that answered true. */
  from = 0;
  length = 0;
  /** Distance from a place of the target to the place of the base that follows the last copy: edits rarely move text. */
  shift = 0;

  readonly #base: Uint8Array;
  readonly #target: Uint8Array;
  readonly #baseView: DataView;
  readonly #targetView: DataView;
  readonly #step: number;
  readonly #hashShift: number;
  /** Number of the first block, plus one; 0: none. */
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  constructor(base: Uint8Array, target: Uint8Array) {
    this.#base = base;
    this.#target = target;
    this.#baseView = viewOf(base);
    this.#targetView = viewOf(target);
    const places = base.length - BLOCK_BYTES + 1;
    this.#step = Math.ceil(places / BLOCKS_MAX);
    const blocks = Math.ceil(places / this.#step);
    const bits = Math.max(6, 32 - Math.clz32(blocks));
    this.#hashShift = 32 - bits;
    this.#heads = bits <= SCRATCH_BITS ? scratchHeads.fill(0, 0, 2 ** bits) : new Int32Array(2 ** bits);
    this.#next = blocks <= scratchNext.length ? scratchNext : new Int32Array(blocks);
    for (let block = blocks - 1; block >= 0; block--) {
      const slot = hashAt(this.#baseView, block * this.#step) >>> this.#hashShift;
      this.#next[block] = this.#heads[slot] ?? 0;
      this.#heads[slot] = block + 1;
    }
  }

  /** Looks for the longest piece of the base that the target continues with at `at`. */
  find(at: number): boolean {
    this.length = 0;
    this.#try(at + this.shift, at);
    // Where both ends are to meet: what is left of the base beside what is left of the target.
    this.#try(at + this.#base.length - this.#target.length, at);
    let block = this.#heads[hashAt(this.#targetView, at) >>> this.#hashShift] ?? 0;
    for (let tries = 0; block !== 0 && tries < CANDIDATES_MAX; tries++) {
      this.#try((block - 1) * this.#step, at);
      block = this.#next[block - 1] ?? 0;
    }
    return this.length > 0;
  }

  #try(from: number, at: number): void {
    const base = this.#base;
    const target = this.#target;
    if (from < 0 || from + BLOCK_BYTES > base.length) return;
    if (this.#baseView.getInt32(from) !== this.#targetView.getInt32(at)) return;
    if (this.#baseView.getInt32(from + 4) !== this.#targetView.getInt32(at + 4)) return;
    const most = Math.min(base.length - from, target.length - at);
    let length = BLOCK_BYTES;
    while (length < most && base[from + length] === target[at + length]) length++;
    if (length <= this.length) return;
    this.from = from;
    this.length = length;
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** 32 bits; the upper ones are the better mixed. */
function hashAt(view: DataView, at: number): number {
  return Math.imul(
    Math.imul(view.getInt32(at), 0x9e3779b1) ^ Math.imul(view.getInt32(at + 4), 0x85ebca6b),
    0xc2b2ae35,
  );
}
