import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEventId, parseEventId } from './event-ids.ts';

const position = fc.record({ streamId: fc.uuid(), serial: fc.nat() });

describe('event ids', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.option(position), { minLength: 1, maxLength: 10 }), (positions) => {
        expect(parseEventId(encodeEventId(positions), positions.length)).toEqual(positions);
      }),
    );
  });

  it('know channels that are new', () => {
    expect(parseEventId('* - s:1', 3)).toEqual(['new', null, { streamId: 's', serial: 1 }]);
  });

  it('are refused when they are of another stream, or no ids', () => {
    for (const text of ['', 's', 's:', ':1', 's:-1', 's:1 ', 's:1 s:2', 's:1:2']) {
      expect(() => parseEventId(text, 1)).toThrow('Last-Event-ID');
    }
  });
});
