// The XML of a Windows toast or tile, out of the members of the rendered payload (push.md section 6.2).
import type { JsonObject } from '../contracts.ts';

/** Text, images and sound of the payload; `data` becomes the toast's `launch` argument, as JSON text. */
export function toastXml(type: 'toast' | 'tile', payload: JsonObject): string {
  const toast = objectOf(payload[type]);
  const binding = objectOf(objectOf(toast.visual).binding);
  const template = textOf(binding.template) ?? (type === 'toast' ? 'ToastGeneric' : 'TileMedium');
  const image = textOf(binding.image);
  const parts = [
    ...textsOf(binding.text).map((text) => `<text>${escaped(text)}</text>`),
    ...(image === undefined ? [] : [`<image src="${escaped(image)}"/>`]),
  ];
  const visual = `<visual><binding template="${escaped(template)}">${parts.join('')}</binding></visual>`;
  const sound = textOf(objectOf(toast.audio).src);
  const audio = sound === undefined ? '' : `<audio src="${escaped(sound)}"/>`;
  const launch =
    type === 'tile' || payload.data === undefined ? '' : ` launch="${escaped(JSON.stringify(payload.data))}"`;
  return `<?xml version="1.0" encoding="utf-8"?><${type}${launch}>${visual}${type === 'toast' ? audio : ''}</${type}>`;
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function objectOf(value: unknown): JsonObject {
  // CAST: a non-null object has members by name.
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Characters that XML 1.0 cannot hold are left out. */
function escaped(text: string): string {
  const allowed = text.replace(/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
  return allowed.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
