import { describe, expect, it } from 'vitest';
import type { Envelope } from '../ports/fanout.ts';
import { createLocalFanout } from './fanout.ts';

const envelopeOf = (event: string): Envelope => ({
  key: { appId: 'app', channel: 'room' },
  message: { channel: 'room', event, data: '1', publishedAtMs: 0 },
});

describe('local fan-out', () => {
  it('reaches the listener within the call, in the order of the calls', () => {
    const heard: string[] = [];
    const fanout = createLocalFanout();
    fanout.listen({
      onEnvelope: ({ message }) => heard.push(message.event),
      onControl: ({ kind }) => heard.push(kind),
    });
    fanout.publish(envelopeOf('one'));
    expect(heard).toEqual(['one']);
    fanout.control({ kind: 'close-user', appId: 'app', userId: 'u', code: 4009 });
    fanout.publish(envelopeOf('two'));
    expect(heard).toEqual(['one', 'close-user', 'two']);
  });

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

  it('has one listener, and none after close', async () => {
    const heard: string[] = [];
    const fanout = createLocalFanout();
    const listener = { onEnvelope: () => heard.push('envelope'), onControl: () => {} };
    fanout.listen(listener);
    expect(() => fanout.listen(listener)).toThrow('has a listener already');
    await fanout.close();
    fanout.publish(envelopeOf('late'));
    expect(heard).toEqual([]);
  });
});
