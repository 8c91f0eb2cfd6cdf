// What nobody should send to the push API: whatever it is, the answer is a refusal in the usual envelope, nothing is kept of it, and
// the server has nothing to complain about.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registration, startPushServer, subscription } from '../../push/testing/push-server.ts';
import { sharedTestServer } from '../support/shared-test-server.ts';
import type { HttpAnswer } from '../support/test-server.ts';

const server = sharedTestServer(startPushServer);

const POSTS = [
  '/deviceRegistrations',
  '/channelSubscriptions',
  '/templates',
  '/credentials/fcm',
  '/credentials/apns',
  '/credentials/webpush',
  '/credentials/hms',
  '/credentials/wns',
  '/publish',
  '/batch/publish',
  '/deliveryStatus',
];

const post = (path: string, body: unknown): Promise<HttpAnswer> =>
  server.request('POST', `/push${path}`, { body: typeof body === 'string' ? body : JSON.stringify(body) });

function requireRefusal({ status, text }: HttpAnswer): void {
  expect([400, 403, 404, 413]).toContain(status);
  expect(JSON.parse(text)).toEqual({ error: expect.any(String), code: expect.any(String), status });
}

async function everythingKept(): Promise<unknown> {
  const kept: unknown[] = [];
  for (const list of [
    'deviceRegistrations',
    'channelSubscriptions',
    'templates',
    'credentials',
    'deadLetters',
  ])
    kept.push(JSON.parse((await server.request('GET', `/push/${list}`)).text).items);
  return kept.flat();
}

/** Bodies that are right but for one member, which is anything. */
const almost = (body: Record<string, unknown>) =>
  fc
    .tuple(fc.constantFrom(...Object.keys(body)), fc.jsonValue({ maxDepth: 3 }))
    .map(([name, value]) => ({ ...body, [name]: value }));

describe('the push API', () => {
  it.each(POSTS)('refuses bodies of any other shape at %s, and keeps nothing', async (path) => {
    const bodies = [
      ...['', 'x', '{', '[]', '[[[]]]', 'null', '7', '"text"', '{}', '{"__proto__":{"id":"x"}}', '\ud800'],
      '['.repeat(5000) + ']'.repeat(5000),
      `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`,
      JSON.stringify({ recipients: 'x', payload: [] }),
      JSON.stringify([{ recipients: [{}], payload: {} }]),
    ].filter((body) => !(path === '/batch/publish' && body === '[]'));
    for (const body of bodies) requireRefusal(await post(path, body));
    expect(await everythingKept()).toEqual([]);
  });

  it.each([
    ['/deviceRegistrations', registration('fuzz')],
    ['/channelSubscriptions', subscription('fuzz', 'fuzz')],
    ['/templates', { templateId: 'fuzz', defaultLocale: 'en', locales: { en: { title: 'T', body: 'B' } } }],
    ['/publish', { recipients: [{ type: 'device', device_id: 'x' }], payload: { title: 'T' } }],
    ['/deliveryStatus', { publishId: 'p', eventId: 'e', occurredAtMs: 1, result: {} }],
  ])('answers a body at %s that is right but for one member', async (path, body) => {
    await fc.assert(
      fc.asyncProperty(almost(body), async (given) => {
        const answer = await post(path, given);
        if (answer.status >= 300) requireRefusal(answer);
      }),
      { numRuns: 60 },
    );
    await server.request('DELETE', '/push/deviceRegistrations/fuzz');
    await server.request('DELETE', '/push/templates/fuzz');
    await server.request('DELETE', '/push/channelSubscriptions', { query: { channel: 'fuzz' } });
  });

  it.each([
    ['DELETE', '/channelSubscriptions', { channel: '' }],
    ['DELETE', '/channelSubscriptions', { channel: 'x'.repeat(300) }],
    ['DELETE', '/channelSubscriptions', { deviceId: '\0'.repeat(200) }],
    ['DELETE', '/deviceRegistrations', { clientId: '/'.repeat(200) }],
    ['GET', '/deviceRegistrations', { limit: '1e3' }],
    ['GET', '/deviceRegistrations', { cursor: 'x'.repeat(3000) }],
    ['GET', '/deviceRegistrations', { cursor: '%%%' }],
    ['GET', '/deviceRegistrations', { cursor: Buffer.from('{}').toString('base64url') }],
    ['GET', '/deadLetters', { sinceMs: '99999999999999999999' }],
  ])('refuses %s %s with %j', async (method, path, query) => {
    requireRefusal(await server.request(method, `/push${path}`, { query }));
  });

  it('refuses cursors that were changed', async () => {
    const forged = ['', '\0', '\ud800', 'x'.repeat(1000), 7, null].map((position) => ({
      appId: server.app.id,
      kind: 'device',
      position,
      issuedAtMs: 1,
    }));
    const others = [
      { appId: 'another', kind: 'device', position: 'push/dev/another/x', issuedAtMs: 1 },
      { appId: server.app.id, kind: 'template', position: 'x', issuedAtMs: 1 },
    ];
    for (const content of [...forged, ...others]) {
      const cursor = Buffer.from(JSON.stringify(content)).toString('base64url');
      requireRefusal(await server.request('GET', '/push/deviceRegistrations', { query: { cursor } }));
    }
    const elsewhere = { appId: server.app.id, kind: 'device', position: 'push/dev/another/x', issuedAtMs: 1 };
    const cursor = Buffer.from(JSON.stringify(elsewhere)).toString('base64url');
    const { status, text } = await server.request('GET', '/push/deviceRegistrations', { query: { cursor } });
    expect(status).toBe(200);
    // Where a page begins is all that a cursor says, and never whose it is.
    for (const { appId } of JSON.parse(text).items) expect(appId).toBe(server.app.id);
  });

  it.each(['/x'.repeat(4000), `/${'%2F'.repeat(3000)}`, '/%00', '/%ED%A0%80', '/..%2F..'])(
    'has nothing under the name %s',
    async (name) => {
      const answers = await Promise.all([
        server.request('GET', `/push/deviceRegistrations${name}`),
        server.request('DELETE', `/push/scheduled${name}`),
        server.request('POST', `/push/deadLetters${name}/replay`),
      ]);
      for (const { status } of answers) expect([204, 400, 401, 404]).toContain(status);
    },
  );

  it('takes the largest publish there may be, and no larger one', async () => {
    const recipients = Array.from({ length: 1024 }, (_, index) => ({
      type: 'device',
      device_id: `${index}-${'x'.repeat(120)}`,
    }));
    expect((await post('/publish', { recipients, payload: { title: 'T' } })).status).toBe(202);
    const endpoint = (index: number) => `https://push.example.com/${index}/${'é'.repeat(4000)}`;
    const keys = { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: 'A'.repeat(22) };
    const large = Array.from({ length: 1024 }, (_, index) => ({
      type: 'recipient',
      recipient: { transportType: 'web', endpoint: endpoint(index), ...keys },
    }));
    requireRefusal(await post('/publish', { recipients: large, payload: { title: 'T' } }));
  });
});
