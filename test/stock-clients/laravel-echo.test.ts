// laravel-echo 2 over pusher-js 8 as published, with its `pusher` and `reverb` broadcasters.
import Echo from 'laravel-echo';
import pusherJs from 'pusher-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Inbox } from '../support/inbox.ts';
import { sharedTestServer } from '../support/shared-test-server.ts';
import {
  type AuthEndpoint,
  PusherClient,
  startAuthEndpoint,
  stockBackend,
  stockOptions,
} from '../support/stock-packages.ts';

const server = sharedTestServer();

/** Echo as an application sets it up, signed in as `user` through its session. */
function echo(endpoint: AuthEndpoint, user: string): Echo<'pusher'> {
  const instance = new Echo({
    broadcaster: 'pusher',
    client: new PusherClient(server.app.key, stockOptions(server, { endpoint, headers: { 'x-user': user } })),
    namespace: 'App.Events',
  });
  onTestFinished(() => instance.disconnect());
  return instance;
}

/** Resolves when the channel is joined. */
const joined = (channel: { subscribed(callback: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => {
    channel.subscribed(resolve);
  });

describe('Echo', () => {
  it('listens on public channels, also to events of its namespace', async () => {
    const backend = stockBackend(server);
    const channel = echo(await startAuthEndpoint(backend), 'ada').channel('echo-orders');
    const heard = new Inbox<unknown>();
    channel.listen('OrderShipped', (data: unknown) => heard.push(data));
    await joined(channel);
    await backend.trigger('echo-orders', 'App\\Events\\OrderShipped', { id: 3 });
    expect(await heard.next()).toEqual({ id: 3 });
  });

  it('broadcasts to others with the socket id of X-Socket-ID', async () => {
    const backend = stockBackend(server);
    const endpoint = await startAuthEndpoint(backend);
    const [own, other] = [echo(endpoint, 'ada'), echo(endpoint, 'bob')];
    const inboxes = [own, other].map((instance) => {
      const heard = new Inbox<unknown>();
      const channel = instance.private('echo-list').listen('.changed', (data: unknown) => heard.push(data));
      return { heard, joined: joined(channel) };
    });
    await Promise.all(inboxes.map((inbox) => inbox.joined));
    await backend.trigger('private-echo-list', 'changed', { by: 'ada' }, { socket_id: own.socketId() ?? '' });
    await backend.trigger('private-echo-list', 'changed', { by: 'nobody' });
    expect(await inboxes[1]?.heard.next()).toEqual({ by: 'ada' });
    expect(await inboxes[0]?.heard.next()).toEqual({ by: 'nobody' });
  });

  it('whispers on private channels', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const [ada, bob] = [
      echo(endpoint, 'ada').private('echo-chat'),
      echo(endpoint, 'bob').private('echo-chat'),
    ];
    const heard = new Inbox<unknown>();
    bob.listenForWhisper('typing', (data: unknown) => heard.push(data));
    await Promise.all([joined(ada), joined(bob)]);
    ada.whisper('typing', { name: 'ada' });
    expect(await heard.next()).toEqual({ name: 'ada' });
  });

  it('knows who is here, who is joining and who is leaving', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const here = new Inbox<unknown>();
    const joining = new Inbox<unknown>();
    const leaving = new Inbox<unknown>();
    const room = echo(endpoint, 'ada')
      .join('echo-room')
      .here((members: unknown) => here.push(members))
      .joining((member: unknown) => joining.push(member))
      .leaving((member: unknown) => leaving.push(member));
    expect(await here.next()).toEqual([{ name: 'ada!' }]);
    const bob = echo(endpoint, 'bob');
    bob.join('echo-room');
    expect(await joining.next()).toEqual({ name: 'bob!' });
    bob.leave('echo-room');
    expect(await leaving.next()).toEqual({ name: 'bob!' });
    expect(room.name).toBe('presence-echo-room');
  });

  it('decrypts encrypted private channels', async () => {
    const backend = stockBackend(server);
    const heard = new Inbox<unknown>();
    const channel = echo(await startAuthEndpoint(backend), 'ada')
      .encryptedPrivate('echo-vault')
      .listen('.opened', (data: unknown) => heard.push(data));
    await joined(channel);
    await backend.trigger('private-encrypted-echo-vault', 'opened', { pin: 1 });
    expect(await heard.next()).toEqual({ pin: 1 });
  });

  it('works with the reverb broadcaster, which only names the host', async () => {
    const instance = new Echo({
      broadcaster: 'reverb',
      key: server.app.key,
      wsHost: server.host,
      wsPort: server.port,
      forceTLS: false,
      enabledTransports: ['ws'],
      Pusher: pusherJs,
    });
    onTestFinished(() => instance.disconnect());
    const heard = new Inbox<unknown>();
    const channel = instance.channel('echo-reverb').listen('.tick', (data: unknown) => heard.push(data));
    await joined(channel);
    await stockBackend(server).trigger('echo-reverb', 'tick', 1);
    expect(await heard.next()).toBe(1);
  });
});
