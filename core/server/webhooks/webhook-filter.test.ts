import { describe, expect, it } from 'vitest';
import type { WebhookFilter } from '../apps/app.ts';
import { endpoint, webhookApp } from './testing/webhook-app.ts';
import { eventsFor, isEventWanted } from './webhook-filter.ts';

const occupied = (channel: string) => ({ name: 'channel_occupied', channel }) as const;

describe('eventsFor', () => {
  it.each<[string, WebhookFilter, string[]]>([
    ['a prefix', { channelPrefix: 'presence-' }, ['presence-chat:1']],
    ['a suffix', { channelSuffix: ':1' }, ['presence-chat:1', 'chat:1#u1:1']],
    ['a pattern, anywhere in the name', { channelPattern: /oo/ }, ['room-1']],
    [
      'a pattern with memory',
      { channelPattern: /r|c/g },
      ['room-1', 'presence-chat:1', 'chat:1#u1:1', '#server-to-user-chat'],
    ],
    [
      'a namespace, without type and users',
      { channelNamespaces: ['chat'] },
      ['presence-chat:1', 'chat:1#u1:1'],
    ],
    ['several conditions', { channelNamespaces: ['chat', 'news'], channelPrefix: 'chat' }, ['chat:1#u1:1']],
    ['no condition', {}, ['room-1', 'presence-chat:1', 'chat:1#u1:1', '#server-to-user-chat']],
  ])('keeps to %s', (_, filter, channels) => {
    const events = ['room-1', 'presence-chat:1', 'chat:1#u1:1', '#server-to-user-chat'].map(occupied);
    const wanted = eventsFor(endpoint({ eventTypes: ['channel_occupied'], filter }), events);
    expect(wanted.map(({ channel }) => channel)).toEqual(channels);
  });

  it('keeps to the events listed, in their order', () => {
    const events = [
      occupied('a'),
      { name: 'cache_miss', channel: 'cache-a', data: '{}' },
      { name: 'channel_vacated', channel: 'a' },
    ] as const;
    const wanted = eventsFor(endpoint({ eventTypes: ['channel_vacated', 'channel_occupied'] }), events);
    expect(wanted.map(({ name }) => name)).toEqual(['channel_occupied', 'channel_vacated']);
  });
});

describe('isEventWanted', () => {
  it('asks every endpoint', () => {
    const app = webhookApp([
      endpoint({ eventTypes: ['cache_miss'] }),
      endpoint({ eventTypes: ['channel_occupied'] }),
    ]);
    expect(isEventWanted(app, occupied('a'))).toBe(true);
    expect(isEventWanted(app, { name: 'channel_vacated', channel: 'a' })).toBe(false);
    expect(isEventWanted(webhookApp([]), occupied('a'))).toBe(false);
  });
});
