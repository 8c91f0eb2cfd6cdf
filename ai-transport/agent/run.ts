/**
 * One run as its agent sees it: start, steps, outputs, and one end. A run that is cancelled, or whose claim is lost, aborts `signal`;
 * after the loss nothing is published any more. Must not know: where cancels and steers come from, what keeps the claim.
 */
import {
  outputDiscrete,
  type Role,
  type RunHeaders,
  type RunReason,
  runEnd,
  runResume,
  runStart,
  runSuspend,
  type StepReason,
  type WireHeaders,
} from '../wire/index.ts';
import { AgentError } from './errors.ts';
import { type KeptResults, keptText } from './kept-results.ts';
import { type PipeOptions, type PipeResult, pipeText } from './pipe.ts';
import { type PublishedAt, Publisher, type PublisherParts, randomId } from './publisher.ts';
import { SourceReader, type TextSource } from './source.ts';
import { type Steer, Steers } from './steers.ts';
import { Steps, type StepsParts } from './steps.ts';

export interface RunOptions extends RunHeaders {
  /** Id of the answer's message, where a pipe or an output names none. Default: a new one. */
  readonly codecMessageId?: string | undefined;
  /** The run had begun before: 'start' announces a further attempt, 'resume' that it goes on after a suspend. */
  readonly continues?: 'start' | 'resume' | undefined;
}

export interface RunParts extends Omit<PublisherParts, 'onFenced'>, Omit<StepsParts, 'publisher'> {
  readonly options: RunOptions;
  /** Results that earlier attempts kept; absent: there was none. */
  readonly kept?: (() => Promise<Pick<KeptResults, 'has' | 'get'>>) | undefined;
  readonly describe: (error: unknown) => { code: string; message?: string | undefined };
  /** Nothing is expected for this run any more. May be called again. */
  readonly onOver: () => void;
}

export interface OutputOptions {
  readonly codecMessageId?: string | undefined;
  readonly role?: Role | undefined;
  /** Over `type` (the output's name) and `message-id`. */
  readonly codec?: WireHeaders | undefined;
}

export interface StepOptions {
  /**
   * What the step comes to is stored with its end, as JSON: a further attempt gets it from there and does not work again. Everybody who
   * reads the channel can see it.
   */
  readonly keep?: boolean | undefined;
}

export type RunState = 'new' | 'running' | 'suspended' | 'ended' | 'lost';

export interface EndError {
  readonly code: string;
  /** Shown to everybody in the session; cut to 256 bytes. */
  readonly message?: string | undefined;
}

interface Ending {
  readonly reason: RunReason;
  readonly error: EndError | undefined;
}

export class Run {
  readonly channel: string;
  readonly runId: string;
  readonly #parts: RunParts;
  readonly #publisher: Publisher;
  readonly #steps: Steps;
  readonly #steers: Steers;
  readonly #abort = new AbortController();
  /** Stops what is being piped when the run is over. */
  #over = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  readonly #answerId: string;
  readonly #endId = randomId();
  #headers: RunHeaders;
  #state: RunState = 'new';
  #ending: Ending | null = null;
  #ended: Promise<void> | null = null;

  constructor(parts: RunParts) {
    const { codecMessageId, continues: _, ...headers } = parts.options;
    this.channel = parts.channel;
    this.runId = headers.runId;
    this.#parts = parts;
    this.#headers = { ...headers, invocationId: headers.invocationId ?? `inv_${randomId()}` };
    this.#answerId = codecMessageId ?? `msg_${randomId()}`;
    this.#publisher = new Publisher({ ...parts, onFenced: (error) => this.lose(error) });
    this.#steps = new Steps({ ...parts, publisher: this.#publisher });
    this.#steers = new Steers(headers.inputCodecMessageId);
  }

  get state(): RunState {
    return this.#state;
  }

