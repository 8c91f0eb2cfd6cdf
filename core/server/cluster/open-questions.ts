// Questions to the other nodes that are waiting for answers. A node that does not answer costs a second and no more.

/** Longest wait for the answers of all nodes. */
const WAIT_MS = 1000;
/** Questions open at the same time; a further one is answered by nobody. */
const MAX_OPEN = 10_000;

interface OpenQuestion {
  missing: number;
  readonly answers: unknown[];
  readonly isEnough: (answer: unknown) => boolean;
  readonly end: () => void;
}

export class OpenQuestions {
  readonly #open = new Map<number, OpenQuestion>();
  #count = 0;

  /** `peers`: how many answers there will be. */
  open(
    peers: number,
    isEnough: (answer: unknown) => boolean = () => false,
  ): { readonly number: number; readonly answers: Promise<readonly unknown[]> } {
    this.#count += 1;
    const number = this.#count;
    if (this.#open.size >= MAX_OPEN) return { number, answers: Promise.resolve([]) };
    const answers = new Promise<readonly unknown[]>((resolve) => {
      const received: unknown[] = [];
      const end = (): void => {
        clearTimeout(timer);
        this.#open.delete(number);
        resolve(received);
      };
      const timer = setTimeout(end, WAIT_MS);
      this.#open.set(number, { missing: peers, answers: received, isEnough, end });
    });
    return { number, answers };
  }

  answer(number: number, answer: unknown): void {
    const question = this.#open.get(number);
    if (question === undefined) return;
    question.missing -= 1;
    if (answer !== null) question.answers.push(answer);
    if (question.missing <= 0 || (answer !== null && question.isEnough(answer))) question.end();
  }

  close(): void {
    for (const question of [...this.#open.values()]) question.end();
  }
}
