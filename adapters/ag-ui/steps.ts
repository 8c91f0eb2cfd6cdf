/** Steps of a run as they begin and end. Must not know: runs. */
import { type Event, EventType } from '@ag-ui/core';
import type { SessionStep } from '@sockudo/ai-transport';

export class Steps {
  readonly #open = new Set<string>();
  /** How often each was begun, as far as it was told. */
  readonly #begun = new Map<string, number>();

  tell(steps: readonly SessionStep[]): Event[] {
    return steps.flatMap((step) => this.#tellOne(step));
  }

  close(): Event[] {
    return [...this.#open].map((stepName) => this.#end(stepName));
  }

  #tellOne({ id, status, attempts }: SessionStep): Event[] {
    const events: Event[] = [];
    if ((this.#begun.get(id) ?? 0) < attempts) {
      if (this.#open.has(id)) events.push(this.#end(id));
      this.#begun.set(id, attempts);
      this.#open.add(id);
      events.push({ type: EventType.STEP_STARTED, stepName: id });
    }
    if (status !== 'active' && this.#open.has(id)) events.push(this.#end(id));
    return events;
  }

  #end(stepName: string): Event {
    this.#open.delete(stepName);
    return { type: EventType.STEP_FINISHED, stepName };
  }
}
