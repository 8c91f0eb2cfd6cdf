import { describe, expect, it } from 'vitest';
import { FAILURES_BEFORE_EVENTS, Fallback } from './event-source-fallback.ts';
import { EventPositions } from './event-source-positions.ts';
import { Sockudo } from './sockudo.ts';
import { FakeRuntime, FakeSocket, settled } from './testing/fake-runtime.ts';

class Preferred extends FakeSocket {}
class Events extends FakeSocket {}

const attempt = (fallback: Fallback, end: string) => {
  const picked = fallback.pick(Preferred) === Events ? 'sse' : 'ws';
  expect(fallback.current).toBe(picked);
  if (end === 'e') fallback.established();
  fallback.ended(end === 'o');
  return picked;
};

/** What is used by attempts that end as the letters say: `f`ailed, failed while `o`ffline, `e`stablished and lost. */
const transports = (ends: string) => {
  const fallback = new Fallback(Events);
  return [...ends].map((end) => attempt(fallback, end));
};

describe('Fallback', () => {
  it('tries events after several failures in a row', () => {
    expect(FAILURES_BEFORE_EVENTS).toBe(3);
    expect(transports('ffff')).toEqual(['ws', 'ws', 'ws', 'sse']);
    expect(transports('ffeff')).toEqual(['ws', 'ws', 'ws', 'ws', 'ws']);
  });

  it('gives WebSocket one chance after events that worked', () => {
    expect(transports('fffeff')).toEqual(['ws', 'ws', 'ws', 'sse', 'ws', 'sse']);
    expect(transports('fffeeff')).toEqual(['ws', 'ws', 'ws', 'sse', 'ws', 'ws', 'ws']);
  });

  it('goes back to WebSocket after events that did not', () => {
    expect(transports('fffffff')).toEqual(['ws', 'ws', 'ws', 'sse', 'ws', 'ws', 'ws']);
  });
});

describe('failures without a network', () => {
  it('say nothing about either transport', () => {
    expect(transports('oooof')).toEqual(['ws', 'ws', 'ws', 'ws', 'ws']);
    expect(transports('fofoff')).toEqual(['ws', 'ws', 'ws', 'ws', 'ws', 'sse']);
    expect(transports('fffoef')).toEqual(['ws', 'ws', 'ws', 'sse', 'sse', 'ws']);
  });

  /** Whether the attempt after three failed ones reads events. */
  const readsEventsAfterFailures = async (isNetworkGone: boolean) => {
    const runtime = new FakeRuntime();
    runtime.isNetworkGone = isNetworkGone;
    const options = { wsHost: 'localhost', forceTLS: false, protocolVersion: 2 as const };
    const { connection } = new Sockudo('app-key', options, runtime);
    for (let failed = 0; failed < FAILURES_BEFORE_EVENTS; failed++) {
      runtime.socket.drop(1006);
      runtime.advance(30_000);
      await settled();
    }
    expect(connection.state).toBe('unavailable');
    return runtime.requests.some(({ url }) => url.endsWith('/events/ticket'));
  };

  it('are those that happen while the runtime says so', async () => {
    expect(await readsEventsAfterFailures(false)).toBe(true);
    expect(await readsEventsAfterFailures(true)).toBe(false);
  });
});

describe('EventPositions', () => {
  it('begins where each channel was, in any order', () => {
    const positions = new EventPositions();
    expect(positions.idFor(['a'])).toBeUndefined();
    positions.reached(['a', 'b'], 's:1 -');
    expect(positions.idFor(['b', 'new', 'a'])).toBe('- * s:1');
    positions.goBack('a', { stream_id: 's', serial: 0 });
    positions.goBack('b', 'nonsense');
    positions.reached(['a', 'b'], 'no id of these');
    positions.forget('b');
    expect(positions.idFor(['a', 'b'])).toBe('s:0 *');
  });
});
