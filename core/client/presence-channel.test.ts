import { describe, expect, it } from 'vitest';
import type { AuthErrorEvent } from './errors.ts';
import { connectedClient } from './testing/connected-client.ts';
import { settled } from './testing/fake-runtime.ts';

const channelData = JSON.stringify({ user_id: 'u-7', user_info: { name: 'Ada' } });
const room = { presence: { ids: ['u-7', 'u-9'], hash: { 'u-7': { name: 'Ada' }, 'u-9': {} }, count: 2 } };

function presence(protocolVersion: 7 | 2 = 7) {
  return connectedClient({
    protocolVersion,
    channelAuthorization: { customHandler: async () => ({ auth: 'k:s', channel_data: channelData }) },
  });
}

async function inRoom(protocolVersion: 7 | 2 = 7) {
  const setup = presence(protocolVersion);
  const channel = setup.client.subscribe('presence-desk');
  await settled();
  setup.acknowledge('presence-desk', room);
  return { ...setup, channel };
}

describe('presence channels', () => {
  it('hand the members to whoever waits for the acknowledgement', async () => {
    const { client, subscribes, acknowledge } = presence();
    const channel = client.subscribe('presence-desk');
    let seen: unknown;
    channel.bind('pusher:subscription_succeeded', (members) => {
      seen = members;
    });
    await settled();
    expect(subscribes()).toEqual([{ auth: 'k:s', channel_data: channelData, channel: 'presence-desk' }]);
    acknowledge('presence-desk', room);
    expect(seen).toBe(channel.members);
    expect(channel.members.count).toBe(2);
    expect(channel.members.me).toEqual({ id: 'u-7', info: { name: 'Ada' } });
  });

  it.each([7, 2] as const)('announce who comes and goes (protocol %i)', async (protocolVersion) => {
    const { channel, internal } = await inRoom(protocolVersion);
    const events: unknown[] = [];
    channel.bind('pusher:member_added', (member) => events.push(['added', member]));
    channel.bind('pusher:member_removed', (member) => events.push(['removed', member]));
    internal('member_added', 'presence-desk', { user_id: 'u-1', user_info: { name: 'Bob' } });
    internal('member_removed', 'presence-desk', { user_id: 'u-9' });
    internal('member_removed', 'presence-desk', { user_id: 'nobody' });
    expect(events).toEqual([
      ['added', { id: 'u-1', info: { name: 'Bob' } }],
      ['removed', { id: 'u-9', info: {} }],
    ]);
    expect(channel.members.count).toBe(2);
  });

  it('follow presence updates and send their own (protocol 2)', async () => {
    const { channel, internal, socket } = await inRoom(2);
    const updates: unknown[] = [];
    channel.bind('sockudo_internal:presence_update', (data) => updates.push(data));
    internal('presence_update', 'presence-desk', { user_id: 'u-7', user_info: { status: 'typing' } });
    expect(channel.members.me?.info).toEqual({ status: 'typing' });
    expect(updates).toHaveLength(1);
    channel.update({ status: 'idle' });
    expect(socket().sentData('sockudo:presence_update')).toEqual([
      '{"channel":"presence-desk","data":{"status":"idle"}}',
    ]);
  });

  it('say who sent a client event', async () => {
    const { channel, socket } = await inRoom();
    let sender: unknown;
    channel.bind('client-wave', (_data, metadata) => {
      sender = metadata.user_id;
    });
    socket().receive({ event: 'client-wave', channel: 'presence-desk', data: {}, user_id: 'u-9' });
    expect(sender).toBe('u-9');
  });

  it('are empty while the connection is gone, and right again after it', async () => {
    const { channel, reconnect, acknowledge } = await inRoom();
    reconnect();
    expect(channel.members).toMatchObject({ count: 0, me: null });
    await settled();
    acknowledge('presence-desk', { presence: { ids: ['u-7'], hash: { 'u-7': {} }, count: 1 } });
    expect(channel.members.count).toBe(1);
    expect(channel.members.me).toEqual({ id: 'u-7', info: {} });
  });

  it('look empty when the acknowledgement has no list (presence-cache- on Sockudo)', async () => {
    const { client, acknowledge } = presence(2);
    const channel = client.subscribe('presence-cache-desk');
    await settled();
    acknowledge('presence-cache-desk', {});
    expect(channel.subscribed).toBe(true);
    expect(channel.members.count).toBe(0);
  });

  it.each([['no json'], ['{}'], ['null']])('refuse channel_data %j', async (text) => {
    const { client, subscribes } = connectedClient({
      channelAuthorization: { customHandler: async () => ({ auth: 'k:s', channel_data: text }) },
    });
    const errors: AuthErrorEvent[] = [];
    client.subscribe('presence-desk').bind('pusher:subscription_error', (error) => errors.push(error));
    await settled();
    expect(errors).toMatchObject([{ type: 'AuthError' }]);
    expect(subscribes()).toEqual([]);
  });

  it('without channel_data wait for the sign-in and join as that user', async () => {
    const { client, socket, subscribes, acknowledge } = connectedClient({
      channelAuthorization: { customHandler: async () => ({ auth: 'k:s' }) },
      userAuthentication: { customHandler: async () => ({ auth: 'k:u', user_data: '{"id":"u-7"}' }) },
    });
    client.signin();
    const channel = client.subscribe('presence-desk');
    await settled();
    expect(subscribes()).toEqual([]);
    socket().receive({ event: 'pusher:signin_success', data: { user_data: '{"id":"u-7"}' } });
    await settled();
    expect(subscribes()).toContainEqual({ auth: 'k:s', channel: 'presence-desk' });
    acknowledge('presence-desk', room);
    expect(channel.members.me?.id).toBe('u-7');
  });

  it('without channel_data and without sign-in fail', async () => {
    const { client } = connectedClient({
      channelAuthorization: { customHandler: async () => ({ auth: 'k:s' }) },
    });
    const errors: AuthErrorEvent[] = [];
    client.subscribe('presence-desk').bind('pusher:subscription_error', (error) => errors.push(error));
    await settled();
    expect(errors).toMatchObject([{ type: 'AuthError' }]);
  });
});
