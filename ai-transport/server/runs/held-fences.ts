// Claims that are known to be held, so that an append of a fenced stream needs no look at the run's record: at thousands of appends
// a second that look would cost more than the append. Only where one process alone has the log. Its steps run one after the other,
// and every change of a run forgets what was known of it inside its own step; so what stands here is true for the step that asks.
// Nothing is known of claims that are not held: for those the record decides, also after a step that was taken back.
import type { ChannelKey } from '@sockudo/server/ports';

const MAX_RUNS = 10_000;

export class HeldFences {
  readonly #isAlone: boolean;
  /** Text of the claim that is held, by run; the longest known first. */
  readonly #texts = new Map<string, string>();
  /** The same claims by channel and text. */
  readonly #known = new Set<string>();

  /** @param isAlone no other process changes the log */
  constructor(isAlone: boolean) {
    this.#isAlone = isAlone;
  }

  has(appId: string, channel: string, fence: string): boolean {
    return this.#known.size > 0 && this.#known.has(placeOf(appId, channel, fence));
  }

  add(appId: string, channel: string, runId: string, fence: string): void {
    if (!this.#isAlone) return;
    this.forget({ appId, channel }, runId);
    const oldest = this.#texts.size < MAX_RUNS ? undefined : this.#texts.entries().next().value;
    if (oldest !== undefined) this.#drop(...oldest);
    const known = placeOf(appId, channel, fence);
    this.#texts.set(placeOf(appId, channel, runId), known);
    this.#known.add(known);
  }

  forget({ appId, channel }: ChannelKey, runId: string): void {
    if (this.#texts.size === 0) return;
    const run = placeOf(appId, channel, runId);
    const known = this.#texts.get(run);
    if (known !== undefined) this.#drop(run, known);
  }

  #drop(run: string, known: string): void {
    this.#texts.delete(run);
    this.#known.delete(known);
  }
}

/** No channel name holds the separator. */
const placeOf = (appId: string, channel: string, text: string): string => `${appId}\n${channel}\n${text}`;
