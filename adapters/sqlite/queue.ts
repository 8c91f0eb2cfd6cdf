// A queue whose first element is taken in constant time, however long it is: an array's `shift` moves all the others.

/** Below this, the room of taken elements is not worth a copy. */
const COMPACT_AT = 256;

export class Queue<Element> {
  #elements: (Element | undefined)[] = [];
  #start = 0;

  get length(): number {
    return this.#elements.length - this.#start;
  }

  get first(): Element | undefined {
    return this.#elements[this.#start];
  }

  push(element: Element): void {
    this.#elements.push(element);
  }

  shift(): Element | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    this.#elements[this.#start] = undefined;
    this.#start += 1;
    if (this.#start >= COMPACT_AT && this.#start * 2 >= this.#elements.length) {
      this.#elements = this.#elements.slice(this.#start);
      this.#start = 0;
    }
    return first;
  }

  unshift(element: Element): void {
    if (this.#start === 0) {
      this.#elements.unshift(element);
      return;
    }
    this.#start -= 1;
    this.#elements[this.#start] = element;
  }

  /** Takes an element out that was added lately. */
  removeLast(element: Element): void {
    const index = this.#elements.lastIndexOf(element);
    if (index >= this.#start) this.#elements.splice(index, 1);
  }
}
