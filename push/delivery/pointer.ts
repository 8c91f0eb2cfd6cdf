// What is sent in place of a payload that its provider finds too large: the beginning of the notification, and `data` that says
// which publish was cut, so that the app can fetch what it is about.
import type { JsonObject, ProviderName } from '../contracts.ts';

const MAX_TITLE = 80;
const MAX_BODY = 120;

/** A payload of a few hundred bytes. */
export function pointerPayload(provider: ProviderName, payload: JsonObject, publishId: string): JsonObject {
  const data = { publishId, truncated: 'true', ...addressOf(payload) };
  switch (provider) {
    case 'fcm':
    case 'hms': {
      const message = objectOf(payload.message);
      const pointer = provider === 'fcm' ? data : JSON.stringify(data);
      return { message: { notification: shortened(message.notification), data: pointer } };
    }
    case 'apns':
      return {
        headers: payload.headers,
        aps: { alert: shortened(objectOf(payload.aps).alert) },
        data,
      };
    case 'wns':
      return { type: 'toast', toast: { visual: { binding: wnsBinding(payload) } }, data };
    case 'webPush':
    case 'realtime':
      return { headers: payload.headers, notification: shortened(payload.notification), data };
  }
}

function shortened(value: unknown): JsonObject {
  const { title, body } = objectOf(value);
  return {
    ...(typeof title === 'string' && { title: cut(title, MAX_TITLE) }),
    ...(typeof body === 'string' && { body: cut(body, MAX_BODY) }),
  };
}

function wnsBinding(payload: JsonObject): JsonObject {
  const { text } = objectOf(objectOf(objectOf(payload.toast).visual).binding);
  const lines = (Array.isArray(text) ? text : []).filter((line) => typeof line === 'string');
  return { template: 'ToastGeneric', text: lines.slice(0, 2).map((line) => cut(line, MAX_BODY)) };
}

/** The page to open is kept where it is short. */
function addressOf(payload: JsonObject): JsonObject {
  const { url } = objectOf(payload.data);
  return typeof url === 'string' && url.length <= 500 ? { url } : {};
}

/** By characters, so that none is cut in half. */
function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

function objectOf(value: unknown): JsonObject {
  // CAST: a non-null object that is no array has members by name.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
