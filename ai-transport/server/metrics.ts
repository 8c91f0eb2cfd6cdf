// What AI Transport counts, by app.
import { isAiEvent } from '@sockudo/ai-transport/wire';
import { ProtocolError } from '@sockudo/protocol';
import type { App } from '@sockudo/server/plugins';

/** Counts by label; labels are words of the code, so there are few. */
class Counts {
  readonly byLabel = new Map<string, number>();

  add(label: string, by = 1): void {
    this.byLabel.set(label, (this.byLabel.get(label) ?? 0) + by);
  }
}

export interface AppAiCounts {
  /** Events that passed the checks, by name, and refusals of any request, by `ai_code`. */
  readonly validated: Counts;
  readonly rejected: Counts;
}

export class AiMetrics {
  readonly #apps = new Map<string, AppAiCounts>();

  of({ id }: Pick<App, 'id'>): AppAiCounts {
    const known = this.#apps.get(id);
    if (known !== undefined) return known;
    const counts: AppAiCounts = { validated: new Counts(), rejected: new Counts() };
    this.#apps.set(id, counts);
    return counts;
  }

  /** Runs checks and counts how they came out. `event`: name of the AI event that is checked; null: it is none. */
  judge<Result>(app: App, event: string | null, check: () => Result): Result {
    try {
      const result = check();
      if (event !== null && isAiEvent(event)) this.of(app).validated.add(event);
      return result;
    } catch (error) {
      if (ProtocolError.is(error)) this.of(app).rejected.add(String(error.aiCode ?? error.wsCode));
      throw error;
    }
  }
}
