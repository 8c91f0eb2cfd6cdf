import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deltaCompressionEnabled,
  deltaFrame,
  deltaMarksOf,
  markDeltaBase,
  parseDeltaNotice,
  withoutDeltaMarks,
} from './delta-frame.ts';
import { encodeV2 } from './encode.ts';

const FRAME = '{"event":"tick","channel":"market","data":"{}"}';

describe('full frames', () => {
  it('are numbered at the end, where the reference client looks for it', () => {
    expect(markDeltaBase(FRAME, 1)).toBe('{"event":"tick","channel":"market","data":"{}","__delta_seq":1}');
    expect(markDeltaBase(FRAME, 14, 'X"Z')).toBe(
      '{"event":"tick","channel":"market","data":"{}","__delta_seq":14,"__conflation_key":"X\\"Z"}',
    );
  });

  it('are the same as one encoded with its marks', () => {
    const envelope = { event: 'tick', channel: 'market', data: '"x"', messageId: 'm', serial: 7 };
    expect(markDeltaBase(encodeV2(envelope), 3, 'k')).toBe(
      encodeV2({ ...envelope, deltaSeq: 3, conflationKey: 'k' }),
    );
  });

  it('become the base again when the marks are taken off, whatever the message says', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.option(fc.string(), { nil: undefined }), (data, seq, key) => {
        const text = encodeV2({ event: 'e', channel: 'c', data: JSON.stringify(data) });
        const marked = markDeltaBase(text, seq, key);
        expect(withoutDeltaMarks(marked)).toBe(text);
        expect(deltaMarksOf(JSON.parse(marked))).toEqual({
          seq,
          ...(key !== undefined && { conflationKey: key }),
        });
      }),
    );
  });

  it('keep what only looks like marks', () => {
    const text = markDeltaBase(encodeV2({ event: 'e', data: '{"a":1,"__delta_seq":5}' }), 2);
    expect(withoutDeltaMarks(text)).toBe('{"event":"e","data":{"a":1,"__delta_seq":5}}');
    expect(withoutDeltaMarks(FRAME)).toBe(FRAME);
  });

  it.each([[null], ['x'], [[]], [{}], [{ __delta_seq: -1 }], [{ __delta_seq: 'x' }]])(
    '%j has no marks',
    (frame) => {
      expect(deltaMarksOf(frame)).toBeNull();
    },
  );
});

describe('deltas', () => {
  const notice = { event: 'tick', delta: 'MXUKMTdAMCw=', seq: 2, baseIndex: 1 };

  it('the frames of the fact sheet', () => {
    expect(deltaFrame('market', { ...notice, algorithm: 'fossil' })).toBe(
      '{"event":"sockudo:delta","channel":"market","data":{"event":"tick","delta":"MXUKMTdAMCw=","seq":2,"algorithm":"fossil","base_index":1}}',
    );
    expect(deltaFrame('market', { ...notice, seq: 14, conflationKey: 'XYZ', baseIndex: 13 })).toBe(
      '{"event":"sockudo:delta","channel":"market","data":{"event":"tick","delta":"MXUKMTdAMCw=","seq":14,"conflation_key":"XYZ","base_index":13}}',
    );
  });

  it('are read back', () => {
    fc.assert(
      fc.property(
        fc.record({
          event: fc.string(),
          delta: fc.uint8Array({ maxLength: 50 }),
          seq: fc.nat(),
          baseIndex: fc.nat(),
          algorithm: fc.constantFrom('fossil' as const, 'xdelta3' as const, undefined),
          conflationKey: fc.option(fc.string(), { nil: undefined }),
        }),
        (given) => {
          const text = deltaFrame('c', { ...given, delta: Buffer.from(given.delta).toString('base64') });
          const read = parseDeltaNotice(JSON.parse(text).data);
          expect({ algorithm: undefined, conflationKey: undefined, ...read }).toEqual(given);
        },
      ),
    );
  });

  it.each([
    [null],
    ['text'],
    [{}],
    [{ event: 'e', delta: 'AA==', seq: 1 }],
    [{ event: 'e', delta: 'A!==', seq: 1, base_index: 0 }],
    [{ event: 'e', delta: 'AA==', seq: -1, base_index: 0 }],
    [{ event: 'e', delta: 'AA==', seq: 1, base_index: 0, algorithm: 'zstd' }],
    [{ delta: 'AA==', seq: 1, base_index: 0 }],
  ])('%j is none', (data) => {
    expect(parseDeltaNotice(data)).toBeNull();
  });
});

describe('confirmation', () => {
  it('has an id on protocol 2 alone', () => {
    expect(deltaCompressionEnabled(2, 'fossil', 'm-1')).toBe(
      '{"event":"sockudo:delta_compression_enabled","data":{"enabled":true,"algorithm":"fossil"},"message_id":"m-1"}',
    );
    expect(deltaCompressionEnabled(1, 'xdelta3', 'm-1')).toBe(
      '{"event":"pusher:delta_compression_enabled","data":{"enabled":true,"algorithm":"xdelta3"}}',
    );
  });
});
