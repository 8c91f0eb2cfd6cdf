// The message that a browser decrypts. Sockudo's clients read `notification`, `data` and `headers.topic` from it; a browser that
// knows declarative Web Push (Safari) shows it without a worker because of the members that are added here.
import type { JsonObject } from '../../contracts.ts';
import { MAX_PLAIN_BYTES } from './encryption.ts';

/** Says that a message is declarative: the number of RFC 8030. */
const DECLARATIVE = 8030;
/** Members of `data` that name the page to open, in this order. */
const ADDRESSES = ['navigate', 'url'] as const;

/**
 * The JSON text to encrypt. Declarative where `data` names a page to open and there is room; else exactly the payload. Null: it is
 * too long either way.
 */
export function messageOf(payload: JsonObject): Buffer | null {
  for (const form of [declarative(payload), payload]) {
    if (form === null) continue;
    const bytes = Buffer.from(JSON.stringify(form));
    if (bytes.length <= MAX_PLAIN_BYTES) return bytes;
  }
  return null;
}

/** Null: it has no title or no page to open, without which such a message is invalid. An override that is one already is kept. */
function declarative(payload: JsonObject): JsonObject | null {
  if (payload.web_push !== undefined) return null;
  const notification = objectOf(payload.notification);
  const data = objectOf(payload.data);
  const navigate = stringOf(notification.navigate) ?? addressIn(data);
  if (stringOf(notification.title) === undefined || navigate === undefined) return null;
  const topic = stringOf(objectOf(payload.headers).topic);
  return {
    ...payload,
    web_push: DECLARATIVE,
    // A worker, where there is one, may still show it in its own way.
    mutable: true,
    notification: {
      ...notification,
      navigate,
      ...(topic !== undefined && { tag: topic }),
      // Browsers give it to whoever handles the tap.
      ...(payload.data !== undefined && { data: payload.data }),
    },
  };
}

function addressIn(data: JsonObject): string | undefined {
  for (const name of ADDRESSES) {
    const value = stringOf(data[name]);
    if (value !== undefined && URL.parse(value)?.protocol === 'https:') return value;
  }
  return undefined;
}

function objectOf(value: unknown): JsonObject {
  // CAST: a non-null object that is no array has members by name.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
