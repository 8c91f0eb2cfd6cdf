// The bytes of an answer as Node's own HTTP server would write them, for answers it does not write itself. A test compares
// the two, header for header.
import { STATUS_CODES } from 'node:http';
import type { HttpAnswer } from '../exchange-types.ts';
import { KEEP_ALIVE_TIMEOUT_MS } from '../timeouts.ts';

export interface AnswerWriter {
  /** Head and body, for a connection that stays open. */
  write(answer: HttpAnswer): string;
}

const KEEP_ALIVE_LINES = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(KEEP_ALIVE_TIMEOUT_MS / 1000)}\r\n\r\n`;

export function createAnswerWriter(): AnswerWriter {
  let dateSecond = 0;
  let tail = '';

  /** Date and what follows it, made once a second. */
  function currentTail(): string {
    const nowMs = Date.now();
    const second = Math.floor(nowMs / 1000);
    if (second !== dateSecond) {
      dateSecond = second;
      tail = `Date: ${new Date(nowMs).toUTCString()}\r\n${KEEP_ALIVE_LINES}`;
    }
    return tail;
  }

  return {
    write({ status, contentType, body, headers }) {
      let head =
        status === 200
          ? 'HTTP/1.1 200 OK\r\n'
          : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
      if (contentType !== null) head += `content-type: ${contentType}\r\n`;
      head += `content-length: ${Buffer.byteLength(body)}\r\n`;
      if (headers !== undefined) for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
      return head + currentTail() + body;
    },
  };
}
