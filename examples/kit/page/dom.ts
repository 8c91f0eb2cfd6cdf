// The few steps that every part of the page needs to change the document. Texts are set as text, never as HTML.

/** The element with this id, which index.html has. */
export function byId<E extends Element = HTMLElement>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no #${id} of the expected kind`);
  return element;
}

export const html = (id: string): HTMLElement => byId(id, HTMLElement);

export function create<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  text = '',
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Shows a text in an element that is hidden without one. */
export function note(element: HTMLElement, text: string): void {
  element.textContent = text;
  element.hidden = text === '';
}
