/**
 * Writes what a model says into one message of a run. Each piece is a message of the channel: text streams, several at once where
 * the model does so, the rest is complete at once. They stand in the channel in the order in which the model began them. Must not
 * know: where the events come from, what they come to.
 */
import type { Run } from '../agent/run.ts';
import type { WireHeaders } from '../wire/transport-headers.ts';
import type { ModelEnding } from './collector.ts';
import { ModelError } from './errors.ts';
import type { ModelEvent, ProviderMetadata } from './events.ts';
import { TextQueue } from './text-queue.ts';
import { finishWording, idValue, metadataHeaders, usageWording, type Wording, wordingOf } from './wording.ts';

/** The part of a run that it needs. */
export type WritableRun = Pick<Run, 'pipe' | 'output'>;

type Kind = 'text' | 'reasoning' | 'tool-input';

interface OpenPart {
  readonly kind: Kind;
  readonly queue: TextQueue;
  readonly codec: WireHeaders;
  /** Known at the end. */
  codecAtEnd: WireHeaders;
  /** All that came. */
  text: string;
  /** Resolves when it is stored; null: there was no text yet. Never rejects. */
  piped: Promise<void> | null;
}

/** Pieces that grow at once. */
const OPEN_MAX = 64;

type Placed = Exclude<Parameters<typeof wordingOf>[0], { readonly type: 'response' }>;

export class MessageWriter {
  readonly #run: WritableRun;
  readonly #codecMessageId: string | undefined;
  readonly #onFailure: (error: unknown) => void;
  readonly #open = new Map<string, OpenPart>();
  /** Pieces that have ended and are not stored yet, and what has no place among the others. */
  readonly #pending = new Set<Promise<void>>();
  /** Resolves when the newest piece has its place. */
  #placed: Promise<unknown> = Promise.resolve();
  #parts = 0;
  readonly #salt = crypto.randomUUID().slice(0, 8);
  /** Failures of pieces are consequences of one that is known. */
  #hasFailed = false;
  #wasStopped = false;

  /** @param onFailure a piece could not be written, or `null`: the run was stopped. Called once */
  constructor(run: WritableRun, codecMessageId: string | undefined, onFailure: (error: unknown) => void) {
    this.#run = run;
    this.#codecMessageId = codecMessageId;
    this.#onFailure = onFailure;
  }

