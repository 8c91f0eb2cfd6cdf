// The snippets of a page in docs/, and a way to run one word for word with what its reader has at hand.
import { readFileSync } from 'node:fs';

/** The text of a page. @param page below docs/, without `.md` */
export const pageOf = (page: string): string =>
  readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8');

/** Snippets in the order of the page. */
export function snippetsOf(page: string): readonly string[] {
  return [...pageOf(page).matchAll(/```js\n([\s\S]*?)\n```/g)].map(([, code]) => code ?? '');
}

/** The first snippet that says this. @throws Error where none does */
export function snippetWith(page: string, words: string): string {
  const found = snippetsOf(page).find((code) => code.includes(words));
  if (found === undefined) throw new Error(`docs/${page}.md says nowhere: ${words}`);
  return found;
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
const DECLARATION = /^(?:const (?:\{ (.*?) \}|(\w+)) =|(?:async )?function (\w+))/gm;

/** Runs a snippet, its imports left out, and answers what it declares. What it declares itself is not given to it. */
export async function runSnippet(
  code: string,
  given: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const declared = [...code.matchAll(DECLARATION)].flatMap(
    ([, several, one, name]) => several?.split(', ') ?? [one ?? name ?? ''],
  );
  const names = Object.keys(given).filter(
    (name) => /^(?!default$)\w+$/.test(name) && !declared.includes(name),
  );
  const body = `${code.replaceAll(/^import .*$/gm, '')}\nreturn { ${declared.join(', ')} };`;
  return new AsyncFunction(...names, body)(...names.map((name) => given[name]));
}
