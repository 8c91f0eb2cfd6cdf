// Writing a long answer without letting it pile up.
import type { Writable } from 'node:stream';

/** Resolves when the peer takes more, or is gone; never rejects. */
export function writeAll(output: Writable, data: string | Buffer): Promise<void> {
  if (output.destroyed || output.writableEnded || output.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      output.off('drain', settle);
      output.off('close', settle);
      resolve();
    };
    output.on('drain', settle);
    output.on('close', settle);
  });
}
