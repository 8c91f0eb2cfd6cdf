import { describe, expect, it } from 'vitest';
import { ConnectionDeltas } from './connection-deltas.ts';
import { deltaSettings } from './testing/delta-fixture.ts';

const started = (settings = deltaSettings()) => new ConnectionDeltas(settings);

describe('what a subscription gets', () => {
  it('nothing before anybody asked', () => {
    expect(started().subscribed('room', undefined)).toBeNull();
  });

  it('what it asks for itself, alone', () => {
    const deltas = started();
    expect(deltas.subscribed('room', { enabled: true })).toEqual({ deltas, algorithm: null });
    expect(deltas.subscribed('market', { algorithm: 'xdelta3' })).toEqual({ deltas, algorithm: 'xdelta3' });
    expect(deltas.subscribed('other', undefined)).toBeNull();
  });

  it('what the connection asks for, unless it says otherwise', () => {
    const deltas = started();
    deltas.subscribed('quiet', { enabled: false });
    deltas.enable(['fossil', 'xdelta3']);
    expect(deltas.choiceFor('room')).toEqual({ deltas, algorithm: null });
    expect(deltas.choiceFor('quiet')).toBeNull();
    expect(deltas.subscribed('quiet', undefined)).toEqual({ deltas, algorithm: null });
  });

  it('the only algorithm that the client understands', () => {
    const deltas = started();
    deltas.enable(['xdelta3']);
    expect(deltas.choiceFor('room')?.algorithm).toBe('xdelta3');
    expect(deltas.subscribed('room', { enabled: true, algorithm: 'fossil' })?.algorithm).toBe('fossil');
  });

  it('the client takes fossil for granted until the server has confirmed another', () => {
    const deltas = started(deltaSettings({ algorithm: 'xdelta3' }));
    expect(deltas.confirmed).toBe('fossil');
    deltas.enable([]);
    expect(deltas.confirmed).toBe('xdelta3');
  });
});

describe('series', () => {
  const advanced = (deltas: ConnectionDeltas, channel: string, key = 'tick', most = 100) => {
    const series = deltas.series(channel, key, most);
    if (series !== null) series.nextSeq += 5;
    return series;
  };

  it('are kept by channel and key', () => {
    const deltas = started();
    const series = advanced(deltas, 'a');
    expect(deltas.series('a', 'tick', 100)).toBe(series);
    expect(deltas.series('a', 'trade', 100)).not.toBe(series);
    expect(deltas.series('b', 'tick', 100)).not.toBe(series);
  });

  it.each([
    ['lost by the client', (deltas: ConnectionDeltas) => deltas.forget('room-1')],
    ['unsubscribed', (deltas: ConnectionDeltas) => deltas.unsubscribed('room-1')],
    ['unsubscribed from the pattern', (deltas: ConnectionDeltas) => deltas.unsubscribed('room-*')],
    ['renewed without deltas', (deltas: ConnectionDeltas) => deltas.subscribed('room-1', { enabled: false })],
  ])('begin anew when the channel was %s', (_, end) => {
    const deltas = started();
    advanced(deltas, 'room-1');
    const other = advanced(deltas, 'market');
    end(deltas);
    expect(deltas.series('room-1', 'tick', 100)).toMatchObject({ nextSeq: 0, sent: 0, base: null });
    expect(deltas.series('market', 'tick', 100)).toBe(other);
  });

  it('go on when a subscription is renewed with deltas', () => {
    const deltas = started();
    deltas.subscribed('room', { enabled: true });
    const series = advanced(deltas, 'room');
    deltas.subscribed('room', { enabled: true, algorithm: 'xdelta3' });
    expect(deltas.series('room', 'tick', 100)).toBe(series);
  });

  it('are bounded in channels: one channel more goes without', () => {
    const deltas = started(deltaSettings({ maxChannelsPerConnection: 2 }));
    advanced(deltas, 'a');
    advanced(deltas, 'b');
    expect(deltas.series('c', 'tick', 100)).toBeNull();
    deltas.unsubscribed('a');
    expect(deltas.series('c', 'tick', 100)).not.toBeNull();
  });

  it('are bounded in keys: the oldest makes room, and no number is used again', () => {
    const deltas = started();
    const first = advanced(deltas, 'a', 'x', 2);
    const second = advanced(deltas, 'a', 'y', 2);
    expect(deltas.series('a', 'z', 2)).toMatchObject({ nextSeq: 5, sent: 0, base: null });
    expect(deltas.series('a', 'y', 2)).toBe(second);
    expect(deltas.series('a', 'x', 2)).not.toBe(first);
  });
});
