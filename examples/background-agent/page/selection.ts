// Which run is shown: the one that was chosen, also after a reload; without a choice the one that is worked on, or else the newest.
import type { JobView } from './job-view.ts';

export class Selection {
  #chosen: string | null = decodeURIComponent(location.hash.slice(1)) || null;

  choose(runId: string): void {
    this.#chosen = runId;
    history.replaceState(null, '', `#${encodeURIComponent(runId)}`);
  }

  /** @param jobs newest first */
  of(jobs: readonly JobView[]): JobView | null {
    return (
      jobs.find(({ id }) => id === this.#chosen) ??
      jobs.find(({ run }) => run.status === 'running') ??
      jobs[0] ??
      null
    );
  }
}
