import nacl from 'tweetnacl';
import { describe, expect, it, vi } from 'vitest';
import { KEY_PAUSE_MS } from './encrypted-channel.ts';
import type { AuthErrorEvent } from './errors.ts';
import type { ChannelAuthorizationData } from './options.ts';
import { openSecretbox, secretboxKey } from './secretbox.ts';
import { connectedClient } from './testing/connected-client.ts';
import { settled } from './testing/fake-runtime.ts';

const NAME = 'private-encrypted-desk';
const [oldKey, newKey] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

function seal(text: string, key: Uint8Array): string {
  const nonce = nacl.randomBytes(24);
  const ciphertext = nacl.secretbox(new TextEncoder().encode(text), nonce, key);
  return JSON.stringify({ nonce: base64(nonce), ciphertext: base64(ciphertext) });
}

/** Answers every authorisation with the next of these keys; the last one stays. */
async function subscribed(keys: Uint8Array[]) {
  const authorize = vi.fn(async (): Promise<ChannelAuthorizationData> => {
    const key = keys.length > 1 ? keys.shift() : keys[0];
    return { auth: 'k:s', shared_secret: base64(key ?? oldKey) };
  });
  const setup = connectedClient({ channelAuthorization: { customHandler: authorize } });
  const channel = setup.client.subscribe(NAME);
  await settled();
  setup.acknowledge(NAME);
  const events: unknown[] = [];
  channel.bind_global((event, data) => events.push([event, data]));
  const publish = (event: string, data: unknown) => setup.socket().receive({ event, channel: NAME, data });
  return { ...setup, channel, authorize, events, publish };
}

describe('encrypted channels', () => {
  it('subscribe without giving the key away, and decrypt', async () => {
    const { subscribes, publish, events } = await subscribed([oldKey]);
    expect(subscribes()).toEqual([{ auth: 'k:s', channel: NAME }]);
    publish('secret', seal('{"x":1}', oldKey));
    publish('text', seal('Grüße', oldKey));
    expect(events).toEqual([
      ['secret', { x: 1 }],
      ['text', 'Grüße'],
    ]);
  });

  it('tell a wrong key from data that is no box', () => {
    const box = seal('hi', oldKey);
    expect(openSecretbox(box, oldKey)).toEqual({ kind: 'opened', text: 'hi' });
    expect(openSecretbox(JSON.parse(box), oldKey)).toEqual({ kind: 'opened', text: 'hi' });
    expect(openSecretbox(box, newKey)).toEqual({ kind: 'wrong-key' });
    expect(openSecretbox('{}', oldKey)).toEqual({ kind: 'malformed' });
  });

  it('ask once for a new key, keep the order, and deliver what waited', async () => {
    const { publish, events, authorize } = await subscribed([oldKey, newKey]);
    publish('a', seal('1', newKey));
    publish('b', seal('2', newKey));
    publish('c', seal('3', newKey));
    expect(events).toEqual([]);
    await settled();
    expect(authorize).toHaveBeenCalledTimes(2);
    expect(events).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
  });

  it('drop what no key opens, and do not ask again at once', async () => {
    const { publish, events, authorize, runtime } = await subscribed([oldKey]);
    publish('a', seal('1', newKey));
    await settled();
    publish('b', seal('2', newKey));
    await settled();
    expect(authorize).toHaveBeenCalledTimes(2);
    publish('c', seal('3', oldKey));
    expect(events).toEqual([['c', 3]]);
    runtime.advance(KEY_PAUSE_MS);
    publish('d', seal('4', newKey));
    await settled();
    expect(authorize).toHaveBeenCalledTimes(3);
  });

  it.each([['plain'], [{ nonce: '', ciphertext: '' }], [null], [{ nonce: '!', ciphertext: 'x' }]])(
    'drop data that is not encrypted: %j',
    async (data) => {
      const { publish, events, authorize } = await subscribed([oldKey]);
      publish('a', data);
      await settled();
      expect(events).toEqual([]);
      expect(authorize).toHaveBeenCalledTimes(1);
    },
  );

  it('pass protocol events through', async () => {
    const { socket, events } = await subscribed([oldKey]);
    socket().receive({ event: 'pusher:cache_miss', channel: NAME, data: '{}' });
    expect(events).toEqual([['pusher:cache_miss', {}]]);
  });

  it.each([undefined, 'c2hvcnQ=', '%%%'])('refuse a shared_secret of %j', async (secret) => {
    const { client, subscribes } = connectedClient({
      channelAuthorization: {
        customHandler: async () => ({ auth: 'k:s', ...(secret !== undefined && { shared_secret: secret }) }),
      },
    });
    const errors: AuthErrorEvent[] = [];
    client.subscribe(NAME).bind('pusher:subscription_error', (error) => errors.push(error));
    await settled();
    expect(errors).toMatchObject([{ type: 'AuthError' }]);
    expect(subscribes()).toEqual([]);
  });

  it('refuse client events', async () => {
    const { channel } = await subscribed([oldKey]);
    expect(() => channel.trigger('client-x', {})).toThrow('not supported');
  });

  it('are the kind of private-encrypted-cache- names too', () => {
    const { client } = connectedClient({ channelAuthorization: { customHandler: () => {} } });
    expect(client.subscribe('private-encrypted-cache-x').constructor.name).toBe('EncryptedChannel');
    expect(client.subscribe('private-cache-x').constructor.name).toBe('PrivateChannel');
    expect(client.subscribe('presence-cache-x').constructor.name).toBe('PresenceChannel');
    expect(client.subscribe('cache-x').constructor.name).toBe('Channel');
    expect(client.subscribe('[meta]presence-x').constructor.name).toBe('MetaChannel');
  });

  it('want 32 bytes', () => {
    expect(secretboxKey(base64(oldKey))).toEqual(oldKey);
    expect(() => secretboxKey('AAAA')).toThrow('32 bytes');
  });
});
