import { summarize } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import { fakeApp } from '../http/fake-deps.ts';
import { summaryMessage } from './summaries.ts';

const app = fakeApp();
const TYPE = 'reactions:distinct.v1';

function stateOf(clients: number): string {
  let state: string | null = null;
  for (let client = 0; client < clients; client += 1) {
    const clientId = `client-${String(client).padStart(4, '0')}`;
    state = summarize('distinct', state, { action: 'annotation.create', name: 'like', clientId });
  }
  return state ?? '';
}

function likes(state: string, maxFrameBytes: number, limits = app.limits) {
  const projection = { messageSerial: 'm', type: TYPE, state };
  const { data = '' } = summaryMessage({ ...app, limits }, 'room', projection, maxFrameBytes);
  return JSON.parse(data).annotations.summary[TYPE].like;
}

describe('a summary', () => {
  it('is ephemeral, for protocol 2, and names message and type', () => {
    const message = summaryMessage(app, 'room', { messageSerial: 'm', type: TYPE, state: stateOf(1) }, 0);
    expect(message).toMatchObject({ extras: { ephemeral: true }, protocol2Only: true });
    expect(message).not.toHaveProperty('position');
    expect(JSON.parse(message.data ?? '')).toMatchObject({ action: 'message.summary', serial: 'm' });
  });

  it('is cut to 64 clients, then to half as many each time, until its frame fits', () => {
    const state = stateOf(100);
    const unlimited = { ...app.limits, maxEventPayloadBytes: null };
    expect(likes(state, 0, unlimited)).toMatchObject({ total: 100, clipped: false });
    for (const [maxBytes, shown] of [
      [2_000, 100],
      [1_500, 64],
      [800, 32],
      [250, 1],
      [10, 0],
    ] as const) {
      const { total, clientIds, clipped } = likes(state, maxBytes, unlimited);
      expect([total, clientIds.length, clipped]).toEqual([100, shown, shown < 100]);
    }
  });

  it('is held to the app’s payload limit before the server’s', () => {
    const limits = { ...app.limits, maxEventPayloadBytes: 1_500 };
    expect(likes(stateOf(100), 0, limits).clientIds).toHaveLength(64);
  });
});
