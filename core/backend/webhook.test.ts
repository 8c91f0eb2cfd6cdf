import Pusher from 'pusher';
import { describe, expect, it } from 'vitest';
import { WebHookError } from './errors.ts';
import { Sockudo } from './sockudo.ts';
import { Token } from './token.ts';

const options = { appId: '4242', key: 'k-demo', secret: 's-demo-0001', host: 'h' };
const sockudo = new Sockudo(options);
const rawBody = '{"time_ms":1760000000123,"events":[{"name":"channel_occupied","channel":"room-1"}]}';
const headers = {
  'content-type': 'application/json',
  'x-pusher-key': 'k-demo',
  'x-pusher-signature': '06139f42cad720209bf282dc8658a9ce9038c6a5be6d76717c85eaea7d46c0df',
};

describe('webhook', () => {
  it('accepts the published vector and lets it be read', () => {
    const webhook = sockudo.webhook({ headers, rawBody });
    expect(webhook.isValid()).toBe(true);
    expect(webhook.getEvents()).toEqual([{ name: 'channel_occupied', channel: 'room-1' }]);
    expect(webhook.getTime()).toEqual(new Date(1760000000123));
    expect(new Pusher(options).webhook({ headers, rawBody }).isValid()).toBe(true);
  });

  it('takes bytes, fetch headers, other cases and a charset', () => {
    const upper = {
      'Content-Type': 'application/json; charset=utf-8',
      'X-Pusher-Key': [headers['x-pusher-key']],
      'X-Pusher-Signature': headers['x-pusher-signature'],
    };
    expect(sockudo.webhook({ headers: upper, rawBody: Buffer.from(rawBody) }).isValid()).toBe(true);
    expect(sockudo.webhook({ headers: new Headers(headers), rawBody }).isValid()).toBe(true);
  });

  it.each([
    ['another body', headers, rawBody.replace('room-1', 'room-2')],
    ['another key', { ...headers, 'x-pusher-key': 'k-other' }, rawBody],
    ['another signature', { ...headers, 'x-pusher-signature': '0'.repeat(64) }, rawBody],
    ['no signature', { 'content-type': 'application/json', 'x-pusher-key': 'k-demo' }, rawBody],
    ['two signatures', { ...headers, 'x-pusher-signature': [headers['x-pusher-signature'], 'x'] }, rawBody],
    ['another content type', { ...headers, 'content-type': 'text/plain' }, rawBody],
  ])('refuses %s and keeps its content back', (_, given, body) => {
    const webhook = sockudo.webhook({ headers: given, rawBody: body });
    expect(webhook.isValid()).toBe(false);
    expect(() => webhook.getData()).toThrow(WebHookError);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"time_ms":1}',
    '{"time_ms":"1","events":[]}',
    '{"time_ms":1,"events":[null]}',
  ])('calls the signed body %j invalid', (body) => {
    const signature = new Token('k-demo', 's-demo-0001').sign(body);
    const webhook = sockudo.webhook({
      headers: { ...headers, 'x-pusher-signature': signature },
      rawBody: body,
    });
    expect(webhook.isBodyValid()).toBe(false);
    expect(webhook.isValid()).toBe(false);
    expect(() => webhook.getEvents()).toThrow('Invalid WebHook body');
  });

  it('accepts further apps, and their content only after that check', () => {
    const other = new Sockudo({ ...options, key: 'k-2', secret: 's-2' });
    const tokens = [{ key: 'k-3', secret: 's-3' }, new Token('k-demo', 's-demo-0001')];
    const webhook = other.webhook({ headers, rawBody });
    expect(() => webhook.getEvents()).toThrow('Invalid WebHook signature');
    expect(webhook.isValid({ key: 'k-3', secret: 's-3' })).toBe(false);
    expect(webhook.isValid(tokens)).toBe(true);
    expect(webhook.getEvents()).toHaveLength(1);
  });

  it('says so when the body was parsed already', () => {
    // CAST: what a JavaScript user hands in by mistake.
    const parsed = JSON.parse(rawBody) as string;
    expect(() => sockudo.webhook({ headers, rawBody: parsed })).toThrow('before a framework parses it');
  });
});
