import { describe, expect, it } from 'vitest';
import { invalidMessage, ProtocolError } from './errors.ts';
import {
  type HistoryScope,
  historyQueryOf,
  NO_BOUNDS,
  nextCursor,
  parseDirection,
  parseHistoryQuery,
} from './history-query.ts';

const scope: HistoryScope = { appId: 'app', channel: 'room', maxLimit: 100, noun: 'History' };
const parse = (query: Record<string, string>, changes: Partial<HistoryScope> = {}) =>
  parseHistoryQuery(new Map(Object.entries(query)), { ...scope, ...changes });

function refusal(attempt: () => unknown): ProtocolError {
  try {
    attempt();
  } catch (error) {
    if (ProtocolError.is(error)) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('the query of a history page', () => {
  it('is a whole page, newest first, when nothing is said', () => {
    expect(parse({})).toEqual({ limit: 100, direction: 'newest_first', bounds: NO_BOUNDS, cursor: null });
  });

  it('cuts a limit that is too large and refuses one that is none', () => {
    expect(parse({ limit: '7' }).limit).toBe(7);
    expect(parse({ limit: '1000' }).limit).toBe(100);
    expect(refusal(() => parse({ limit: '0' })).detail).toBe('History limit must be greater than 0');
    expect(refusal(() => parse({ limit: '0' }, { noun: 'Presence history' })).detail).toBe(
      'Presence history limit must be greater than 0',
    );
    for (const limit of ['', 'many', '-1', '1.5', '99999999999999999999']) {
      expect(refusal(() => parse({ limit }))).toMatchObject({ httpStatus: 400, code: 'invalid_input' });
    }
  });

  it('knows every word for a direction, in any case', () => {
    for (const word of ['newest_first', 'Backwards', 'REVERSE'])
      expect(parseDirection(word)).toBe('newest_first');
    for (const word of ['oldest_first', 'forwards', 'Forward'])
      expect(parseDirection(word)).toBe('oldest_first');
    expect(refusal(() => parse({ direction: 'sideways' })).detail).toBe(
      "Invalid direction 'sideways'. Accepted values: newest_first, oldest_first, backwards, forwards",
    );
  });

  it('reads bounds, of times by two names of which the long one wins', () => {
    expect(
      parse({ start_serial: '2', end_serial: '4', start: '10', end: '20', end_time_ms: '30' }).bounds,
    ).toEqual({
      start_serial: 2,
      end_serial: 4,
      start_time_ms: 10,
      end_time_ms: 30,
    });
    expect(refusal(() => parse({ start_serial: '3', end_serial: '2' })).detail).toBe(
      'start_serial must be less than or equal to end_serial',
    );
    expect(refusal(() => parse({ start_time_ms: '5', end_time_ms: '1' })).detail).toBe(
      'start_time_ms must be less than or equal to end_time_ms',
    );
    expect(refusal(() => parse({ start_serial: '-1' })).httpStatus).toBe(400);
  });
});

describe('the cursor of a history page', () => {
  const page = parse({ start_serial: '2', limit: '3' });
  const cursor = nextCursor(scope, page, 'stream', 5);

  it('comes back with the same request, whatever its limit', () => {
    expect(parse({ start_serial: '2', limit: '9', cursor }).cursor).toMatchObject({
      stream_id: 'stream',
      serial: 5,
    });
  });

  it('belongs to one app, channel, direction and set of bounds', () => {
    const text = (query: Record<string, string>, changes?: Partial<HistoryScope>) =>
      refusal(() => parse({ cursor, ...query }, changes)).detail;
    expect(text({ start_serial: '2' }, { appId: 'other' })).toBe(
      'History cursor app does not match the request',
    );
    expect(text({ start_serial: '2' }, { channel: 'other' })).toBe(
      'History cursor channel does not match the request',
    );
    expect(text({ start_serial: '2', direction: 'forwards' })).toBe(
      'History cursor direction does not match the request',
    );
    expect(text({})).toBe('History cursor bounds do not match the request');
    expect(text({ cursor: 'bm90LWEtY3Vyc29y' })).toMatch(/^Invalid history cursor: /);
    expect(text({ cursor: 'bm90LWEtY3Vyc29y' }, { noun: 'Presence history' })).toMatch(
      /^Invalid presence history cursor: /,
    );
  });

  it('is refused in the words of the way it came', () => {
    const attempt = () =>
      historyQueryOf({ bounds: NO_BOUNDS, cursor: '?' }, { ...scope, refuse: invalidMessage });
    expect(refusal(attempt).message).toMatch(/^Invalid message format: Invalid history cursor: /);
  });
});
