/**
 * The steps of a run: which one is under way, and what its outputs carry. A step that is tried again has the same id and a newer start,
 * so that readers drop what the earlier try had written. Must not know: what a step does.
 */
import { type RunHeaders, type StepHeaders, type StepReason, stepEnd, stepStart } from '../wire/index.ts';
import type { Publisher } from './publisher.ts';

export interface StepsParts {
  readonly publisher: Publisher;
  /** `step-client-id`: the worker. */
  readonly clientId?: string | undefined;
  /**
   * Of a run that is answered once more: sets its steps apart from those of the answer before, and is the same in every try. Empty:
   * nothing to be set apart from.
   */
  readonly scope: string;
  /** Outputs outside of any step get one, so that a further try replaces them, too. */
  readonly coversAll: boolean;
}

/** Id of the step of outputs that are in no other. */
const REST = 'answer';

export class Steps {
  readonly #parts: StepsParts;
  #current: StepHeaders | null = null;
  #rest: Promise<StepHeaders> | null = null;

  constructor(parts: StepsParts) {
    this.#parts = parts;
  }

  get isInStep(): boolean {
    return this.#current !== null;
  }

  /** What outputs carry now. */
  async headers(run: RunHeaders): Promise<StepHeaders | undefined> {
    if (this.#current !== null) return this.#current;
    if (!this.#parts.coversAll) return undefined;
    this.#rest ??= this.#start(run, REST);
    return this.#rest;
  }

  /** What a step is called in the channel. */
  idOf(id: string): string {
    return `${id}${this.#parts.scope}`;
  }

  async begin(run: RunHeaders, id: string): Promise<void> {
    this.#current = await this.#start(run, id);
  }

  /** @param data of the event */
  async end(run: RunHeaders, reason: StepReason, data = ''): Promise<void> {
    const step = this.#current;
    this.#current = null;
    if (step !== null) await this.#parts.publisher.publish(stepEnd(run, step, reason), data);
  }

  /** Ends the step of the outputs that were in no other. */
  async endRest(run: RunHeaders, reason: StepReason): Promise<void> {
    const rest = this.#rest;
    this.#rest = null;
    const step = await rest?.catch(() => undefined);
    if (step !== undefined) await this.#parts.publisher.publish(stepEnd(run, step, reason));
  }

  async #start(run: RunHeaders, id: string): Promise<StepHeaders> {
    const { publisher, clientId } = this.#parts;
    const step: StepHeaders = { stepId: this.idOf(id), stepClientId: clientId };
    const { deliverySerial } = await publisher.publish(stepStart(run, step));
    return { ...step, stepStartSerial: String(deliverySerial) };
  }
}
