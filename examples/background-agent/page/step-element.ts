// One step: its document, the tool that was called for it, and the summary as it is written.
import { create } from '@sockudo/example-kit/page';
import type { StepView, ToolView } from './job-view.ts';

export class StepElement {
  readonly root = create('li', 'step');
  readonly #title = create('span', '');
  readonly #again = create('span', 'again');
  readonly #tool = create('p', 'tool');
  readonly #call = create('code', '');
  readonly #result = create('span', '');
  readonly #summary = create('p', 'summary');

  constructor(id: string) {
    this.root.dataset.step = id;
    const head = create('h3', '');
    head.append(this.#title, this.#again);
    this.#tool.append(this.#call, this.#result);
    this.root.append(head, this.#tool, this.#summary);
  }

  show({ title, state, attempts, tool, text, isWriting }: StepView): void {
    this.root.dataset.state = state;
    this.#title.textContent = title;
    this.#again.hidden = attempts < 2;
    this.#again.textContent = `attempt ${attempts}`;
    this.#tool.hidden = tool === null;
    if (tool !== null) {
      this.#call.textContent = callOf(tool);
      this.#result.textContent = resultOf(tool);
    }
    this.#summary.hidden = text === '';
    this.#summary.classList.toggle('writing', isWriting);
    if (this.#summary.textContent !== text) this.#summary.textContent = text;
  }
}

/** `read_file("docs/a.md")`; of arguments that are still being written, as they stand. */
function callOf({ name, arguments: given }: ToolView): string {
  try {
    const { path } = JSON.parse(given);
    return `${name}(${JSON.stringify(path)})`;
  } catch {
    return `${name}(${given}`;
  }
}

const count = new Intl.NumberFormat();

const resultOf = ({ result }: ToolView): string =>
  result === null ? ' …' : ` → ${count.format(result.characters)} characters`;
