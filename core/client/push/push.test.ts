// What needs no browser: the table of states, attempts, what a push says, where push is missing. Whole registrations are tested in
// Chromium: test/browser/push.test.ts.
import { describe, expect, it } from 'vitest';
import { PushBackend } from './backend.ts';
import { pushSupport } from './browser.ts';
import { PUSH_STATES, type PushInput, type PushState } from './state.ts';
import { readPush } from './worker/index.ts';

const walk = (inputs: readonly PushInput[], from: PushState = 'off'): PushState =>
  inputs.reduce((state, input) => PUSH_STATES[state][input], from);

describe('the states of a registration', () => {
  it.each<[PushState, readonly PushInput[]]>([
    ['on', ['enable', 'granted', 'done']],
    ['off', ['enable', 'dismissed']],
    ['denied', ['enable', 'refused']],
    ['asking', ['enable', 'refused', 'enable']],
    ['failed', ['check', 'failed']],
    ['on', ['check', 'failed', 'check', 'done']],
    ['off', ['check', 'done', 'disable', 'removed']],
    ['failed', ['check', 'done', 'disable', 'failed']],
    ['denied', ['check', 'done', 'refused']],
  ])('%s', (state, inputs) => {
    expect(walk(inputs)).toBe(state);
  });

  it('never leaves a browser that has no push', () => {
    const inputs: readonly PushInput[] = [
      'enable',
      'granted',
      'check',
      'done',
      'disable',
      'removed',
      'refused',
    ];
    for (const input of inputs) expect(walk([input], 'unsupported')).toBe('unsupported');
  });
});

describe('the backend', () => {
  function backend(answers: readonly (Response | Error)[]) {
    const left = [...answers];
    const pauses: number[] = [];
    const asked: Request[] = [];
    const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      asked.push(new Request(url, init));
      const next = left.shift() ?? new Error('asked too often');
      if (next instanceof Error) throw next;
      return next;
    };
    const waiting = { random: () => 0, sleep: async (ms: number) => void pauses.push(ms) };
    const endpoint = 'https://app.example/push/';
    return {
      client: new PushBackend({ endpoint, fetch, headers: { cookie2: 'x' }, waiting }),
      pauses,
      asked,
    };
  }
  const failing = (status: number, headers: Record<string, string> = {}): Response =>
    new Response('{}', { status, headers });

  it('is asked again with growing pauses, and as late as it wishes', async () => {
    const { client, pauses, asked } = backend([
      new Error('offline'),
      failing(429, { 'retry-after': '7' }),
      failing(503),
      Response.json({ vapidPublicKey: 'key' }),
    ]);
    expect(await client.vapidPublicKey()).toBe('key');
    expect(pauses).toEqual([500, 7000, 2000]);
    expect(asked.map(({ url }) => url)).toContain('https://app.example/push/vapidPublicKey');
  });

  it('is given up after four attempts, at once where that is final, and where it wants too long a pause', async () => {
    const down = backend([failing(500), failing(502), failing(503), failing(504), failing(500)]);
    await expect(down.client.removeAll('t')).rejects.toMatchObject({ code: 'unavailable', status: 504 });
    expect(down.asked).toHaveLength(4);
    const final = backend([failing(400)]);
    await expect(final.client.removeAll('t')).rejects.toMatchObject({ code: 'refused', status: 400 });
    const late = backend([failing(503, { 'retry-after': '3600' })]);
    await expect(late.client.removeAll('t')).rejects.toMatchObject({ code: 'unavailable' });
    expect(late.pauses).toEqual([]);
  });

  it('gets the identity token of the device, and the pair that is meant', async () => {
    const { client, asked } = backend([Response.json({ deleted: 1 })]);
    await client.unsubscribe('a b', 'd1', 'secret');
    const [request] = asked;
    expect([request?.method, request?.url]).toEqual([
      'DELETE',
      'https://app.example/push/channelSubscriptions?channel=a+b&deviceId=d1',
    ]);
    expect(request?.headers.get('x-sockudo-device-identity-token')).toBe('secret');
  });
});

describe('a push', () => {
  it('is read as Sockudo writes it, with what declarative browsers understand', () => {
    const message = readPush(
      JSON.stringify({
        web_push: 8030,
        headers: { topic: 'order-19' },
        notification: { title: 'Packed', body: 'Soon', navigate: 'https://a.example/1', data: { no: 19 } },
        data: { no: 19 },
      }),
    );
    const texts = { title: 'Packed', body: 'Soon', tag: 'order-19', url: 'https://a.example/1' };
    expect(message).toMatchObject({ ...texts, data: { no: 19 } });
  });

  it.each(['', 'no JSON', '[]', 'null', '{"notification":7,"data":[1]}'])(
    'of another form says nothing: %s',
    (text) => {
      expect(readPush(text)).toEqual({
        title: null,
        isSilent: false,
        needsInteraction: false,
        actions: [],
        data: {},
      });
    },
  );

  it('has buttons that are whole, at most four', () => {
    const button = (action: string) => ({ action, title: action, token: 't', url: '/a', more: 1 });
    const actions = [{ action: 'no title' }, ...['a', 'b', 'c', 'd', 'e'].map(button)];
    const read = readPush(JSON.stringify({ data: { actions } })).actions;
    expect(read.map(({ action }) => action)).toEqual(['a', 'b', 'c']);
    expect(read[0]).toEqual({ action: 'a', title: 'a', token: 't', url: '/a' });
  });
});

it('says why a browser has no push', () => {
  const whole = { isSecureContext: true, PushManager: {}, Notification: {} };
  expect(pushSupport({ ...whole, navigator: { serviceWorker: {} } })).toBe('supported');
  expect(pushSupport({ ...whole, isSecureContext: false, navigator: { serviceWorker: {} } })).toBe(
    'insecure',
  );
  const phone = { serviceWorker: {}, userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)' };
  expect(pushSupport({ isSecureContext: true, navigator: phone })).toBe('home_screen_only');
  const tablet = { serviceWorker: {}, userAgent: 'Mozilla/5.0 (Macintosh)', maxTouchPoints: 5 };
  expect(pushSupport({ isSecureContext: true, navigator: tablet })).toBe('home_screen_only');
  expect(pushSupport({ isSecureContext: true, navigator: { ...phone, standalone: true } })).toBe('missing');
  expect(pushSupport({ isSecureContext: true, navigator: { userAgent: 'other' } })).toBe('missing');
});
