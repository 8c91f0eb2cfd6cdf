// A notification template: texts by locale, with placeholders, and payloads of single providers.
import { z } from 'zod';
import { type JsonObject, PROVIDER_NAMES, type ProviderName } from '../contracts.ts';
import { checkOverride } from '../publish/overrides.ts';
import { invalid, MAX_ID_BYTES, parseInput, requireBytes, requireId, requireJsonBytes } from '../refusal.ts';

const optionalText = z.string().nullish();

const localised = z.object({
  title: z.string().min(1),
  body: z.string().min(1),
  icon: optionalText,
  sound: optionalText,
  collapseKey: optionalText,
});

const input = z.object({
  templateId: z.string(),
  defaultLocale: z.string().min(1),
  locales: z.record(z.string().min(1), localised),
  providerOverrides: z
    .partialRecord(
      z.enum(PROVIDER_NAMES),
      z.object({ provider: z.enum(PROVIDER_NAMES), payload: z.record(z.string(), z.unknown()) }),
    )
    .nullish(),
});

export interface LocalisedTexts {
  readonly title: string;
  readonly body: string;
  readonly icon?: string;
  readonly sound?: string;
  readonly collapseKey?: string;
}

export interface Override {
  readonly provider: ProviderName;
  readonly payload: JsonObject;
}

export interface Template {
  readonly templateId: string;
  readonly defaultLocale: string;
  readonly locales: Readonly<Record<string, LocalisedTexts>>;
  readonly providerOverrides: Readonly<Partial<Record<ProviderName, Override>>>;
}

const MAX_LOCALES = 200;
const MAX_TEMPLATE_BYTES = 128 * 1024;

/** @throws ProtocolError 400 */
export function parseTemplate(body: unknown): Template {
  const { templateId, defaultLocale, locales, providerOverrides } = parseInput(input, body);
  requireId('templateId', templateId);
  if (!Object.hasOwn(locales, defaultLocale))
    throw invalid('defaultLocale is invalid: must be one of locales');
  const names = Object.keys(locales);
  if (names.length > MAX_LOCALES) throw invalid(`locales has more than ${MAX_LOCALES} members`);
  for (const name of names) requireBytes('locale', name, MAX_ID_BYTES);
  const overrides = Object.entries(providerOverrides ?? {});
  for (const [provider, override] of overrides) {
    if (override.provider !== provider) throw invalid(`providerOverrides.${provider} is of another provider`);
    checkOverride(override);
  }
  const texts = Object.entries(locales).map(([name, { title, body: text, icon, sound, collapseKey }]) => [
    name,
    {
      title,
      body: text,
      ...(icon != null && { icon }),
      ...(sound != null && { sound }),
      ...(collapseKey != null && { collapseKey }),
    },
  ]);
  const template: Template = {
    templateId,
    defaultLocale,
    locales: Object.fromEntries(texts),
    providerOverrides: Object.fromEntries(overrides),
  };
  requireJsonBytes('template', template, MAX_TEMPLATE_BYTES);
  return template;
}

/** The texts for a wanted locale: itself, then without its last parts, then the default. `_` counts as `-`. */
export function textsFor({ locales, defaultLocale }: Template, wanted: unknown): LocalisedTexts | undefined {
  if (typeof wanted === 'string') {
    const byName = new Map(Object.entries(locales).map(([name, texts]) => [normal(name), texts]));
    for (let name = normal(wanted); name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('-')))) {
      const texts = byName.get(name);
      if (texts !== undefined) return texts;
    }
  }
  return locales[defaultLocale];
}

const normal = (locale: string): string => locale.replaceAll('_', '-').toLowerCase();

export const templateView = (appId: string, template: Template): Record<string, unknown> => ({
  appId,
  ...template,
});
