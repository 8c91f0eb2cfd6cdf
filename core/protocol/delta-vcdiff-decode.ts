/**
 * VCDIFF decoder: any number of windows over the base or over what came before, the default instruction table, and the Adler-32
 * checksum that xdelta3 adds by itself. Secondary compression and private tables are refused. Hostile deltas throw a DeltaError.
 * Sources: RFC 3284; the window flag 0x04 of xdelta3 and open-vcdiff.
 */
import { DELTA_RESULT_MAX_BYTES, DeltaError } from './delta-error.ts';
import { DeltaReader } from './delta-reader.ts';
import { ADD, AddressCache, CODE_ROW, COPY, codeTable, FIRST_SAME, NOOP } from './delta-vcdiff-code.ts';

const MAGIC: readonly number[] = [0xd6, 0xc3, 0xc4];
const HEADER_SECONDARY = 0x01;
const HEADER_TABLE = 0x02;
const HEADER_APPLICATION = 0x04;
const WINDOW_BASE = 0x01;
const WINDOW_TARGET = 0x02;
const WINDOW_CHECKSUM = 0x04;
const INTEGER_MAX = 2 ** 31;
const ADLER_MODULUS = 65_521;

/**
 * Makes the target of a delta from its base.
 * @param maxBytes bound of the result, default DELTA_RESULT_MAX_BYTES
 * @throws DeltaError for a damaged or foreign delta; only a checksum, which is rare, tells that the base is another
 */
export function decodeVcdiff(
  base: Uint8Array,
  delta: Uint8Array,
  maxBytes: number = DELTA_RESULT_MAX_BYTES,
): Uint8Array {
  const input = new VcdiffReader(delta);
  readHeader(input);
  const windows: Window[] = [];
  let size = 0;
  while (!input.isAtEnd) {
    const window = readWindow(input);
    size += window.size;
    if (size > maxBytes) throw new DeltaError(`the result would have ${size} bytes`);
    windows.push(window);
  }
  const target = new Uint8Array(size);
  let start = 0;
  for (const window of windows) {
    new WindowDecoder(window, sourceOf(window, base, target.subarray(0, start)), target, start).run();
    start += window.size;
  }
  return target;
}

function readHeader(input: VcdiffReader): void {
  for (const byte of MAGIC) if (input.byte() !== byte) throw new DeltaError('this is no VCDIFF delta');
  // The version; xdelta3 writes 0, open-vcdiff "S" for a format of its own.
  if (input.byte() !== 0) throw new DeltaError('unknown version of VCDIFF');
  const indicator = input.byte();
  if ((indicator & (HEADER_SECONDARY | HEADER_TABLE)) !== 0) {
    throw new DeltaError('secondary compression and private tables are not understood');
  }
  if ((indicator & HEADER_APPLICATION) !== 0) input.bytes(input.integer());
}

interface Window {
  readonly indicator: number;
  /** Place and length of the source in the base or in the earlier target. */
  readonly from: number;
  readonly length: number;
  /** Bytes that the window makes. */
  readonly size: number;
  /** Adler-32 of them; null: none given. */
  readonly checksum: number | null;
  readonly literals: VcdiffReader;
  readonly instructions: VcdiffReader;
  readonly addresses: VcdiffReader;
}

function readWindow(input: VcdiffReader): Window {
  const indicator = input.byte();
  const hasSource = (indicator & (WINDOW_BASE | WINDOW_TARGET)) !== 0;
  const length = hasSource ? input.integer() : 0;
  const from = hasSource ? input.integer() : 0;
  const body = new VcdiffReader(input.bytes(input.integer()));
  const size = body.integer();
  if (body.byte() !== 0) throw new DeltaError('secondary compression is not understood');
  const [literals, instructions, addresses] = [body.integer(), body.integer(), body.integer()];
  const checksum = (indicator & WINDOW_CHECKSUM) === 0 ? null : body.word();
  const window = {
    indicator,
    from,
    length,
    size,
    checksum,
    literals: new VcdiffReader(body.bytes(literals)),
    instructions: new VcdiffReader(body.bytes(instructions)),
    addresses: new VcdiffReader(body.bytes(addresses)),
  };
  if (!body.isAtEnd) throw new DeltaError('a window is longer than its sections');
  return window;
}

function sourceOf({ indicator, from, length }: Window, base: Uint8Array, before: Uint8Array): Uint8Array {
  const whole = (indicator & WINDOW_TARGET) === 0 ? base : before;
  if (from + length > whole.length) throw new DeltaError('a window leaves the base');
  return whole.subarray(from, from + length);
}

class WindowDecoder {
  readonly #window: Window;
  readonly #source: Uint8Array;
  readonly #target: Uint8Array;
  readonly #start: number;
  readonly #cache = new AddressCache();
  #at: number;

  constructor(window: Window, source: Uint8Array, target: Uint8Array, start: number) {
    this.#window = window;
    this.#source = source;
    this.#target = target;
    this.#start = start;
    this.#at = start;
  }

  run(): void {
    const { instructions, size, checksum } = this.#window;
    const table = codeTable();
    while (!instructions.isAtEnd) {
      const row = instructions.byte() * CODE_ROW;
      this.#instruction(table[row] ?? 0, table[row + 1] ?? 0, table[row + 2] ?? 0);
      this.#instruction(table[row + 3] ?? 0, table[row + 4] ?? 0, table[row + 5] ?? 0);
    }
    if (this.#at !== this.#start + size) throw new DeltaError('a window is too short');
    if (checksum !== null && adler32(this.#target.subarray(this.#start, this.#at)) !== checksum) {
      throw new DeltaError('the checksum is another');
    }
  }

  #instruction(type: number, fixedSize: number, mode: number): void {
    if (type === NOOP) return;
    const { instructions, literals, size: windowSize } = this.#window;
    const size = fixedSize === 0 ? instructions.integer() : fixedSize;
    const end = this.#at + size;
    if (end > this.#start + windowSize) throw new DeltaError('a window is too long');
    if (type === ADD) this.#target.set(literals.bytes(size), this.#at);
    else if (type === COPY) this.#copy(this.#address(mode), size);
    else this.#target.fill(literals.byte(), this.#at, end);
    this.#at = end;
  }

  #address(mode: number): number {
    const { addresses } = this.#window;
    const here = this.#source.length + this.#at - this.#start;
    const address =
      mode < FIRST_SAME
        ? this.#cache.fromNumber(mode, addresses.integer(), here)
        : this.#cache.fromByte(mode, addresses.byte());
    if (address < 0 || address >= here) throw new DeltaError('a copy leaves its window');
    this.#cache.remember(address);
    return address;
  }

  /** Source and target of the window count as one text; a copy may reach into what it is only just writing. */
  #copy(address: number, size: number): void {
    const source = this.#source;
    const target = this.#target;
    const ofSource = Math.min(size, Math.max(0, source.length - address));
    target.set(source.subarray(address, address + ofSource), this.#at);
    let from = this.#start + address + ofSource - source.length;
    for (let at = this.#at + ofSource; at < this.#at + size; at++) target[at] = target[from++] ?? 0;
  }
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  return high * 65_536 + low;
}

class VcdiffReader extends DeltaReader {
  /** Seven bits a byte, the highest first; below 2^31. */
  integer(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 0x7f);
      if (value >= INTEGER_MAX) throw new DeltaError('a number is too large');
      if (byte < 0x80) return value;
    }
  }

  /** Four bytes, big-endian. */
  word(): number {
    return this.byte() * 2 ** 24 + this.byte() * 2 ** 16 + this.byte() * 2 ** 8 + this.byte();
  }
}
