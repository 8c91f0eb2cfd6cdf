// All runs that are known here, the newest first; one of them is shown.
import { create, html } from '@sockudo/example-kit/page';
import type { JobView } from './job-view.ts';
import { stateOf } from './words.ts';

const time = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export class RunsView {
  readonly #onSelect: (runId: string) => void;
  readonly #rows = new Map<string, Row>();

  constructor(onSelect: (runId: string) => void) {
    this.#onSelect = onSelect;
  }

  /** @param jobs newest first */
  show(jobs: readonly JobView[], selected: string | null, hasOlder: boolean): void {
    html('past-none').hidden = jobs.length > 0;
    html('older').hidden = !hasOlder;
    const list = html('runs');
    for (const [id, { item }] of this.#rows) {
      if (jobs.some((job) => job.id === id)) continue;
      item.remove();
      this.#rows.delete(id);
    }
    jobs.forEach((job, index) => {
      const row = this.#rows.get(job.id) ?? this.#create(job.id);
      showRow(row, job, job.id === selected);
      if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
    });
  }

  #create(id: string): Row {
    const item = create('li', '');
    const button = create('button', '');
    button.type = 'button';
    button.addEventListener('click', () => this.#onSelect(id));
    const row = {
      item,
      button,
      name: create('span', 'name'),
      state: create('span', 'state'),
      when: create('span', 'when'),
    };
    button.append(row.name, row.state, row.when);
    item.append(button);
    this.#rows.set(id, row);
    return row;
  }
}

interface Row {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly name: HTMLSpanElement;
  readonly state: HTMLSpanElement;
  readonly when: HTMLSpanElement;
}

function showRow(
  { button, name, state, when }: Row,
  { id, folder, run, steps }: JobView,
  isShown: boolean,
): void {
  button.dataset.run = id;
  if (isShown) button.setAttribute('aria-current', 'true');
  else button.removeAttribute('aria-current');
  name.textContent = folder;
  state.dataset.state = run.status;
  state.textContent = stateOf(run);
  const at = run.createdAtMs === undefined ? 'just now' : time.format(run.createdAtMs);
  when.textContent = steps.length === 0 ? at : `${at} · ${steps.length - 1} documents`;
}
