import { describe, expect, it } from 'vitest';
import type { Namespace } from '../apps/app.ts';
import { fakeApp } from '../http/fake-deps.ts';
import { draftOf, presenceHistoryPolicy, storedTransition, transitionKey } from './transition.ts';

const transition = {
  event: 'member_added',
  cause: 'join',
  userId: 'ann "the first"',
  connectionId: '1.2',
  info: '{"n":1,"__proto__":2}',
  publishedAtMs: 1_760_000_000_000,
  dedupeKey: 'k1',
} as const;

describe('a transition', () => {
  const key = transitionKey(fakeApp(), 'presence-room');

  it('is stored as the presence_event of the wire, under a name no client can use', () => {
    expect(key).toEqual({ appId: '4242', channel: '[presence-history]presence-room' });
    const draft = draftOf(key, transition, { ageMs: 5 });
    expect(draft).toMatchObject({ key, event: 'member_added', retention: { ageMs: 5 } });
    expect(draft.data).toBe(
      '{"published_at_ms":1760000000000,"event":"member_added","cause":"join",' +
        '"user_id":"ann \\"the first\\"","connection_id":"1.2","user_info":{"n":1,"__proto__":2},' +
        '"dead_node_id":null,"dedupe_key":"k1"}',
    );
  });

  it('is read back with the time that the log gave it', () => {
    const draft = draftOf(key, { ...transition, info: null, deadNodeId: 'n2' }, {});
    const publishedAtMs = transition.publishedAtMs + 7;
    const stored = storedTransition({ ...draft, streamId: 's', serial: 3, publishedAtMs });
    expect(stored).toMatchObject({ streamId: 's', serial: 3, publishedAtMs });
    expect(stored.payloadBytes).toBe(Buffer.byteLength(draft.data));
    expect(stored.event).toEqual({
      published_at_ms: publishedAtMs,
      event: 'member_added',
      cause: 'join',
      user_id: 'ann "the first"',
      connection_id: '1.2',
      user_info: null,
      dead_node_id: 'n2',
      dedupe_key: 'k1',
    });
  });

  it('is not read out of anything else', () => {
    const draft = draftOf(key, transition, {});
    expect(() => storedTransition({ ...draft, data: '{}', streamId: 's', serial: 1 })).toThrow();
  });
});

describe('the policy', () => {
  const namespace = (name: string, presenceHistory: Namespace['presenceHistory']): [string, Namespace] => [
    name,
    {
      name,
      channelPattern: null,
      maxChannelNameBytes: null,
      allowUserLimitedChannels: false,
      allowSubscribeForClient: true,
      allowPublishForClient: true,
      allowPresenceForClient: true,
      annotationsEnabled: null,
      retention: null,
      rewindEnabled: null,
      presenceHistory,
    },
  ];

  it("is the namespace's where that has one, else the app's", () => {
    const app = fakeApp({
      presenceHistory: { enabled: true, retention: { messages: 9 } },
      namespaces: new Map([
        namespace('quiet', { enabled: false, retention: {} }),
        namespace('plain', null),
        namespace('short', { enabled: true, retention: { messages: 2 } }),
      ]),
    });
    const policy = (channel: string) => presenceHistoryPolicy(app, channel);
    expect(policy('presence-quiet:1').enabled).toBe(false);
    expect(policy('presence-plain:1')).toEqual(app.presenceHistory);
    expect(policy('presence-short:1').retention).toEqual({ messages: 2 });
    expect(policy('presence-none')).toEqual(app.presenceHistory);
  });
});
