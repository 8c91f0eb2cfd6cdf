import { describe, expect, it } from 'vitest';
import { fakeApp } from '../http/fake-deps.ts';
import type { Namespace } from './app.ts';
import { hasPositions, isDurable, keepsHistory } from './durability.ts';

const namespace = (name: string, annotationsEnabled: boolean | null): [string, Namespace] => [
  name,
  {
    name,
    channelPattern: null,
    maxChannelNameBytes: null,
    allowUserLimitedChannels: false,
    allowSubscribeForClient: true,
    allowPublishForClient: true,
    allowPresenceForClient: true,
    annotationsEnabled,
    retention: null,
    rewindEnabled: null,
    presenceHistory: null,
  },
];

describe('a channel keeps history', () => {
  it('where its app does, or where its namespace allows annotations', () => {
    const off = fakeApp({ namespaces: new Map([namespace('wall', true), namespace('chat', false)]) });
    expect(keepsHistory(off, 'wall:1')).toBe(true);
    expect(keepsHistory(off, 'private-wall:1')).toBe(true);
    expect(keepsHistory(off, 'chat:1')).toBe(false);
    expect(keepsHistory(off, 'plain')).toBe(false);
    expect(isDurable(off)).toBe(true);
    expect(isDurable(fakeApp({ namespaces: new Map([namespace('chat', false)]) }))).toBe(false);
    const on = fakeApp({ history: { enabled: true, rewindEnabled: true, retention: {} } });
    expect([keepsHistory(on, 'plain'), isDurable(on)]).toEqual([true, true]);
  });

  it('or has positions for a while at least, where recovery is on', () => {
    const recovery = { enabled: true, windowMs: 1, maxMessages: 1 };
    expect(hasPositions(fakeApp(), 'plain')).toBe(false);
    expect(hasPositions(fakeApp({ recovery }), 'plain')).toBe(true);
  });
});
