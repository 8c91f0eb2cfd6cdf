import { describe, expect, it } from 'vitest';
import type { JsonObject, ProviderName } from '../contracts.ts';
import { parseTemplate } from '../templates/template.ts';
import type { Payload } from './intent.ts';
import { render } from './render.ts';

const rendered = (payload: Payload, provider: ProviderName) =>
  render(payload, [], null).payloads.find((one) => one.provider === provider)?.payload;

const FULL: Payload = {
  title: 'T',
  body: 'B',
  icon: 'https://a.example/i.png',
  sound: 'ding',
  collapseKey: 'k',
  templateData: { n: 1, s: 't', o: { a: null }, e: {} },
};
const DATA = { n: 1, s: 't', o: { a: null }, e: {} };

describe('render', () => {
  it.each<[ProviderName, JsonObject]>([
    [
      'fcm',
      {
        message: {
          notification: { title: 'T', body: 'B', image: 'https://a.example/i.png' },
          data: { n: '1', s: 't', o: '{"a":null}', e: '{}' },
          android: {
            collapse_key: 'k',
            notification: { icon: 'https://a.example/i.png', sound: 'ding' },
          },
        },
      },
    ],
    [
      'apns',
      {
        headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-collapse-id': 'k' },
        aps: { alert: { title: 'T', body: 'B' }, sound: 'ding' },
        data: DATA,
      },
    ],
    [
      'webPush',
      {
        headers: { ttl: 2_419_200, urgency: 'normal', topic: 'k' },
        notification: { title: 'T', body: 'B', image: 'https://a.example/i.png' },
        data: DATA,
      },
    ],
    [
      'hms',
      {
        message: {
          notification: { title: 'T', body: 'B', image: 'https://a.example/i.png' },
          data: DATA,
          android: { notification: { click_action: { type: 3 }, sound: 'ding' }, collapse_key: 'k' },
        },
      },
    ],
    [
      'wns',
      {
        type: 'toast',
        toast: {
          visual: {
            binding: { template: 'ToastGeneric', text: ['T', 'B'], image: 'https://a.example/i.png' },
          },
          audio: { src: 'ding' },
        },
        data: DATA,
      },
    ],
    [
      'realtime',
      {
        notification: {
          title: 'T',
          body: 'B',
          icon: 'https://a.example/i.png',
          sound: 'ding',
        },
        data: DATA,
      },
    ],
  ])('makes the payload of %s', (provider, expected) => {
    expect(rendered(FULL, provider)).toEqual(expected);
  });

  it.each<[ProviderName, JsonObject]>([
    ['fcm', { message: { notification: { title: 'T' } } }],
    [
      'apns',
      { headers: { 'apns-push-type': 'alert', 'apns-priority': '10' }, aps: { alert: { title: 'T' } } },
    ],
    ['webPush', { headers: { ttl: 2_419_200, urgency: 'normal' }, notification: { title: 'T' } }],
    ['realtime', { notification: { title: 'T' } }],
  ])('leaves out what has no value for %s', (provider, expected) => {
    expect(rendered({ title: 'T', templateData: {} }, provider)).toStrictEqual(expected);
  });

  it('lets what the publish says win over the template, and its override over that of the template', () => {
    const template = parseTemplate({
      templateId: 't',
      defaultLocale: 'en',
      locales: {
        en: { title: 'Hi {{ data.name }}', body: 'Welcome', sound: 'ding' },
        'de-AT': { title: 'Servus', body: 'x' },
        de: { title: 'Hallo', body: 'x' },
      },
      providerOverrides: {
        wns: { provider: 'wns', payload: { type: 'raw' } },
        hms: { provider: 'hms', payload: { from: 'template' } },
      },
    });
    const of = (payload: Payload) =>
      render(payload, [{ provider: 'hms', payload: { from: 'publish' } }], template).payloads;
    const english = of({ templateData: { name: 'Ann' }, body: 'B' });
    expect(english[5]?.payload).toMatchObject({
      notification: { title: 'Hi Ann', body: 'B', sound: 'ding' },
    });
    expect(english[4]).toEqual({ provider: 'wns', payload: { type: 'raw' }, usedOverride: true });
    expect(english[3]?.payload).toEqual({ from: 'publish' });
    const titleIn = (locale: unknown) =>
      of({ templateData: { locale, name: 'Ann' } })[5]?.payload.notification;
    expect(titleIn('de_AT')).toMatchObject({ title: 'Servus' });
    expect(titleIn('de-CH-1996')).toMatchObject({ title: 'Hallo' });
    expect(titleIn('fr')).toMatchObject({ title: 'Hi Ann' });
    expect(titleIn(7)).toMatchObject({ title: 'Hi Ann' });
  });

  it.each<[string, Payload]>([
    ['body exceeds 4096 bytes', { body: '{{ data.a }}', templateData: { a: 'x'.repeat(4097) } }],
    ['fcm payload exceeds 4096 bytes', { body: 'x'.repeat(4080) }],
    ['icon is invalid: must use https', { icon: 'https:{{ data.a }}', templateData: { a: '' } }],
  ])('refuses: %s', (why, payload) => {
    expect(() => render(payload, [], null)).toThrow(why);
  });

  it('does not count the headers of an APNs payload', () => {
    const payload = { headers: { 'apns-topic': 'x'.repeat(4000) }, aps: { alert: 'x'.repeat(4050) } };
    expect(() => render({}, [{ provider: 'apns', payload }], null)).not.toThrow();
  });
});
