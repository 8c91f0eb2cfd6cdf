// Test support: one streaming append request, written by hand so that it can be cut anywhere.

import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

export interface AppendCaller {
  readonly status: number;
  /** Resolves with the head of the answer already read. */
  write(text: string | Buffer): void;
  end(): void;
  /** Breaks the connection. */
  cut(): void;
  /** The next line that says something; null at the end of the answer. */
  next(): Promise<Readonly<Record<string, unknown>> | null>;
  rest(): Promise<Readonly<Record<string, unknown>>[]>;
}

export async function openAppends(url: string): Promise<AppendCaller> {
  const sending: ClientRequest = request(url, {
    method: 'POST',
    headers: { 'transfer-encoding': 'chunked' },
  });
  sending.on('error', () => {});
  sending.flushHeaders();
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) return null;
      // CAST: every line of an answer is a JSON object.
      if (value !== '') return JSON.parse(value) as Readonly<Record<string, unknown>>;
    }
  };
  return {
    status: response.statusCode ?? 0,
    write: (text) => void sending.write(text),
    end: () => void sending.end(),
    cut: () => void sending.destroy(),
    next,
    async rest() {
      const all = [];
      for (let line = await next(); line !== null; line = await next()) all.push(line);
      return all;
    },
  };
}

export const line = (opId: string, data: string, more: object = {}): string =>
  `${JSON.stringify({ op_id: opId, data, ...more })}\n`;
