import Pusher from 'pusher';
import { describe, expect, it } from 'vitest';
import { Sockudo } from './sockudo.ts';

const options = {
  appId: '4242',
  key: 'k-demo',
  secret: 's-demo-0001',
  host: 'h',
  encryptionMasterKeyBase64: Buffer.alloc(32, 3).toString('base64'),
};
const sockudo = new Sockudo(options);
const pusher = new Pusher(options);

describe('authorizeChannel', () => {
  it('signs a private channel as the published vector', () => {
    expect(sockudo.authorizeChannel('1234.5678', 'private-room')).toEqual({
      auth: 'k-demo:197af5975fd2b2a1f29d246c4bb4c7fbbbec18650556ff553177685cdf12f90f',
    });
  });

  it('signs a presence channel as the published vector', () => {
    expect(sockudo.authorizeChannel('1234.5678', 'presence-room', { user_id: 'u1' })).toEqual({
      auth: 'k-demo:9a4c60434a2a105d299947163da928eb1ee52666ba89777a85e91b49576d260d',
      channel_data: '{"user_id":"u1"}',
    });
  });

  it.each([
    ['private-room', undefined],
    ['private-cache-room', undefined],
    ['private-encrypted-room', undefined],
    ['private-encrypted-cache-room', undefined],
    ['presence-room', { user_id: 'u-7', user_info: { name: 'Ada', emoji: '🦀' } }],
    ['presence-cache-room', { user_id: 'u-7' }],
    ['presence-room', undefined],
  ])('gives what the stock pusher package gives for %s', (channel, presence) => {
    const theirs =
      presence === undefined
        ? pusher.authorizeChannel('12.34', channel)
        : pusher.authorizeChannel('12.34', channel, presence);
    expect(sockudo.authorizeChannel('12.34', channel, presence)).toEqual(theirs);
    expect(sockudo.authenticate('12.34', channel, presence)).toEqual(theirs);
  });

  it('leaves presence data out on other channels, as the server does when it verifies', () => {
    const plain = sockudo.authorizeChannel('1.2', 'private-room');
    expect(sockudo.authorizeChannel('1.2', 'private-room', { user_id: 'u1' })).toEqual(plain);
  });

  it.each(['', 'a', '1', '1.', '1.2.3', '1.2:private-x', ' 1.2', '1.2\n'])(
    'refuses the socket id %j',
    (id) => {
      expect(() => sockudo.authorizeChannel(id, 'private-room')).toThrow('Invalid socket id');
    },
  );

  it.each(['', 'private-a b', 'private-"x"', 'private-ä', 'private-a/b', `private-${'x'.repeat(200)}`])(
    'refuses the channel %j',
    (channel) => {
      expect(() => sockudo.authorizeChannel('1.2', channel)).toThrow(TypeError);
    },
  );

  it('refuses a user id that the server would refuse', () => {
    expect(() => sockudo.authorizeChannel('1.2', 'presence-x', { user_id: '' })).toThrow('Invalid user id');
  });

  it('refuses encrypted channels without a master key', () => {
    const keyless = new Sockudo({ appId: '1', key: 'k', secret: 's' });
    expect(() => keyless.authorizeChannel('1.2', 'private-encrypted-x')).toThrow('encryptionMasterKeyBase64');
  });
});

describe('authenticateUser', () => {
  it('signs as the published vector', () => {
    expect(sockudo.authenticateUser('1234.5678', { id: 'u1' })).toEqual({
      auth: 'k-demo:1cf24d36b95efc319d551c48173db8ac68b46fcdd648786596dcaf6d7cb01dd6',
      user_data: '{"id":"u1"}',
    });
  });

  it('gives what the stock pusher package gives', () => {
    const user = { id: 'u-7', user_info: { name: 'Ada' }, watchlist: ['u-9'], plan: 'pro' };
    expect(sockudo.authenticateUser('12.34', user)).toEqual(pusher.authenticateUser('12.34', user));
  });

  it('refuses an empty id and a bad socket id', () => {
    expect(() => sockudo.authenticateUser('1.2', { id: '' })).toThrow('Invalid user id');
    expect(() => sockudo.authenticateUser('x', { id: 'u' })).toThrow('Invalid socket id');
  });
});

describe('channelSharedSecret', () => {
  it('gives what the stock pusher package gives', () => {
    const theirs: unknown = Reflect.get(pusher, 'channelSharedSecret').call(pusher, 'private-encrypted-x');
    expect(sockudo.channelSharedSecret('private-encrypted-x')).toEqual(theirs);
  });
});
