import { describe, expect, it } from 'vitest';
import { AppCounters, createCounters } from './counters.ts';

describe('counters', () => {
  it('gives every app one set of counts and keeps it', () => {
    const counters = createCounters();
    counters.of('a').connected += 1;
    counters.of('a').channelSubscriptions.presence += 2;
    expect(counters.of('a').connected).toBe(1);
    expect(counters.of('b').connected).toBe(0);
    expect([...counters.all()].map(([id]) => id)).toEqual(['a', 'b']);
    expect(counters.of('b').channelSubscriptions.presence).toBe(0);
  });

  it('bounds the labels of errors', () => {
    const counters = new AppCounters();
    for (let i = 0; i < 1000; i += 1) counters.connectionErrors.add(`type-${i}`);
    counters.connectionErrors.add('type-3');
    const seen = new Map(counters.connectionErrors.entries());
    expect(seen.size).toBeLessThanOrEqual(65);
    expect(seen.get('type-3')).toBe(2);
    expect(seen.get('other')).toBe(1000 - 64);
  });

  it('puts broadcasts into the bucket of their recipients', () => {
    const counters = new AppCounters();
    counters.observeBroadcast('public', 10, 0.4);
    counters.observeBroadcast('public', 11, 3);
    counters.observeBroadcast('public', 10_001, 6000);
    const seen = [...counters.broadcastLatencies()];
    expect(seen.map((latency) => latency.recipientBucket)).toEqual(['xs', 'sm', 'xl']);
    expect(seen[0]?.histogram.counts[0]).toBe(1);
    expect(seen[1]?.histogram.counts[3]).toBe(1);
    expect(seen[2]?.histogram.counts.at(-1)).toBe(1);
    expect(seen[2]?.histogram.sum).toBe(6000);
  });
});
