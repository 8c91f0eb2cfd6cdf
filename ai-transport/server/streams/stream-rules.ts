// What a message of an AI channel may grow to and how many of a channel may be open, decided in the step that stores it
// (ai-transport-wire.md sections 8 and 13.1).
import { httpError } from '@sockudo/protocol';
import type { AiTransportSettings, App, Plugin, Publication } from '@sockudo/server/plugins';
import type { MessageState, RecordChange, VersionDraft } from '@sockudo/server/ports';
import type { AiChannels } from '../channels.ts';
import { headersIn, streamStateOf } from '../extras-text.ts';
import { overCap } from '../refusals.ts';
import { closed, opened, STREAM_KIND } from './stream-records.ts';

type Caps = Pick<
  AiTransportSettings,
  'maxMessageBytes' | 'maxAppendsPerMessage' | 'maxOpenStreamsPerChannel' | 'orphanTtlMs'
>;

const NONE: readonly RecordChange[] = [];

/** Thrown as late as this, so that a worker whose run was taken from it, and its stream closed, hears that first. */
const REFUSED: RecordChange = {
  kind: STREAM_KIND,
  id: '',
  apply() {
    throw httpError('invalid_input', 'cannot append to a terminal message');
  },
};

export class StreamRules implements Plugin {
  readonly name = 'ai_transport streams';
  readonly #channels: AiChannels;
  readonly #caps: Caps;

  constructor(channels: AiChannels, caps: Caps) {
    this.#channels = channels;
    this.#caps = caps;
  }

  /** @throws ProtocolError 413 `payload_too_large`, 40009, as the changes do */
  recordsOfCreate({ channel, data, extras, messageId, versionSerial }: Publication): readonly RecordChange[] {
    if (versionSerial === undefined || !this.#channels.has(channel)) return NONE;
    const { maxMessageBytes } = this.#caps;
    if (Buffer.byteLength(data) > maxMessageBytes && contentBytes(data) > maxMessageBytes) {
      throw tooManyBytes(maxMessageBytes);
    }
    const { ai } = extras ?? {};
    if (ai === undefined || messageId === undefined || streamStateOf(ai) !== 'streaming') return NONE;
    return this.#opened(messageId, ai.transport?.['run-id']);
  }

  /** @throws ProtocolError 413 `payload_too_large`, 40009, for what outgrows a cap */
  guardVersion(_app: App, channel: string, current: MessageState, next: VersionDraft): void {
    if (!this.#channels.has(channel)) return;
    if (next.action === 'append') this.#guardAppend(current);
    const { maxMessageBytes } = this.#caps;
    if (!outgrows(current, next, maxMessageBytes)) return;
    throw tooManyBytes(maxMessageBytes);
  }

  /** The changes throw 400 for an append to what has ended. */
  recordsOfVersion(
    _app: App,
    channel: string,
    current: MessageState,
    next: VersionDraft,
  ): readonly RecordChange[] {
    if (!this.#channels.has(channel)) return NONE;
    if (next.action === 'append' && headersIn(current.extras).state === 'ended') return [REFUSED];
    const wasOpen = isOpen(current);
    const willBeOpen = isOpen(next);
    if (wasOpen === willBeOpen) return NONE;
    const { messageSerial, messageId = messageSerial } = current;
    if (!willBeOpen) return closed(messageId, messageSerial);
    return this.#opened(messageId, headersIn(next.extras).ai?.transport?.['run-id']);
  }

  #guardAppend({ appendCount }: MessageState): void {
    const { maxAppendsPerMessage } = this.#caps;
    if (appendCount >= maxAppendsPerMessage) {
      throw overCap(`message append count exceeds ${maxAppendsPerMessage}`);
    }
  }

  #opened(messageId: string, runId: string | undefined): readonly RecordChange[] {
    const { orphanTtlMs, maxOpenStreamsPerChannel: max } = this.#caps;
    return opened({ messageId, orphanTtlMs, max, ...(runId !== undefined && { runId }) });
  }
}

/** Nobody will add to what was deleted, whatever it says. */
export const isOpen = ({ action, extras }: Pick<MessageState, 'action' | 'extras'>): boolean =>
  action !== 'delete' && headersIn(extras).state === 'streaming';

/**
 * Content is counted as readers have it. Its JSON text is never shorter, so that only a text near the cap is looked at itself; and what
 * is over the cap already, because that was lowered, may stay as long as it doesn't grow.
 */
function outgrows(current: MessageState, next: VersionDraft, max: number): boolean {
  if (next.data === null) return false;
  const isAppend = next.action === 'append';
  if (Buffer.byteLength(next.data) + (isAppend ? current.dataBytes : 0) <= max) return false;
  const before = contentBytes(current.data());
  const after = contentBytes(next.data) + (isAppend ? before : 0);
  return after > max && after > before;
}

/** UTF-8 bytes of a text; of anything else, those of its JSON text. */
function contentBytes(json: string | null): number {
  if (json === null) return 0;
  return Buffer.byteLength(json.startsWith('"') ? String(JSON.parse(json)) : json);
}

const tooManyBytes = (max: number) => overCap(`accumulated message content exceeds ${max} bytes`);
