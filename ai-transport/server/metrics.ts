// What AI Transport counts, by app (ai-transport-wire.md section 20).
import { isAiEvent, type Lifecycle } from '@sockudo/ai-transport/wire';
import { ProtocolError } from '@sockudo/protocol';
import { type App, NumberHistogram } from '@sockudo/server/plugins';

const SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

/** Counts by label. Labels are words of the code, so there are few. */
export class Counts {
  readonly byLabel = new Map<string, number>();

  add(label: string, by = 1): void {
    this.byLabel.set(label, (this.byLabel.get(label) ?? 0) + by);
  }
}

export class AppAiCounts {
  /** Events that passed the checks, by name, and refusals of any request, by `ai_code` or, without one, the socket's code. */
  readonly validated = new Counts();
  readonly rejected = new Counts();
  runsStarted = 0;
  /** By reason. */
  readonly runsEnded = new Counts();
  cancelSignals = 0;
  /** UTF-8 bytes of the JSON texts that streams began with and grew by. */
  streamBytes = 0;
  /** From the create to the version that ended the message. */
  readonly streamSeconds = new NumberHistogram(SECONDS);
}

export class AiMetrics {
  readonly #apps = new Map<string, AppAiCounts>();

  of({ id }: Pick<App, 'id'>): AppAiCounts {
    const known = this.#apps.get(id);
    if (known !== undefined) return known;
    const counts = new AppAiCounts();
    this.#apps.set(id, counts);
    return counts;
  }

  all(): Iterable<[appId: string, counts: AppAiCounts]> {
    return this.#apps;
  }

  /** Runs checks and counts how they came out. `event`: name of the event that is checked; null: it is none. */
  judge<Result>(app: Pick<App, 'id'>, event: string | null, check: () => Result): Result {
    try {
      const result = check();
      if (event !== null && isAiEvent(event)) this.of(app).validated.add(event);
      return result;
    } catch (error) {
      if (ProtocolError.is(error)) this.of(app).rejected.add(String(error.aiCode ?? error.wsCode));
      throw error;
    }
  }

  /** Counts an event that was published. */
  countRun(app: Pick<App, 'id'>, { kind, reason = 'unknown' }: Pick<Lifecycle, 'kind' | 'reason'>): void {
    if (kind === 'run-start') this.of(app).runsStarted += 1;
    if (kind === 'run-end') this.of(app).runsEnded.add(reason);
    if (kind === 'cancel') this.of(app).cancelSignals += 1;
  }
}