  /** Fires when somebody cancels the run (`reason.code` is `cancelled`) and when the claim is lost (`fenced`). Give it to the model. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get invocationId(): string {
    return this.#headers.invocationId ?? '';
  }

  get isCancelled(): boolean {
    return this.#reason?.code === 'cancelled';
  }

  /** Publishes that the run begins, or goes on. @throws AgentError */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new AgentError('not_running', `The run is ${this.#state}`);
    const { continues } = this.#parts.options;
    await this.#publisher.publish(
      continues === 'resume' ? runResume(this.#headers) : runStart(this.#headers, continues === 'start'),
    );
    this.#become('running');
    // Takes back what an earlier attempt wrote outside of steps, even if this one writes nothing there.
    if (continues !== undefined) await this.#steps.headers(this.#headers);
  }

  /**
   * A part of the run that can be tried again by itself: what it writes replaces what an earlier try under the same id wrote. One
   * after the other; `id` must be the same in every attempt.
   * @throws what `work` throws, after the step has ended as failed
   */
  async step<Result>(
    id: string,
    work: () => Promise<Result> | Result,
    { keep = false }: StepOptions = {},
  ): Promise<Result> {
    this.#requireRunning();
    this.signal.throwIfAborted();
    if (this.#steps.isInStep) throw new TypeError('Steps do not overlap');
    const kept = keep ? await this.#parts.kept?.() : undefined;
    // CAST: what the same step came to before.
    if (kept?.has(this.#steps.idOf(id))) return kept.get(this.#steps.idOf(id)) as Result;
    await this.#steps.begin(this.#headers, id);
    let reason: StepReason = 'failed';
    let data = '';
    try {
      const result = await work();
      if (keep) data = keptText(result);
      reason = 'complete';
      return result;
    } catch (error) {
      if (this.isCancelled) reason = 'cancelled';
      throw error;
    } finally {
      await this.#settled();
      if (this.#state === 'running') await this.#steps.end(this.#headers, reason, data);
    }
  }

  /**
   * Writes a model's stream into one message, as it comes. Resolves when its end is stored; a cancel ends it at once, and the text so
   * far stays. See pipe.ts.
   * @throws AgentError
   */
  pipe(source: TextSource, options: PipeOptions = {}): Promise<PipeResult> {
    return this.#tracked(this.#pipe(source, options));
  }

  /** Publishes something that is complete at once: a tool's result, a source. `name` becomes the codec's `type`. @throws AgentError */
  output(name: string, data: unknown, options: OutputOptions = {}): Promise<PublishedAt> {
    return this.#tracked(this.#output(name, data, options));
  }

  /** What people have said to the run since the last call. The next output names them: their receipt. */
  steers(): readonly Steer[] {
    return this.#steers.take();
  }

  /** Calls back for each steer as it arrives; take them with {@link steers}. Answers how to stop that. */
  onSteer(listener: (steer: Steer) => void): () => void {
    return this.#steers.listen(listener);
  }

  /** The run waits for a person or a tool; it goes on with the input that answers. What is being piped is stopped. @throws AgentError */
  async suspend(): Promise<void> {
    this.#requireRunning();
    await this.#stop('complete');
    await this.#publisher.publish(runSuspend(this.#headers));
    this.#become('suspended');
    if (this.#parts.fence !== undefined) this.#parts.onOver();
  }

  /** It goes on after {@link suspend}, where the agent stayed. @throws AgentError */
  async resume(invocationId = `inv_${randomId()}`): Promise<void> {
    if (!this.#isHeldSuspended) throw this.#notRunning();
    this.#headers = { ...this.#headers, invocationId };
    this.#over = new AbortController();
    await this.#publisher.publish(runResume(this.#headers));
    this.#become('running');
  }

  /** Ends the run. The first call decides; all resolve when that is stored. What is being piped is stopped. @throws AgentError */
  end(reason: RunReason = 'complete', error?: EndError): Promise<void> {
    this.#ending ??= { reason, error };
    this.#ended ??= this.#end(this.#ending).catch((failure: unknown) => {
      // The same end may be tried once more.
      this.#ended = null;
      throw failure;
    });
    return this.#ended;
  }

  /** Somebody asked it to stop. */
  cancel(): void {
    if (this.#reason !== null || this.#state === 'ended') return;
    this.#abort.abort(new AgentError('cancelled', 'The run was cancelled'));
  }

  /** The claim is gone. */
  lose(error = new AgentError('fenced', 'The claim on the run is not held any more')): void {
    if (this.#state === 'ended' || this.#state === 'lost') return;
    this.#publisher.close(error);
    this.#become('lost');
    // A cancel may have come before: what is piped still has to let go.
    if (!this.#abort.signal.aborted) this.#abort.abort(error);
    this.#over.abort(error);
    this.#parts.onOver();
  }

  /** Closes what is open, and says nothing more: the run is to be given back. Never rejects. */
  async halt(): Promise<void> {
    if (this.#state === 'running') {
      this.#ending ??= { reason: 'error', error: undefined };
      await this.#stop('failed').catch(() => {});
    }
    this.lose(new AgentError('stopped', 'The run was given back'));
  }

  /** Takes note of an input that came for the run. */
  addSteer(steer: Steer): void {
    if (this.#state !== 'ended' && this.#state !== 'lost') this.#steers.add(steer);
  }

  knowsSteer(codecMessageId: string): boolean {
    return this.#steers.knows(codecMessageId);
  }

  get #reason(): AgentError | null {
    return this.#abort.signal.aborted ? this.#abort.signal.reason : null;
  }

  async #pipe(source: TextSource, options: PipeOptions): Promise<PipeResult> {
    const reader = new SourceReader(source);
    try {
      this.#requireRunning();
      const output = await this.#outputHeaders(options);
      const signal = AbortSignal.any([this.#abort.signal, this.#over.signal]);
      const { describe } = this.#parts;
      const parts = { publisher: this.#publisher, run: this.#headers, output, signal, describe };
      return await pipeText(reader, parts, options);
    } finally {
      reader.release(undefined);
    }
  }

  async #output(name: string, data: unknown, options: OutputOptions): Promise<PublishedAt> {
    this.#requireRunning();
    const output = await this.#outputHeaders(options);
    const codec = { type: name, 'message-id': output.codecMessageId, ...options.codec };
    return this.#publisher.publish(outputDiscrete(this.#headers, { ...output, codec }), data);
  }

  async #outputHeaders({ codecMessageId = this.#answerId, role }: OutputOptions) {
    // What is stopped before it began leaves no trace.
    const step = this.signal.aborted ? undefined : await this.#steps.headers(this.#headers);
    return { codecMessageId, role, step, steerIds: this.#steers.takenIds };
  }

  async #end({ reason, error }: Ending): Promise<void> {
    if (this.#state !== 'new' && this.#state !== 'running' && !this.#isHeldSuspended)
      throw this.#notRunning();
    await this.#stop(reason === 'error' ? 'failed' : reason);
    await this.#publisher.publish(runEnd(this.#headers, reason, error), '', this.#endId);
    this.#become('ended');
    this.#over.abort(new AgentError('not_running', 'The run has ended'));
    this.#parts.onOver();
  }

  /** Messages are closed before what they belong to. */
  async #stop(reason: StepReason): Promise<void> {
    if (this.#open.size > 0) this.#over.abort(new AgentError('not_running', 'The run is over'));
    await this.#settled();
    await this.#steps.end(this.#headers, reason);
    await this.#steps.endRest(this.#headers, reason);
  }

  async #settled(): Promise<void> {
    await Promise.allSettled(this.#open);
  }

  /** A failure that the caller looks at late, or never, does not end the process. */
  #tracked<Answer>(work: Promise<Answer>): Promise<Answer> {
    this.#open.add(work);
    const forget = (): void => {
      this.#open.delete(work);
    };
    work.then(forget, forget);
    return work;
  }

  #requireRunning(): void {
    if (this.#state !== 'running' || this.#ending !== null) throw this.#notRunning();
  }

  #notRunning(): AgentError {
    return this.#publisher.closedBy ?? new AgentError('not_running', `The run is ${this.#state}`);
  }

  /** Suspended by an agent that stayed; a worker has given its claim back. */
  get #isHeldSuspended(): boolean {
    return this.#state === 'suspended' && this.#parts.fence === undefined;
  }

  #become(state: RunState): void {
    if (this.#state !== 'lost') this.#state = state;
  }
}
