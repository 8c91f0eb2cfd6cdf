/**
 * From a model's stream to one message of the run. Must not know: runs, steps, claims; it is given headers and a signal.
 */
import {
  type OutputHeaders,
  outputCreate,
  outputTerminal,
  type Role,
  type RunHeaders,
  type WireHeaders,
} from '../wire/index.ts';
import { AgentError } from './errors.ts';
import { type Publisher, randomId } from './publisher.ts';
import type { SourceReader } from './source.ts';
import { type Ending, TextMessage } from './text-message.ts';

export interface PipeOptions {
  /** Message of the conversation that the text belongs to; several pieces (reasoning, text) may share one. Default: the run's answer. */
  readonly codecMessageId?: string | undefined;
  /** What the text is: `text`, `reasoning`, `tool-input`, or a word of your own (lower case, digits, hyphens). Default `text`. */
  readonly kind?: string | undefined;
  /** Default `assistant`. */
  readonly role?: Role | undefined;
  /** Further codec headers, over `type`, `id` and `message-id`. Of `tool-input`: `tool-call-id` and `tool-name`. */
  readonly codec?: WireHeaders | undefined;
  /** Codec headers that are known only at the end: asked for once the stream has ended, and written over `codec` as it is closed. */
  readonly codecAtEnd?: (() => WireHeaders) | undefined;
  /** The message is stored, and thereby its place in the conversation. Not called where there is no text. */
  readonly onCreate?: (() => void) | undefined;
  /** Appends under way before text is joined into larger ones. Default 8. */
  readonly maxInFlight?: number | undefined;
}

export interface PipeResult {
  /** All that came, and that is stored. */
  readonly text: string;
  /** `cancelled`: the run was asked to stop, or ended, before the stream had. */
  readonly status: 'complete' | 'cancelled';
  readonly codecMessageId: string;
  /** Null: there was no text, and so there is no message. */
  readonly messageSerial: string | null;
}

export interface PipeParts {
  readonly publisher: Publisher;
  readonly run: RunHeaders;
  readonly output: Omit<OutputHeaders, 'codec'>;
  /** Aborted: stop reading, keep what came. */
  readonly signal: AbortSignal;
  /** What others are told of the source's error. */
  readonly describe: (error: unknown) => Ending['error'];
}

const KIND = /^[a-z0-9-]{1,40}$/;
const DEFAULT_MAX_IN_FLIGHT = 8;

/**
 * Reads the source to its end, unless the signal comes first; lets go of it in every case.
 * @throws AgentError `source_failed`, `message_too_large`, `fenced`, `publish_failed`; TypeError for wrong arguments
 */
export async function pipeText(
  reader: SourceReader,
  parts: PipeParts,
  options: PipeOptions,
): Promise<PipeResult> {
  const message = messageOf(parts, options, (error) => reader.release(error));
  const stop = (): void => {
    reader.release(parts.signal.reason);
    if (parts.publisher.closedBy !== null) message.abandon();
  };
  if (parts.signal.aborted) stop();
  parts.signal.addEventListener('abort', stop);
  try {
    return await copy(reader, message, parts);
  } finally {
    reader.release(undefined);
    parts.signal.removeEventListener('abort', stop);
  }
}

async function copy(reader: SourceReader, message: TextMessage, parts: PipeParts): Promise<PipeResult> {
  const { output, describe } = parts;
  let ending: Ending = { status: 'complete' };
  let failure: unknown;
  try {
    for (let piece = await reader.next(); piece !== 'end'; piece = await reader.next()) {
      if (piece === 'given up') {
        ending = { status: 'cancelled' };
        break;
      }
      message.push(piece.text);
      if (message.isFull) await message.room();
    }
  } catch (error) {
    failure = error;
    ending = { status: 'cancelled', error: describe(error) };
  }
  await finish(message, ending);
  if (failure !== undefined) throw sourceFailed(failure, message.text);
  return {
    text: message.text,
    status: ending.status,
    codecMessageId: output.codecMessageId,
    messageSerial: message.serial,
  };
}

async function finish(message: TextMessage, ending: Ending): Promise<void> {
  try {
    await message.finish(ending);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new AgentError(error.code, error.message, { cause: error.cause, text: message.text });
  }
}

const sourceFailed = (cause: unknown, text: string): AgentError =>
  new AgentError('source_failed', 'The stream that was piped failed', { cause, text });

function messageOf(
  { publisher, run, output }: PipeParts,
  options: PipeOptions,
  onFailure: (error: AgentError) => void,
): TextMessage {
  const { kind = 'text', codec = {}, codecAtEnd, onCreate, maxInFlight = DEFAULT_MAX_IN_FLIGHT } = options;
  if (!KIND.test(kind)) throw new TypeError('kind must be of a-z, 0-9 and -, at most 40');
  const streamId = `${kind}:${randomId()}`;
  const headersWith = (type: string, more?: WireHeaders): OutputHeaders => ({
    ...output,
    codec: { type, id: streamId, 'message-id': output.codecMessageId, ...codec, ...more },
  });
  const endType = kind === 'tool-input' ? 'tool-input-available' : `${kind}-end`;
  return new TextMessage({
    publisher,
    create: outputCreate(run, headersWith(`${kind}-start`), streamId),
    terminal: ({ status, error }) =>
      outputTerminal(run, headersWith(endType, codecAtEnd?.()), streamId, status, error),
    maxInFlight,
    onCreate,
    onFailure,
  });
}
