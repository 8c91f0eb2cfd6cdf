/**
 * VCDIFF encoder: one window over the whole base, the default instruction table, no secondary compression, no checksum.
 * That is what `xdelta3` names in protocol 2 and what every VCDIFF decoder understands. Pure.
 * Source: RFC 3284, sections 4 and 5.
 */
import { ByteWriter } from './byte-writer.ts';
import { findEdits, LITERAL } from './delta-match.ts';
import {
  ADD_CODE,
  ADD_SHORT_MAX,
  AddressCache,
  COPY_CODE,
  COPY_CODES_PER_MODE,
  COPY_SHORT_MAX,
  COPY_SHORT_MIN,
  FIRST_SAME,
} from './delta-vcdiff-code.ts';

/** "VCD" with the high bits set, version 0, and an indicator that says: nothing special. */
const HEADER: readonly number[] = [0xd6, 0xc3, 0xc4, 0, 0];
const WINDOW_WITHOUT_BASE = 0;
const WINDOW_OVER_BASE = 1;
const SECTIONS_AS_THEY_ARE = 0;

/** Kept from one delta to the next: making them anew would cost as much as writing a small delta. */
interface Scratch {
  readonly literals: ByteWriter;
  readonly instructions: ByteWriter;
  readonly addresses: ByteWriter;
  readonly window: ByteWriter;
  readonly delta: ByteWriter;
  readonly cache: AddressCache;
}

let scratch: Scratch | null = null;

function cleanScratch(): Scratch {
  scratch ??= {
    literals: new ByteWriter(),
    instructions: new ByteWriter(),
    addresses: new ByteWriter(),
    window: new ByteWriter(),
    delta: new ByteWriter(),
    cache: new AddressCache(),
  };
  // Whoever came before may have thrown half-way.
  for (const part of Object.values(scratch)) part.reset();
  return scratch;
}

/** A delta that makes `target` of `base`. Both may be of any content; at most 2^31-1 bytes. */
export function encodeVcdiff(base: Uint8Array, target: Uint8Array): Uint8Array {
  const out = cleanScratch();
  writeSections(base, target, out);
  const { literals, instructions, addresses, window, delta } = out;
  integer(window, target.length);
  window.byte(SECTIONS_AS_THEY_ARE);
  for (const section of [literals, instructions, addresses]) integer(window, section.length);
  for (const section of [literals, instructions, addresses]) window.bytes(section.finish());
  const body = window.finish();
  for (const byte of HEADER) delta.byte(byte);
  if (base.length === 0) delta.byte(WINDOW_WITHOUT_BASE);
  else {
    delta.byte(WINDOW_OVER_BASE);
    integer(delta, base.length);
    integer(delta, 0);
  }
  integer(delta, body.length);
  delta.bytes(body);
  return delta.finish();
}

function writeSections(base: Uint8Array, target: Uint8Array, out: Scratch): void {
  const { literals, instructions, addresses, cache } = out;
  const edits = findEdits(base, target);
  let at = 0;
  for (let i = 0; i < edits.length; i += 2) {
    const from = edits[i] ?? 0;
    const length = edits[i + 1] ?? 0;
    if (from === LITERAL) {
      add(instructions, length);
      literals.bytes(target.subarray(at, at + length));
    } else {
      const { mode, written } = cache.shortest(from, base.length + at);
      cache.remember(from);
      copy(instructions, length, mode);
      if (mode >= FIRST_SAME) addresses.byte(written);
      else integer(addresses, written);
    }
    at += length;
  }
}

function add(instructions: ByteWriter, length: number): void {
  if (length <= ADD_SHORT_MAX) {
    instructions.byte(ADD_CODE + length);
    return;
  }
  instructions.byte(ADD_CODE);
  integer(instructions, length);
}

function copy(instructions: ByteWriter, length: number, mode: number): void {
  const code = COPY_CODE + COPY_CODES_PER_MODE * mode;
  if (length >= COPY_SHORT_MIN && length <= COPY_SHORT_MAX) {
    instructions.byte(code + length - COPY_SHORT_MIN + 1);
    return;
  }
  instructions.byte(code);
  integer(instructions, length);
}

/** RFC 3284 section 2: seven bits a byte, the highest first, a set high bit says that more follow. */
function integer(out: ByteWriter, value: number): void {
  for (let shift = 28; shift > 0; shift -= 7) {
    if (value >= 2 ** shift) out.byte(0x80 | ((value >>> shift) & 0x7f));
  }
  out.byte(value & 0x7f);
}
