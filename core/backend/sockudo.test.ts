import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import Pusher from 'pusher';
import nacl from 'tweetnacl';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import DefaultExport, { Sockudo, type SockudoOptions, SockudoRequestError, WebHookError } from './index.ts';
import { startVerifyingServer, type VerifyingServer } from './testing/verifying-server.ts';
import { VERSION } from './version.ts';

const app = { appId: 'my app', key: 'k-demo', secret: 's-demo-0001' };
const masterKey = Buffer.alloc(32, 9);
let server: VerifyingServer;

beforeEach(async () => {
  server = await startVerifyingServer(app);
});
afterEach(() => server.close());

function create(options: Partial<SockudoOptions> = {}): Sockudo {
  return new Sockudo({ ...app, port: server.port, ...options });
}

function bodyOf(index: number): Record<string, unknown> {
  return JSON.parse(server.seen[index]?.body ?? '');
}

async function rejection(promise: Promise<unknown>): Promise<SockudoRequestError> {
  const error = await promise.then(
    () => new Error('resolved'),
    (reason: unknown) => reason,
  );
  if (error instanceof SockudoRequestError) return error;
  throw error;
}

describe('the package', () => {
  it('exports the class by name and by default, with the statics users know', () => {
    expect(DefaultExport).toBe(Sockudo);
    expect(Sockudo.RequestError).toBe(SockudoRequestError);
    expect(Sockudo.WebHookError).toBe(WebHookError);
    expect(new Sockudo.Token('k', 's').sign('x')).toHaveLength(64);
  });

  it('names its own version', () => {
    const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
    expect(manifest.version).toBe(VERSION);
  });

  it('does not show secrets when it is printed', () => {
    const sockudo = create({ encryptionMasterKeyBase64: masterKey.toString('base64') });
    const shown = inspect(sockudo, { depth: 9, showHidden: true }) + JSON.stringify(sockudo);
    expect(shown).not.toContain('s-demo');
  });
});

