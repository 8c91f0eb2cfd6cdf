// How long an ordinary request may take to arrive. Node's own limit counts for a whole server and so would cut off streams.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Gives the request this long to come to its end; then 408 if nothing was answered yet, and the connection is closed. */
export function limitUpload(request: IncomingMessage, response: ServerResponse, timeoutMs: number): void {
  if (request.complete) return;
  const { socket } = request;
  const timer = setTimeout(() => {
    if (socket.writable && !response.headersSent) {
      socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    }
    socket.destroySoon();
  }, timeoutMs);
  timer.unref();
  const stop = (): void => clearTimeout(timer);
  request.once('end', stop);
  request.once('close', stop);
}
