// Reads server-to-client WebSocket frames out of a byte stream, just far enough to count them and to look into a payload now
// and then: the load generator must be much cheaper than the server that it loads.

export class FrameReader {
  #carry: Buffer | null = null;
  readonly #onFrame: (bytes: Buffer, start: number, end: number) => void;

  constructor(onFrame: (bytes: Buffer, start: number, end: number) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let bytes = this.#carry === null ? chunk : Buffer.concat([this.#carry, chunk]);
    let at = 0;
    for (;;) {
      if (bytes.length - at < 2) break;
      let length = (bytes[at + 1] ?? 0) & 0x7f;
      let header = 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        header = 4;
      } else if (length === 127) {
        if (bytes.length - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        header = 10;
      }
      if (bytes.length - at < header + length) break;
      this.#onFrame(bytes, at + header, at + header + length);
      at += header + length;
    }
    bytes = bytes.subarray(at);
    this.#carry = bytes.length === 0 ? null : Buffer.from(bytes);
  }
}

/** A masked client text frame (mask of zeros, which is legal and free). */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = payload.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  header[0] = 0x81;
  if (payload.length < 126) {
    header[1] = 0x80 | payload.length;
  } else {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(payload.length, 2);
  }
  return Buffer.concat([header, payload]);
}
