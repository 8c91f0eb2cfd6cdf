// The runs of the session as jobs. What did not change is the same object as before, so that a long list costs nothing per token.
import type { Session, SessionMessage, SessionRun } from '@sockudo/ai-transport';
import { type JobView, jobView } from './job-view.ts';

interface Made {
  readonly run: SessionRun;
  readonly messages: readonly SessionMessage[];
  readonly job: JobView;
}

export class Jobs {
  readonly #session: Pick<Session, 'runs' | 'view'>;
  #made = new Map<string, Made>();

  constructor(session: Pick<Session, 'runs' | 'view'>) {
    this.#session = session;
  }

  newestFirst(): JobView[] {
    const messages = Map.groupBy(this.#session.view().messages, ({ runId }) => runId);
    const made = new Map<string, Made>();
    for (const run of this.#session.runs) made.set(run.id, this.#make(run, messages.get(run.id) ?? []));
    this.#made = made;
    return [...made.values()].map(({ job }) => job).reverse();
  }

  #make(run: SessionRun, messages: readonly SessionMessage[]): Made {
    const known = this.#made.get(run.id);
    const isSame =
      known?.run === run &&
      known.messages.length === messages.length &&
      known.messages.every((message, index) => message === messages[index]);
    return isSame ? known : { run, messages, job: jobView(run, messages) };
  }
}
