// The run that is shown: its state, what happened to it, and its steps with what is being written.
import { byId, create, html } from '@sockudo/example-kit/page';
import type { JobView } from './job-view.ts';
import { StepElement } from './step-element.ts';
import { factsOf, notesOf, stateOf } from './words.ts';

export interface RunActions {
  readonly onCancel: (runId: string) => void;
  readonly onKill: (worker: string) => void;
}

export class RunView {
  readonly #steps = new Map<string, StepElement>();
  #shown: JobView | null = null;

  constructor({ onCancel, onKill }: RunActions) {
    html('cancel').addEventListener('click', () => {
      if (this.#shown !== null) onCancel(this.#shown.id);
    });
    html('kill').addEventListener('click', () => {
      const worker = this.#shown?.run.workerId;
      if (worker !== undefined) onKill(worker);
    });
  }

  /** @param empty what to say where there is no run */
  show(job: JobView | null, empty: string): void {
    html('run-none').hidden = job !== null;
    html('run-none').textContent = empty;
    html('run-shown').hidden = job === null;
    if (this.#shown?.id !== job?.id) this.#clear();
    this.#shown = job;
    if (job === null) return;
    html('run').dataset.run = job.id;
    showHead(job);
    showNotes(job);
    this.#showSteps(job);
  }

  #clear(): void {
    this.#steps.clear();
    html('steps').replaceChildren();
    html('notes').replaceChildren();
  }

  #showSteps({ steps }: JobView): void {
    for (const step of steps) {
      let element = this.#steps.get(step.id);
      if (element === undefined) {
        element = new StepElement(step.id);
        this.#steps.set(step.id, element);
        html('steps').append(element.root);
      }
      element.show(step);
    }
  }
}

function showHead(job: JobView): void {
  const { run, steps, done, isLive, folder } = job;
  html('run-title').textContent = folder;
  const state = html('run-state');
  state.dataset.state = run.status;
  setText(state, stateOf(run));
  setText(html('run-facts'), factsOf(job));
  const progress = html('run-progress');
  progress.ariaValueMax = String(Math.max(steps.length, 1));
  progress.ariaValueNow = String(done);
  const [bar] = progress.children;
  // Styles of elements are not what the page's content security policy forbids: it is about markup.
  if (bar instanceof HTMLElement) bar.style.width = `${(100 * done) / Math.max(steps.length, 1)}%`;
  const cancel = byId('cancel', HTMLButtonElement);
  cancel.hidden = !isLive;
  cancel.disabled = run.isCancelRequested;
  html('kill').hidden = run.status !== 'running' || run.workerId === undefined;
}

/** A log only grows, or a screen reader says everything anew. */
function showNotes(job: JobView): void {
  const notes = notesOf(job);
  const list = html('notes');
  notes.forEach(({ text, isBad }, index) => {
    const known = list.children[index];
    if (known === undefined) list.append(create('li', isBad ? 'bad' : '', text));
    else setText(known, text);
  });
  while (list.children.length > notes.length) list.lastElementChild?.remove();
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
