/**
 * What a VCDIFF encoder and decoder must agree on: the default instruction table and the cache of copy addresses.
 * Must not know: windows, sections. Source: RFC 3284, sections 5.1, 5.3 and 5.6.
 */

export const NOOP = 0;
export const ADD = 1;
export const RUN = 2;
export const COPY = 3;

/** Bytes of one row of the table: type, size and mode of a first instruction, then of a second. Size 0: it follows in the delta. */
export const CODE_ROW = 6;
const CODES = 256;

/** Ways to write the address of a copy: itself, backwards from here, 4 near ones, 3 same ones. */
export const MODES = 9;
const MODE_SELF = 0;
const MODE_HERE = 1;
const FIRST_NEAR = 2;
const NEAR_PLACES = 4;
export const FIRST_SAME = FIRST_NEAR + NEAR_PLACES;
const SAME_PLACES = 3 * 256;

/** The codes an encoder starts from: `ADD_CODE` + size 1 to 17, `COPY_CODE` + 16 × mode + (size 4 to 18) - 3; alone: size follows. */
export const ADD_CODE = 1;
export const ADD_SHORT_MAX = 17;
export const COPY_CODE = 19;
export const COPY_SHORT_MIN = 4;
export const COPY_SHORT_MAX = 18;
export const COPY_CODES_PER_MODE = 16;

let table: Uint8Array | null = null;

/** The 256 rows of the default table, in the order of RFC 3284 section 5.6. */
export function codeTable(): Uint8Array {
  table ??= buildTable();
  return table;
}

function buildTable(): Uint8Array {
  const rows = new Uint8Array(CODES * CODE_ROW);
  let at = 0;
  const row = (type: number, size: number, mode = 0, type2 = NOOP, size2 = 0, mode2 = 0): void => {
    rows.set([type, size, mode, type2, size2, mode2], at);
    at += CODE_ROW;
  };
  row(RUN, 0);
  for (let size = 0; size <= ADD_SHORT_MAX; size++) row(ADD, size);
  for (let mode = 0; mode < MODES; mode++) {
    row(COPY, 0, mode);
    for (let size = COPY_SHORT_MIN; size <= COPY_SHORT_MAX; size++) row(COPY, size, mode);
  }
  for (let mode = 0; mode < MODES; mode++) {
    const longest = mode < FIRST_SAME ? 6 : 4;
    for (let add = 1; add <= 4; add++) {
      for (let copy = 4; copy <= longest; copy++) row(ADD, add, 0, COPY, copy, mode);
    }
  }
  for (let mode = 0; mode < MODES; mode++) row(COPY, 4, mode, ADD, 1);
  return rows;
}

/** Addresses of the last copies. Encoder and decoder tell it each address in turn and so always hold the same. */
export class AddressCache {
  readonly #near = new Int32Array(NEAR_PLACES);
  readonly #same = new Int32Array(SAME_PLACES);
  #nextNear = 0;

  /** Back to the beginning of a window. */
  reset(): void {
    this.#near.fill(0);
    this.#same.fill(0);
    this.#nextNear = 0;
  }

  /** Must be called with the address of every copy. */
  remember(address: number): void {
    this.#near[this.#nextNear] = address;
    this.#nextNear = (this.#nextNear + 1) % NEAR_PLACES;
    this.#same[address % SAME_PLACES] = address;
  }

  /** The address that `written` stands for in a mode below FIRST_SAME. */
  fromNumber(mode: number, written: number, here: number): number {
    if (mode === MODE_SELF) return written;
    if (mode === MODE_HERE) return here - written;
    return (this.#near[mode - FIRST_NEAR] ?? 0) + written;
  }

  /** The address that one byte stands for in a mode from FIRST_SAME on. */
  fromByte(mode: number, byte: number): number {
    return this.#same[(mode - FIRST_SAME) * 256 + byte] ?? 0;
  }

  /** The shortest way to write an address: a mode and the number (a byte from FIRST_SAME on). */
  shortest(address: number, here: number): { readonly mode: number; readonly written: number } {
    const place = address % SAME_PLACES;
    if (this.#same[place] === address) return { mode: FIRST_SAME + (place >> 8), written: place & 255 };
    let mode = MODE_SELF;
    let written = address;
    if (here - address < written) {
      mode = MODE_HERE;
      written = here - address;
    }
    for (let i = 0; i < NEAR_PLACES; i++) {
      const ahead = address - (this.#near[i] ?? 0);
      if (ahead < 0 || ahead >= written) continue;
      mode = FIRST_NEAR + i;
      written = ahead;
    }
    return { mode, written };
  }
}
