// One request that carries many appends to a message: lines in, acknowledgements out. All that has arrived is applied
// together and acknowledged in one write; while the log works nothing further is read. docs/streaming-appends.md.
import { httpError } from '@sockudo/protocol';
import type { Logger } from 'pino';
import { errorAnswer } from '../http/error-answer.ts';
import type { StreamIo } from '../http/exchange-types.ts';
import type { OrderedOutcome } from '../messages/mutations.ts';
import { serialsIn } from '../messages/op-receipt.ts';
import type { MutationResult } from '../ports/message-log.ts';
import { isBlank, parseAppendLine, type StreamedAppend } from './append-line.ts';
import { LineSplitter, TOO_LONG } from './line-splitter.ts';
import { StreamInput } from './stream-input.ts';
import { writeAll } from './stream-output.ts';

export interface AppendStreamOptions {
  /** Appends in order: one outcome for each, up to and with the first that is not applied. Never rejects. */
  readonly append: (requests: readonly StreamedAppend[]) => Promise<readonly OrderedOutcome[]>;
  /** What the log's refusal is called. */
  readonly refusal: (result: Refused, request: StreamedAppend) => unknown;
  readonly logger: Logger;
  /** Bytes of one line: as many as the body of a single append. */
  readonly maxLineBytes: number;
  /** Bytes of the whole request; default 256 MiB. Then the producer is sent away to begin another one. */
  readonly maxBytes?: number;
  /** Hears what was read and written. */
  readonly onTraffic: (received: number, sent: number) => void;
}

type Settled = Extract<MutationResult, { readonly kind: 'committed' | 'duplicate' }>;
type Refused = Exclude<MutationResult, Settled>;

const MAX_BYTES = 256 * 1024 * 1024;
/** Appends that are with the log at a time, of one stream. */
const MAX_IN_FLIGHT = 512;

/** Why a stream ends before its sender does. */
interface Ending {
  readonly error: unknown;
  readonly opId?: string;
}

export class AppendStream {
  readonly #options: AppendStreamOptions;
  readonly #io: StreamIo;
  readonly #splitter: LineSplitter;
  #received = 0;

  constructor(io: StreamIo, options: AppendStreamOptions) {
    this.#io = io;
    this.#options = options;
    this.#splitter = new LineSplitter(options.maxLineBytes);
  }

  /** Resolves when everything that was taken on is settled and the answer has ended. */
  async run(): Promise<void> {
    const input = new StreamInput(this.#io.input, this.#io.ending);
    try {
      const ending = await this.#consume(input);
      if (ending !== null) await this.#write(this.#errorLine(ending));
    } finally {
      input.close();
      this.#io.output.end();
    }
  }

  /** Null: the sender has said all, or is gone. */
  async #consume(input: StreamInput): Promise<Ending | null> {
    for (;;) {
      const pulled = await input.pull();
      switch (pulled.kind) {
        case 'cut':
          return null;
        case 'end':
          return this.#apply([this.#splitter.rest()]);
        case 'ending':
          return { error: goElsewhere('The server is shutting down: continue on another connection') };
        case 'chunk': {
          const ending = await this.#take(pulled.bytes);
          if (ending !== null) return ending;
        }
      }
    }
  }

  async #take(bytes: Buffer): Promise<Ending | null> {
    this.#received += bytes.length;
    this.#options.onTraffic(bytes.length, 0);
    const ending = await this.#apply(this.#splitter.push(bytes));
    if (ending !== null) return ending;
    if (this.#received <= (this.#options.maxBytes ?? MAX_BYTES)) return null;
    return { error: goElsewhere('This request has carried enough: continue with another one') };
  }

  /** What can be read up to the first bad line is applied and acknowledged. */
  async #apply(lines: readonly (Buffer | typeof TOO_LONG)[]): Promise<Ending | null> {
    let due: StreamedAppend[] = [];
    for (const line of lines) {
      if (line !== TOO_LONG && isBlank(line)) continue;
      const append = this.#parse(line);
      if ('error' in append) return (await this.#commit(due)) ?? append;
      due.push(append);
      if (due.length < MAX_IN_FLIGHT) continue;
      const ending = await this.#commit(due);
      if (ending !== null) return ending;
      due = [];
    }
    return this.#commit(due);
  }

  #parse(line: Buffer | typeof TOO_LONG): StreamedAppend | Ending {
    const { maxLineBytes } = this.#options;
    if (line === TOO_LONG) {
      return { error: httpError('payload_too_large', `Line exceeds the limit of ${maxLineBytes} bytes`) };
    }
    try {
      return parseAppendLine(line);
    } catch (error) {
      return { error };
    }
  }

  async #commit(due: readonly StreamedAppend[]): Promise<Ending | null> {
    if (due.length === 0) return null;
    const outcomes = await this.#options.append(due);
    let acks = '';
    let ending: Ending | null = null;
    for (const [index, outcome] of outcomes.entries()) {
      const request = due[index];
      if (request === undefined) break;
      if (outcome.kind === 'committed' || outcome.kind === 'duplicate')
        acks += ackLine(request.opId, outcome);
      else ending = { opId: request.opId, error: this.#errorOf(outcome, request) };
    }
    await this.#write(acks);
    return ending;
  }

  #errorOf(outcome: Exclude<OrderedOutcome, Settled>, request: StreamedAppend): unknown {
    return outcome.kind === 'failed' ? outcome.error : this.#options.refusal(outcome, request);
  }

  #errorLine({ error, opId }: Ending): string {
    const { body } = errorAnswer(error, this.#options.logger);
    return opId === undefined ? `${body}\n` : `${body.slice(0, -1)},"op_id":${JSON.stringify(opId)}}\n`;
  }

  async #write(text: string): Promise<void> {
    if (text === '') return;
    this.#options.onTraffic(0, text.length);
    await writeAll(this.#io.output, text);
  }
}

/** The sender may go on at once, with what is not acknowledged. */
const goElsewhere = (text: string): unknown => httpError('service_unavailable', text);

function ackLine(opId: string, result: Settled): string {
  if (result.kind === 'committed') {
    const { serial, versionSerial } = result.entry;
    return encodeAck(opId, serial, versionSerial, 'applied');
  }
  const { deliverySerial, versionSerial } = serialsIn(result.receipt);
  return encodeAck(opId, deliverySerial, versionSerial, 'duplicate');
}

function encodeAck(opId: string, deliverySerial: number, versionSerial: string, status: string): string {
  return (
    `{"op_id":${JSON.stringify(opId)},"delivery_serial":${deliverySerial},` +
    `"version_serial":${JSON.stringify(versionSerial)},"status":"${status}"}\n`
  );
}