  /** Resolves when more may be written. @throws AgentError, ModelError */
  async write(event: ModelEvent): Promise<void> {
    switch (event.type) {
      case 'text-start':
      case 'reasoning-start':
        this.#part(event.type === 'text-start' ? 'text' : 'reasoning', event.id);
        return;
      case 'text-delta':
      case 'reasoning-delta':
        return this.#grow(
          this.#part(event.type === 'text-delta' ? 'text' : 'reasoning', event.id),
          event.text,
        );
      case 'text-end':
      case 'reasoning-end':
        return this.#end(event.type === 'text-end' ? 'text' : 'reasoning', event.id, event.metadata);
      case 'tool-input-start':
        this.#part('tool-input', event.toolCallId, toolHeaders(event));
        return;
      case 'tool-input-delta':
        return this.#grow(
          this.#part('tool-input', event.toolCallId, toolHeaders({ ...event, toolName: 'tool' })),
          event.text,
        );
      case 'tool-input-end':
        return this.#endCall(event);
      case 'usage':
      case 'finish':
        return;
      case 'response':
        // Says nothing of the pieces' order, so that none waits for it.
        return this.#track(this.#output(wordingOf(event)));
      default:
        return this.#place(wordingOf(event as Placed));
    }
  }

  /**
   * Closes what is open, and says how the answer ended. Calls that were not completed are closed as cut off. Resolves when all is stored.
   * @throws AgentError
   */
  async finish(type: 'finish' | 'finish-step', { usage, finish }: ModelEnding): Promise<void> {
    for (const part of this.#open.values()) {
      if (part.kind === 'tool-input') part.queue.fail(CUT_OFF);
      else part.queue.end();
    }
    await this.#settled();
    if (usage !== undefined) await this.#output(usageWording(usage));
    if (finish !== undefined) await this.#output(finishWording(type, finish.reason, finish.rawReason));
  }

  /** Closes what is open with the error. Resolves when that is stored, as far as it can be. Never rejects. */
  async fail(error: unknown): Promise<void> {
    this.#hasFailed = true;
    for (const { queue } of this.#open.values()) queue.fail(error);
    await this.#settled();
  }

  /** The run was stopped: its pipes end by themselves. Never rejects. */
  async stop(): Promise<void> {
    this.#hasFailed = true;
    for (const { queue } of this.#open.values()) queue.end();
    await this.#settled();
  }

  /** @throws AgentError */
  async say(wording: Wording): Promise<void> {
    await this.#output(wording);
  }

  #part(kind: Kind, id: string, codec: WireHeaders = {}): OpenPart {
    const key = `${kind} ${id}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    if (this.#open.size >= OPEN_MAX)
      throw new ModelError('provider_error', `A model writes at most ${OPEN_MAX} pieces at once`);
    const name = `${this.#salt}-${this.#parts++}`;
    const part: OpenPart = {
      kind,
      queue: new TextQueue(),
      codec: { id: name, ...codec },
      codecAtEnd: {},
      text: '',
      piped: null,
    };
    this.#open.set(key, part);
    return part;
  }

  async #grow(part: OpenPart, text: string): Promise<void> {
    if (text === '') return;
    part.text += text;
    const room = part.queue.push(text);
    if (part.piped === null) await this.#begin(part);
    await room;
  }

  async #begin(part: OpenPart): Promise<void> {
    // What came before must have its place.
    await this.#placed;
    const created = Promise.withResolvers<void>();
    const { kind, codec } = part;
    const piping = this.#run.pipe(part.queue, {
      kind,
      codec,
      codecMessageId: this.#codecMessageId,
      codecAtEnd: () => part.codecAtEnd,
      onCreate: created.resolve,
    });
    part.piped = piping.then(
      ({ status }) => {
        if (status === 'cancelled') this.#stopped();
      },
      (error: unknown) => this.#failed(error),
    );
    this.#placed = Promise.race([created.promise, part.piped]);
  }

  async #end(kind: Kind, id: string, metadata: ProviderMetadata | undefined): Promise<void> {
    const part = this.#part(kind, id);
    this.#open.delete(`${kind} ${id}`);
    const call = part.codec['tool-call-id'];
    const name: WireHeaders = call === undefined ? { id: part.codec.id ?? '' } : { 'tool-call-id': call };
    const { codec, separate } = metadataHeaders(metadata, name);
    part.codecAtEnd = codec;
    part.queue.end();
    if (part.piped !== null) this.#track(part.piped);
    else await this.#placeEmpty(part, metadata !== undefined);
    if (separate !== undefined) await this.#place(separate);
  }

  /** A piece without text has no stream: what must not be lost of it is written at once. */
  async #placeEmpty({ kind, codec, codecAtEnd }: OpenPart, hasMetadata: boolean): Promise<void> {
    const headers = { ...codec, ...codecAtEnd };
    if (kind === 'tool-input') {
      await this.#place({ type: 'tool-input-available', data: {}, codec: headers });
    } else if (hasMetadata) await this.#place({ type: `${kind}-end`, data: '', codec: headers });
  }

  async #endCall(event: ModelEvent & { readonly type: 'tool-input-end' }): Promise<void> {
    const { toolCallId, inputText, metadata } = event;
    const part = this.#part('tool-input', toolCallId, toolHeaders(event));
    // What did not come in pieces.
    if (inputText.startsWith(part.text)) await this.#grow(part, inputText.slice(part.text.length));
    await this.#end('tool-input', toolCallId, metadata);
  }

  async #place(wording: Wording): Promise<void> {
    await this.#placed;
    const written = this.#output(wording);
    this.#placed = written.catch(() => {});
    await written;
  }

  async #output({ type, data, codec }: Wording): Promise<void> {
    await this.#run.output(type, data, { codec, codecMessageId: this.#codecMessageId });
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#failed(error))
      .finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }

  async #settled(): Promise<void> {
    const open = [...this.#open.values()].map(({ piped }) => piped);
    this.#open.clear();
    await Promise.all([...open, ...this.#pending]);
  }

  #failed(error: unknown): void {
    if (this.#hasFailed || isCutOff(error)) return;
    this.#hasFailed = true;
    this.#onFailure(error);
  }

  #stopped(): void {
    if (this.#hasFailed || this.#wasStopped) return;
    this.#wasStopped = true;
    this.#onFailure(null);
  }
}

/** Why a call ends that the model did not complete. */
const CUT_OFF = new ModelError('provider_error', 'The call was not completed');

const isCutOff = (error: unknown): boolean => error instanceof Error && error.cause === CUT_OFF;

const toolHeaders = ({
  toolCallId,
  toolName,
  providerExecuted = false,
}: {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly providerExecuted?: boolean | undefined;
}): WireHeaders => ({
  'tool-call-id': idValue(toolCallId),
  'tool-name': idValue(toolName),
  ...(providerExecuted && { 'provider-executed': 'true' }),
});
