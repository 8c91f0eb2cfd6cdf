// Reads the body of a request that came the ordinary way, up to a limit. What comes beyond it is read and thrown away, so that
// the refusal reaches a sender that is still writing (divergence D47); the request timeout bounds how long.
import type { IncomingMessage } from 'node:http';

const NO_BODY = Buffer.alloc(0);

/**
 * The whole body; null as soon as it is known to be longer than `maxBytes`. Rejects when the peer goes away before its end.
 */
export function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced > maxBytes) {
    message.resume();
    return Promise.resolve(null);
  }
  if (message.complete && message.readableLength === 0) return Promise.resolve(NO_BODY);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;

    function settle(): void {
      message.off('data', onData);
      message.off('end', onEnd);
      message.off('close', onClose);
    }
    function onData(chunk: Buffer): void {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      settle();
      message.resume();
      resolve(null);
    }
    function onEnd(): void {
      settle();
      resolve(chunks.length === 1 ? (chunks[0] ?? NO_BODY) : Buffer.concat(chunks, length));
    }
    function onClose(): void {
      settle();
      reject(new Error('connection closed before the end of the request body'));
    }

    message.on('data', onData);
    message.on('end', onEnd);
    message.on('close', onClose);
  });
}
