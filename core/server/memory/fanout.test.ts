import { describe, expect, it } from 'vitest';
import { fanoutContract } from '../ports/fanout.contract.ts';
import type { Envelope } from '../ports/fanout.ts';
import { createLocalFanout } from './fanout.ts';

const envelopeOf = (event: string): Envelope => ({
  key: { appId: 'app', channel: 'room' },
  message: { channel: 'room', event, data: '1', publishedAtMs: 0 },
});

fanoutContract('local', async () => ({ nodes: [createLocalFanout()], close: async () => {} }));

describe('local fan-out', () => {
  it('lets a publish made while another is delivered wait for it', () => {
    const heard: string[] = [];
    const fanout = createLocalFanout();
    fanout.listen({
      onEnvelope: ({ message: { event } }) => {
        heard.push(`begin ${event}`);
        if (event === 'outer') fanout.publish(envelopeOf('inner'));
        heard.push(`end ${event}`);
      },
      onControl: () => {},
    });
    fanout.publish(envelopeOf('outer'));
    expect(heard).toEqual(['begin outer', 'end outer', 'begin inner', 'end inner']);
  });

  it('never throws at the publisher, and goes on after a listener that did', () => {
    const errors: unknown[] = [];
    const heard: string[] = [];
    const fanout = createLocalFanout({ onError: (error) => errors.push(error) });
    fanout.listen({
      onEnvelope: ({ message: { event } }) => {
        if (event === 'bad') throw new Error('listener');
        heard.push(event);
      },
      onControl: () => {},
    });
    fanout.publish(envelopeOf('bad'));
    fanout.publish(envelopeOf('good'));
    expect(errors).toEqual([new Error('listener')]);
    expect(heard).toEqual(['good']);
  });
});
