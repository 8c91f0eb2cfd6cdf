// Which thing a message is about, so that it is compared with the last message about the same thing. Found by a path in the frame.
import { isJsonObject, type JsonObject, member, tryParseJson } from '@sockudo/protocol';

/**
 * The value at the path as text; empty when there is none. A path of one name is looked for in the frame and then in its `data`.
 * Text that holds a JSON object counts as that object: everything published over HTTP carries its data so.
 * @param frame JSON text of the frame
 */
export function conflationKeyOf(frame: string, path: readonly string[]): string {
  const envelope = objectOf(tryParseJson(frame));
  if (envelope === null) return '';
  const value = valueAt(envelope, path);
  if (value !== undefined) return textOf(value);
  const data = path.length === 1 ? objectOf(member(envelope, 'data')) : null;
  return data === null ? '' : textOf(valueAt(data, path));
}

function valueAt(object: JsonObject, path: readonly string[]): unknown {
  let value: unknown = object;
  for (const name of path) {
    const inner = objectOf(value);
    if (inner === null) return undefined;
    value = member(inner, name);
  }
  return value;
}

function objectOf(value: unknown): JsonObject | null {
  const parsed = typeof value === 'string' && value.startsWith('{') ? tryParseJson(value) : value;
  return isJsonObject(parsed) ? parsed : null;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}
