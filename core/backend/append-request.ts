// One request of a stream of appends: sends what is not acknowledged, then what comes, and reads the acknowledgements while it
// does. What follows from a failure is decided in append-stream.ts.
import type { AppendWindow } from './append-window.ts';
import type { Configuration } from './configuration.ts';
import { SockudoRequestError } from './errors.ts';
import {
  type AppRequest,
  addressOf,
  libraryHeaders,
  readBody,
  type SignedAddress,
  statusError,
} from './transport.ts';

/** What the server says of one append. */
export interface AppendAck {
  readonly opId: string;
  /** Place of the append on the channel's number line. */
  readonly deliverySerial: number;
  readonly versionSerial: string;
  /** `duplicate`: it had been stored before; the serials are those of then. */
  readonly status: 'applied' | 'duplicate';
}

export interface AppendRequestOptions {
  readonly config: Configuration;
  readonly route: AppRequest;
  readonly window: AppendWindow;
  readonly onAck: (ack: AppendAck) => void;
  /** Gives the request up. */
  readonly signal: AbortSignal;
}

/** Longest line of an answer. */
const MAX_ANSWER_LINE = 64 * 1024;

/**
 * Resolves when the server has ended its answer without complaint; whether all was acknowledged is for the caller to see.
 * Rejects with a SockudoRequestError.
 */
export async function requestAppends(options: AppendRequestOptions): Promise<void> {
  const { config, route, window, signal } = options;
  const address = addressOf(config, route);
  const silence = new Silence(config.timeoutMs, () => !window.isEmpty);
  const ended = new AbortController();
  try {
    // `duplex` is what fetch wants to hear for a body that is a stream; its type does not know it everywhere.
    const init: RequestInit & { duplex: 'half' } = {
      method: route.method,
      headers: libraryHeaders({ 'content-type': 'application/x-ndjson' }),
      redirect: 'manual',
      body: linesOf(window, ended.signal),
      duplex: 'half',
      signal: AbortSignal.any([signal, silence.signal]),
    };
    const response = await config.fetch(address.address, init);
    silence.broken();
    if (!response.ok) {
      throw statusError(response, await readBody(response), address.shownAddress, address.signature);
    }
    for await (const line of answerLines(response, () => silence.broken())) {
      options.onAck(ackOf(line, address));
    }
  } catch (error) {
    if (error instanceof SockudoRequestError) throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    const text = silence.signal.aborted
      ? `The server was silent for ${config.timeoutMs} ms`
      : 'Request failed with an error';
    throw new SockudoRequestError(text, { url: address.shownAddress, cause, isRetryable: true });
  } finally {
    silence.close();
    ended.abort();
  }
}

/** All that is due whenever the connection takes more, so that fragments which come faster than that share a write. */
function linesOf(window: AppendWindow, ended: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = window.firstNumber;
  return new ReadableStream(
    {
      async pull(controller) {
        while (!ended.aborted) {
          const due = window.linesFrom(next);
          next = due.next;
          if (due.text !== '') {
            controller.enqueue(encoder.encode(due.text));
            return;
          }
          if (window.isClosed) break;
          await window.changed();
        }
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* answerLines(response: Response, onBytes: () => void): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    onBytes();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_ANSWER_LINE) throw new Error('The answer has a line that is too long');
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}

/** Throws what the server complained of. */
function ackOf(line: string, { shownAddress: url }: SignedAddress): AppendAck {
  const value: Readonly<Record<string, unknown>> = JSON.parse(line);
  const { op_id: opId, delivery_serial: deliverySerial, version_serial: versionSerial, status } = value;
  if (typeof status === 'number') {
    const isRetryable = status === 429 || status >= 500;
    throw new SockudoRequestError(String(value.error), { url, status, body: line, isRetryable });
  }
  if (
    typeof opId !== 'string' ||
    typeof deliverySerial !== 'number' ||
    typeof versionSerial !== 'string' ||
    (status !== 'applied' && status !== 'duplicate')
  ) {
    throw new SockudoRequestError('The answer has an unknown form', { url, body: line, isRetryable: false });
  }
  return { opId, deliverySerial, versionSerial, status };
}

/** Fires when something was due and nothing was heard for this long. The server's signs of life count. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #wasBroken = true;

  constructor(timeoutMs: number, isDue: () => boolean) {
    this.#timer = setInterval(() => {
      if (!this.#wasBroken && isDue()) this.#controller.abort();
      this.#wasBroken = !isDue();
    }, timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    this.#wasBroken = true;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
