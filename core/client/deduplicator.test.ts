import { describe, expect, it } from 'vitest';
import { Deduplicator } from './deduplicator.ts';
import type { Frame } from './frame.ts';

const frame = (id: string | undefined, version?: string, channel = 'c'): Frame => ({
  event: 'e',
  channel,
  data: null,
  ...(id !== undefined && { message_id: id }),
  ...(version !== undefined && { extras: { headers: { sockudo_version_serial: version } } }),
});

describe('Deduplicator', () => {
  it('knows a message again', () => {
    const seen = new Deduplicator();
    expect(seen.isRepeat(frame('m1'))).toBe(false);
    expect(seen.isRepeat(frame('m1'))).toBe(true);
    expect(seen.isRepeat(frame('m2'))).toBe(false);
  });

  it('lets every version of one message through, once (D86)', () => {
    const seen = new Deduplicator();
    expect(seen.isRepeat(frame('m1', 'v1'))).toBe(false);
    expect(seen.isRepeat(frame('m1', 'v2'))).toBe(false);
    expect(seen.isRepeat(frame('m1', 'v2'))).toBe(true);
  });

  it('keeps two channels apart: one publish may go to both', () => {
    const seen = new Deduplicator();
    expect(seen.isRepeat(frame('m1', undefined, 'a'))).toBe(false);
    expect(seen.isRepeat(frame('m1', undefined, 'b'))).toBe(false);
  });

  it('never holds back frames without an id', () => {
    const seen = new Deduplicator();
    expect(seen.isRepeat(frame(undefined))).toBe(false);
    expect(seen.isRepeat(frame(undefined))).toBe(false);
  });

  it('forgets the oldest beyond its capacity', () => {
    const seen = new Deduplicator(2);
    for (const id of ['m1', 'm2', 'm3']) seen.isRepeat(frame(id));
    expect(seen.isRepeat(frame('m2'))).toBe(true);
    expect(seen.isRepeat(frame('m1'))).toBe(false);
  });

  it('remembers 1000 by default', () => {
    const seen = new Deduplicator();
    for (let i = 0; i <= 1000; i++) seen.isRepeat(frame(`m${i}`));
    expect(seen.isRepeat(frame('m1'))).toBe(true);
    expect(seen.isRepeat(frame('m0'))).toBe(false);
  });

  it('forgets one channel on demand', () => {
    const seen = new Deduplicator();
    seen.isRepeat(frame('m1', undefined, 'a'));
    seen.isRepeat(frame('m1', undefined, 'b'));
    seen.forget('a');
    expect(seen.isRepeat(frame('m1', undefined, 'a'))).toBe(false);
    expect(seen.isRepeat(frame('m1', undefined, 'b'))).toBe(true);
  });
});
