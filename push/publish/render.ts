// What each provider is sent (push.md section 6.2, divergence D72): members without a value are left out, with objects that become
// empty. Every provider is rendered, whether the publish reaches it or not, so that what would be refused is refused at once.
import { type JsonObject, PROVIDER_NAMES, type ProviderName, type RenderedPayload } from '../contracts.ts';
import { requireBytes } from '../refusal.ts';
import { type Override, type Template, textsFor } from '../templates/template.ts';
import { checkIcon, type Payload } from './intent.ts';
import { fillIn } from './placeholders.ts';

const MAX_FIELD_BYTES = 4096;
const WEB_PUSH_TTL_SECONDS = 2_419_200;

const MAX_BYTES: Readonly<Record<ProviderName, number>> = {
  fcm: 4096,
  apns: 4096,
  webPush: 4096,
  hms: 4096,
  wns: 5000,
  realtime: 65_536,
};

/** Texts of a notification, placeholders filled in. */
interface Texts {
  readonly title?: string;
  readonly body?: string;
  readonly icon?: string;
  readonly sound?: string;
  readonly collapseKey?: string;
}

export interface Rendering {
  readonly payloads: readonly RenderedPayload[];
  readonly collapseKey?: string;
}

/** @param template the one that the payload names @throws ProtocolError 400 */
export function render(
  payload: Payload,
  overrides: readonly Override[],
  template: Template | null,
): Rendering {
  const { templateData: data } = payload;
  const texts = filledIn(payload, template);
  const chosen = new Map<ProviderName, JsonObject>();
  for (const override of Object.values(template?.providerOverrides ?? {}))
    chosen.set(override.provider, override.payload);
  for (const override of overrides) chosen.set(override.provider, override.payload);
  const payloads = PROVIDER_NAMES.map((provider): RenderedPayload => {
    const override = chosen.get(provider);
    return {
      provider,
      payload: override ?? compact(SHAPES[provider](texts, data)) ?? {},
      usedOverride: override !== undefined,
    };
  });
  payloads.forEach(requireSize);
  const { collapseKey } = texts;
  return { payloads, ...(collapseKey !== undefined && { collapseKey }) };
}

function filledIn(payload: Payload, template: Template | null): Texts {
  const { templateData: data = {} } = payload;
  const localised = template === null ? undefined : textsFor(template, data.locale);
  const { title, body, icon, sound, collapseKey } = { ...localised, ...payload };
  const filled = Object.entries({ title, body, icon, sound, collapseKey })
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, text]): [string, string] => {
      const value = fillIn(text, data);
      requireBytes(name, value, MAX_FIELD_BYTES);
      if (name === 'icon') checkIcon(value);
      return [name, value];
    });
  return Object.fromEntries(filled);
}

type Shape = (texts: Texts, data: JsonObject | undefined) => JsonObject;

const SHAPES: Readonly<Record<ProviderName, Shape>> = {
  fcm: ({ title, body, icon, sound, collapseKey }, data) => ({
    message: {
      notification: { title, body, image: icon },
      data: data && asTexts(data),
      android: { collapse_key: collapseKey, notification: { icon, sound } },
    },
  }),
  apns: ({ title, body, sound, collapseKey }, data) => ({
    headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-collapse-id': collapseKey },
    aps: { alert: { title, body }, sound },
    data: whole(data),
  }),
  webPush: ({ title, body, icon, collapseKey }, data) => ({
    headers: { ttl: WEB_PUSH_TTL_SECONDS, urgency: 'normal', topic: collapseKey },
    notification: { title, body, image: icon },
    data: whole(data),
  }),
  hms: ({ title, body, icon, sound, collapseKey }, data) => ({
    message: {
      notification: { title, body, image: icon },
      data: whole(data),
      android: { notification: { click_action: { type: 3 }, sound }, collapse_key: collapseKey },
    },
  }),
  wns: ({ title, body, icon, sound }, data) => ({
    type: 'toast',
    toast: {
      visual: {
        binding: {
          template: 'ToastGeneric',
          text: [title, body].filter((line) => line !== undefined),
          image: icon,
        },
      },
      audio: { src: sound },
    },
    data: whole(data),
  }),
  realtime: ({ title, body, icon, sound }, data) => ({
    notification: { title, body, icon, sound },
    data: whole(data),
  }),
};

/** The caller's own data: passed on as it is, nulls and empty objects too. */
class Whole {
  readonly value: JsonObject;

  constructor(value: JsonObject) {
    this.value = value;
  }
}

const whole = (data: JsonObject | undefined): Whole | undefined =>
  data === undefined || Object.keys(data).length === 0 ? undefined : new Whole(data);

/** FCM takes texts only: others as their JSON text. */
const asTexts = (data: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

/** Without members that have no value, and without objects that have no members; undefined: nothing is left. */
function compact(object: JsonObject): JsonObject | undefined {
  const members = Object.entries(object)
    .map(([name, value]): [string, unknown] => [name, compactValue(value)])
    .filter(([, value]) => value !== undefined);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function compactValue(value: unknown): unknown {
  if (value instanceof Whole) return value.value;
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  // CAST: an object of the shapes above.
  return compact(value as JsonObject);
}

/** What is too large for one provider is refused; of an APNs payload the headers do not count. */
function requireSize({ provider, payload }: RenderedPayload): void {
  const { aps, data } = payload;
  const sent = provider === 'apns' ? { aps, data } : payload;
  requireBytes(`${provider} payload`, JSON.stringify(sent), MAX_BYTES[provider]);
}
