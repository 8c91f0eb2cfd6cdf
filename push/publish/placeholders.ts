// `{{ data.path }}` in texts of a notification (push.md section 6.1).
import { invalid } from '../refusal.ts';

const MAX_DOTS = 4;
const PATH = /^data(?:\.[A-Za-z0-9_]+)+$/;

const refused = (why: string) => invalid(`invalid template substitution: ${why}`);

/**
 * The text with its placeholders filled in. Null becomes an empty text.
 * @param data what `data` stands for @throws ProtocolError 400
 */
export function fillIn(text: string, data: unknown): string {
  const parts: string[] = [];
  let from = 0;
  for (let start = text.indexOf('{{'); start !== -1; start = text.indexOf('{{', from)) {
    const end = text.indexOf('}}', start);
    if (end === -1) throw refused('placeholder is not terminated');
    parts.push(text.slice(from, start), valueAt(text.slice(start + 2, end).trim(), data));
    from = end + 2;
  }
  return from === 0 ? text : parts.join('') + text.slice(from);
}

function valueAt(path: string, data: unknown): string {
  const [, ...names] = path.split('.');
  if (!PATH.test(path) || names.length > MAX_DOTS) throw refused('placeholder must be data.NAME');
  let value = data;
  for (const name of names) {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    if (!isObject) throw refused('placeholder key is missing');
    // CAST: an object that has the member.
    value = (value as Record<string, unknown>)[name];
  }
  if (value === null) return '';
  if (typeof value === 'object') throw refused('placeholder value must be a scalar');
  return String(value);
}
