// For tests: a socket that keeps what was written to it, and a kernel behind it that can stop taking bytes.
import { Duplex } from 'node:stream';

export class FakeSocket extends Duplex {
  /** One item for each write, as the owner of the socket made it. */
  readonly writes: Buffer[] = [];
  #isStalled = false;
  #done: (() => void) | null = null;

  constructor(highWaterMark = 1024) {
    super({ highWaterMark });
  }

  override write(...parameters: unknown[]): boolean {
    const [chunk] = parameters;
    if (Buffer.isBuffer(chunk)) this.writes.push(chunk);
    // CAST: every form of write is passed on as it came.
    return super.write(...(parameters as Parameters<Duplex['write']>));
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#isStalled) this.#done = done;
    else done();
  }

  override _read(): void {}

  /** From now on the kernel takes nothing. */
  stall(): void {
    this.#isStalled = true;
  }

  /** The kernel takes one write that was waiting. */
  takeOne(): void {
    const done = this.#done;
    this.#done = null;
    done?.();
  }

  /** The kernel takes everything again. */
  resumeTaking(): void {
    this.#isStalled = false;
    this.takeOne();
  }
}

/** The payloads of the WebSocket frames in these bytes, which hold whole frames of the server. */
export function payloadsOf(writes: readonly Buffer[]): Buffer[] {
  const payloads: Buffer[] = [];
  let bytes = Buffer.concat(writes);
  while (bytes.length > 0) {
    const short = bytes.readUInt8(1);
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    payloads.push(bytes.subarray(head, head + length));
    bytes = bytes.subarray(head + length);
  }
  return payloads;
}

/** Resolves when everything that was queued in this turn of the event loop has been written. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