describe('trigger', () => {
  it('sends one signed request with a key in body and header', async () => {
    const response = await create().trigger(
      'room-1',
      'seat.taken',
      { seat: '4B' },
      { socket_id: '1.2', info: 'user_count' },
    );
    expect(await response.json()).toEqual({ ok: true });
    const [request] = server.seen;
    expect(request).toMatchObject({ method: 'POST', path: '/apps/my%20app/events', fault: '' });
    expect(request?.headers['x-pusher-library']).toBe(`sockudo-http-node ${VERSION}`);
    expect(request?.headers['x-idempotency-key']).toBe(response.idempotencyKey);
    expect(response.idempotencyKey).toMatch(/^[\w-]{16}:0$/);
    expect(bodyOf(0)).toEqual({
      name: 'seat.taken',
      data: '{"seat":"4B"}',
      channels: ['room-1'],
      socket_id: '1.2',
      info: 'user_count',
      idempotency_key: response.idempotencyKey,
    });
  });

  it('sends strings as they are and passes unknown members on', async () => {
    await create().trigger(['a', 'b'], 'e', '{"raw":1}', {
      tags: { region: 'eu' },
      delta: false,
      novel: [1],
    });
    expect(bodyOf(0)).toMatchObject({
      data: '{"raw":1}',
      channels: ['a', 'b'],
      tags: { region: 'eu' },
      novel: [1],
    });
  });

  it('counts keys up, and sends none where they are turned off', async () => {
    const sockudo = create();
    const first = await sockudo.trigger('a', 'e', 1);
    const second = await sockudo.trigger('a', 'e', 1);
    expect(second.idempotencyKey).toBe(first.idempotencyKey?.replace(/:0$/, ':1'));
    const keyless = await create({ autoIdempotencyKey: false }).trigger('a', 'e', 1);
    expect(keyless.idempotencyKey).toBe(undefined);
    expect(bodyOf(2)).toEqual({ name: 'e', data: '1', channels: ['a'] });
    expect(server.seen[2]?.headers['x-idempotency-key']).toBe(undefined);
  });

  it('takes an own key, also one that no header can hold', async () => {
    const response = await create().trigger('a', 'e', 1, { idempotency_key: 'Bestellung №1' });
    expect(response.idempotencyKey).toBe('Bestellung №1');
    expect(bodyOf(0).idempotency_key).toBe('Bestellung №1');
    expect(server.seen[0]?.headers['x-idempotency-key']).toBe(undefined);
  });

  it('keeps a random key over the attempts of one call', async () => {
    server.queue('cut', { status: 500, headers: { 'retry-after': '0' } });
    const response = await create().trigger('a', 'e', 1, { idempotency_key: true });
    expect(server.seen.map((request) => request.fault)).toEqual(['', '', '']);
    const keys = server.seen.map((_, index) => bodyOf(index).idempotency_key);
    expect(keys).toEqual([response.idempotencyKey, response.idempotencyKey, response.idempotencyKey]);
    expect(response.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each<[string, () => unknown]>([
    ['a socket id', () => create().trigger('a', 'e', 1, { socket_id: 'x' })],
    ['a channel', () => create().trigger('a b', 'e', 1)],
    ['a long channel', () => create().trigger('a'.repeat(201), 'e', 1)],
    ['no channel', () => create().trigger([], 'e', 1)],
    ['101 channels', () => create().trigger(Array(101).fill('a'), 'e', 1)],
    ['an empty event name', () => create().trigger('a', '', 1)],
    ['a long event name', () => create().trigger('a', 'e'.repeat(201), 1)],
    ['an empty key', () => create().trigger('a', 'e', 1, { idempotency_key: '' })],
    ['an encrypted channel among others', () => create().trigger(['private-encrypted-a', 'b'], 'e', 1)],
    ['a batch item', () => create().triggerBatch([{ channel: 'a', name: '', data: 1 }])],
    ['an empty user id', () => create().sendToUser('', 'e', 1)],
    ['a user id that is a path', () => create().terminateUserConnections('..')],
  ])('throws on %s before anything is sent', (_, call) => {
    expect(call).toThrow(TypeError);
    expect(server.seen).toHaveLength(0);
  });

  it('encrypts for readers who hold the shared secret', async () => {
    const sockudo = create({ encryptionMasterKeyBase64: masterKey.toString('base64') });
    const data = { text: 'grüße', list: [1, null] };
    await sockudo.trigger('private-encrypted-a', 'e', data);
    const { nonce, ciphertext } = JSON.parse(String(bodyOf(0).data));
    const opened = nacl.secretbox.open(
      new Uint8Array(Buffer.from(ciphertext, 'base64')),
      new Uint8Array(Buffer.from(nonce, 'base64')),
      new Uint8Array(sockudo.channelSharedSecret('private-encrypted-a')),
    );
    expect(JSON.parse(Buffer.from(opened ?? []).toString())).toEqual(data);
  });
});

describe('triggerBatch', () => {
  it('keys and encrypts the items of a copy', async () => {
    const sockudo = create({ encryptionMasterKeyBase64: masterKey.toString('base64') });
    const batch = [
      { channel: 'a', name: 'e', data: { n: 1 }, idempotency_key: 'own' },
      { channel: 'private-encrypted-a', name: 'e', data: { n: 2 } },
    ];
    const before = structuredClone(batch);
    server.queue({ status: 503, headers: { 'retry-after': '0' } });
    const response = await sockudo.triggerBatch(batch);
    expect(batch).toEqual(before);
    expect(server.seen.map((request) => request.path)).toEqual(Array(2).fill('/apps/my%20app/batch_events'));
    expect(server.seen[1]?.body).toBe(server.seen[0]?.body);
    expect(response.idempotencyKeys[0]).toBe('own');
    expect(response.idempotencyKeys[1]).toMatch(/^[\w-]{16}:0:1$/);
    expect(bodyOf(0).batch).toMatchObject([
      { data: '{"n":1}' },
      { idempotency_key: response.idempotencyKeys[1] },
    ]);
  });
});

describe('users', () => {
  it('sends to a user through the user channel', async () => {
    await create().sendToUser('u-7', 'invoice', { no: 5 });
    expect(bodyOf(0)).toMatchObject({ channels: ['#server-to-user-u-7'], name: 'invoice', data: '{"no":5}' });
  });

  it('encodes user ids in paths', async () => {
    await create().terminateUserConnections('a/b c?d');
    await create().forceReconnectUser('ü');
    expect(server.seen.map(({ path, body, fault }) => [path, body, fault])).toEqual([
      ['/apps/my%20app/users/a%2Fb%20c%3Fd/terminate_connections', '{}', ''],
      ['/apps/my%20app/users/%C3%BC/force_reconnect', '{}', ''],
    ]);
  });
});

describe('reading', () => {
  it('gives typed answers', async () => {
    const sockudo = create();
    server.queue({ status: 200, body: '{"channels":{"presence-a":{"user_count":2}}}' });
    const list = await sockudo.channels({
      filter_by_prefix: 'presence-',
      info: ['user_count', 'subscription_count'],
    });
    expect(list.channels['presence-a']?.user_count).toBe(2);
    server.queue({ status: 200, body: '{"occupied":false}' });
    expect((await sockudo.channel('a#b', { info: 'subscription_count' })).occupied).toBe(false);
    server.queue({ status: 200, body: '{"users":[{"id":"u1"}]}' });
    expect((await sockudo.channelUsers('presence-a')).users).toEqual([{ id: 'u1' }]);
    expect(server.seen.map(({ path, fault }) => [path, fault])).toEqual([
      ['/apps/my%20app/channels', ''],
      ['/apps/my%20app/channels/a%23b', ''],
      ['/apps/my%20app/channels/presence-a/users', ''],
    ]);
    expect(server.seen[0]?.query.get('info')).toBe('user_count,subscription_count');
  });

  it('does not pass an unknown answer on as a typed one', async () => {
    server.queue({ status: 200, body: '{"users":[{"id":7}]}' });
    await expect(create().channelUsers('presence-a')).rejects.toThrow('unknown form');
  });
});

describe('get, post, delete', () => {
  it('reaches any route, with parameters of any content', async () => {
    const sockudo = create();
    const params = { cursor: 'a+b/c==&d ü%41', limit: 3 };
    await sockudo.get({ path: '/channels/a%23b/history', params, headers: { 'x-extra': '1' } });
    await sockudo.post({ path: '/channels/a/history/purge', body: { mode: 'all' } });
    await sockudo.post({ path: '/empty' });
    await sockudo.delete({ path: '/push/scheduled/1', params: { sync: false } });
    expect(server.seen.map((request) => request.fault)).toEqual(['', '', '', '']);
    expect(server.seen[0]?.query.get('cursor')).toBe(params.cursor);
    expect(server.seen[0]?.headers['x-extra']).toBe('1');
    expect(server.seen.map((request) => request.body)).toEqual(['', '{"mode":"all"}', '', '']);
  });

  it('signs what is sent when fetch rewrites a path', async () => {
    await create().get({ path: '/channels/ä "x"/' });
    await create().get({ path: '/channels/./a' });
    expect(server.seen.map(({ path, fault }) => [path, fault])).toEqual([
      ['/apps/my%20app/channels/%C3%A4%20%22x%22/', ''],
      ['/apps/my%20app/channels/a', ''],
    ]);
  });

  it.each(['/../2/channels', '/%2e%2e/2/channels', '/channels?x=1', '/channels#x', 'channels'])(
    'refuses the path %s',
    async (path) => {
      await expect(create().get({ path })).rejects.toThrow(TypeError);
      expect(server.seen).toHaveLength(0);
    },
  );

  it('tries once', async () => {
    server.queue({ status: 500 });
    expect(await rejection(create().get({ path: '/channels' }))).toMatchObject({ status: 500 });
    expect(server.seen).toHaveLength(1);
  });

  it('makes query strings that others can send', async () => {
    const path = '/apps/my%20app/channels';
    const query = create().createSignedQueryString({ method: 'GET', path, params: { info: 'a b' } });
    const response = await fetch(`http://127.0.0.1:${server.port}${path}?${query}`);
    expect([response.status, server.seen[0]?.fault]).toEqual([200, '']);
  });

  it('signs as the stock pusher package where both can', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const request = { method: 'POST', path: '/apps/1/events', body: '{"a":"ü"}', params: { info: 'x' } };
    const theirs = new Pusher({ ...app, host: 'h' }).createSignedQueryString(request);
    const ours = new URLSearchParams(create().createSignedQueryString(request));
    expect([...ours].sort()).toEqual([...new URLSearchParams(theirs)].sort());
  });
});

describe('failures', () => {
  it('repeats 429 and 5xx and resolves with the answer that came', async () => {
    server.queue(
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 502, headers: { 'retry-after': '0' } },
    );
    expect((await create().trigger('a', 'e', 1)).status).toBe(200);
    expect(server.seen).toHaveLength(3);
  });

  it('rejects with status, body and a clean address when attempts are used up', async () => {
    const answer = { status: 503, body: '{"code":"backpressure"}', headers: { 'retry-after': '0' } };
    server.queue(answer, answer);
    const error = await rejection(create({ maxRetries: 2 }).trigger('a', 'e', 1));
    expect(error).toMatchObject({
      name: 'SockudoRequestError',
      status: 503,
      statusCode: 503,
      body: answer.body,
    });
    expect(error.url).toBe(`http://127.0.0.1:${server.port}/apps/my%20app/events`);
    expect(server.seen).toHaveLength(2);
  });

  it('does not repeat what the server refuses', async () => {
    server.queue({ status: 400, body: '{"code":"invalid_input"}' });
    expect(await rejection(create().trigger('a', 'e', 1))).toMatchObject({ status: 400 });
    expect(server.seen).toHaveLength(1);
  });

  it('does not repeat an unkeyed publish that may have been carried out', async () => {
    server.queue('cut');
    const error = await rejection(create({ autoIdempotencyKey: false }).trigger('a', 'e', 1));
    expect(error.status).toBe(undefined);
    expect(error.error).toBeInstanceOf(Error);
    expect(server.seen).toHaveLength(1);
  });

  it('does not follow a redirect with the signature', async () => {
    server.queue({ status: 307, headers: { location: '/elsewhere' } });
    expect(await rejection(create().trigger('a', 'e', 1))).toMatchObject({ status: 307 });
    expect(server.seen).toHaveLength(1);
  });

  it('gives up a silent server once, after the time-out', async () => {
    server.queue('hang');
    const error = await rejection(create({ timeout: 20 }).trigger('a', 'e', 1));
    expect(error.message).toBe('Request timed out after 20 ms');
    expect(server.seen.length).toBeLessThanOrEqual(1);
  });

  it('keeps secrets and signatures out of errors', async () => {
    const fetchEcho: typeof fetch = async (input) =>
      new Response(`refused: ${String(input)}`, { status: 401 });
    const sockudo = create({ fetch: fetchEcho, encryptionMasterKeyBase64: masterKey.toString('base64') });
    const error = await rejection(sockudo.get({ path: '/channels', params: { info: 'user_count' } }));
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(error);
    expect(error.url).toMatch(/\/channels\?info=user_count$/);
    expect(shown).toContain('auth_signature=[signature]');
    expect(shown).not.toMatch(/[0-9a-f]{64}|s-demo/);
    expect(shown).not.toContain(masterKey.toString('base64'));
  });

  it('refuses an answer beyond its bound', async () => {
    const chunk = new Uint8Array(8 * 1024 * 1024);
    const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    const sockudo = create({ fetch: async () => new Response(endless()) });
    const error = await rejection(sockudo.channels());
    expect(error.error?.message).toContain('larger than');
  });
});

describe('forURL and forCluster', () => {
  it('reaches the app the address names', async () => {
    const sockudo = Sockudo.forURL(`http://k-demo:s-demo-0001@127.0.0.1:${server.port}/apps/my%20app`);
    await sockudo.trigger('a', 'e', 1);
    expect(server.seen[0]).toMatchObject({ path: '/apps/my%20app/events', fault: '' });
  });

  it('reaches the cluster', async () => {
    const addresses: string[] = [];
    const fetchSpy: typeof fetch = async (input) => {
      addresses.push(String(input));
      return new Response('{}');
    };
    await Sockudo.forCluster('eu', { ...app, useTLS: true, fetch: fetchSpy }).trigger('a', 'e', 1);
    expect(addresses[0]).toMatch(/^https:\/\/api-eu\.sockudo\.com\/apps\/my%20app\/events\?/);
  });
});
