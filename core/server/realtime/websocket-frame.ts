// Server-to-client WebSocket frames (RFC 6455 section 5.2) as finished buffers: unmasked, one fragment. A message is framed
// once and the same bytes go to every socket, which `ws` cannot do through its own `send`.

const TEXT = 0x81;
const BINARY = 0x82;
const PONG = 0x8a;

export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = withHeader(TEXT, length);
  frame.write(text, frame.length - length, 'utf8');
  return frame;
}

export function binaryFrame(bytes: Uint8Array): Buffer {
  const frame = withHeader(BINARY, bytes.length);
  frame.set(bytes, frame.length - bytes.length);
  return frame;
}

/** `payload`: what the Ping carried, at most 125 bytes. */
export function pongFrame(payload: Uint8Array): Buffer {
  const frame = withHeader(PONG, payload.length);
  frame.set(payload, frame.length - payload.length);
  return frame;
}

function withHeader(opcode: number, length: number): Buffer {
  if (length < 126) {
    const frame = Buffer.allocUnsafe(2 + length);
    frame[0] = opcode;
    frame[1] = length;
    return frame;
  }
  if (length < 65_536) {
    const frame = Buffer.allocUnsafe(4 + length);
    frame[0] = opcode;
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
    return frame;
  }
  const frame = Buffer.allocUnsafe(10 + length);
  frame[0] = opcode;
  frame[1] = 127;
  frame.writeBigUInt64BE(BigInt(length), 2);
  return frame;
}
