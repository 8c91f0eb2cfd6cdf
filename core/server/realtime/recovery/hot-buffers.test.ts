/** All buffers together: what is kept of which app, and that the common bounds hold whatever is published. */
import { afterEach, describe, expect, it } from 'vitest';
import { load, withApps } from '../../config/load-fixture.ts';
import { MessageFrames } from '../message-frames.ts';
import { HotBuffers } from './hot-buffers.ts';

const recovery = (enabled: boolean) => ({
  id: `app-${enabled}`,
  key: `key-${enabled}`,
  secret: 's',
  enabled: true,
  policy: { connection_recovery: { enabled } },
});
const { settings } = load(withApps(recovery(true), recovery(false)));
const [app, without] = settings.apps;
if (app === undefined || without === undefined) throw new Error('no apps');

let buffers: HotBuffers;

afterEach(() => buffers.close());

function publish(channel: string, serial: number, data = '"x"', to = app): void {
  const message = {
    channel,
    event: 'e',
    data,
    publishedAtMs: Date.now(),
    position: { streamId: 's', serial },
  };
  if (to !== undefined) buffers.append(to, new MessageFrames(message, settings.filters), undefined);
}

describe('HotBuffers', () => {
  it('keep nothing of apps without recovery, nor of messages without a position', () => {
    buffers = new HotBuffers();
    publish('a', 1, '"x"', without);
    const message = { channel: 'a', event: 'e', data: '1', publishedAtMs: 0 };
    buffers.append(app, new MessageFrames(message, settings.filters), undefined);
    expect([buffers.get(app.id, 'a'), buffers.get(without.id, 'a'), buffers.bytes]).toEqual([null, null, 0]);
  });

  it('count the messages of all channels', () => {
    buffers = new HotBuffers();
    publish('a', 1);
    publish('b', 1);
    publish('a', 2);
    expect(buffers.order).toBe(3);
    expect(buffers.get(app.id, 'a')?.at(2)?.order).toBe(3);
  });

  it('stay within their bytes: the channels that nobody used for long go first', () => {
    buffers = new HotBuffers({ maxBytes: 100_000 });
    const data = JSON.stringify('x'.repeat(1000));
    for (let serial = 1; serial <= 10; serial += 1) publish('old', serial, data);
    for (let i = 0; i < 200; i += 1) {
      publish(`c${i}`, 1, data);
      buffers.get(app.id, 'used');
      publish('used', i + 1, data);
      expect(buffers.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(buffers.get(app.id, 'old')).toBeNull();
    expect(buffers.get(app.id, 'used')?.newest.serial).toBe(200);
  });

  it('stay within their number of channels', () => {
    buffers = new HotBuffers({ maxChannels: 10 });
    for (let i = 0; i < 100; i += 1) publish(`c${i}`, 1);
    const kept = Array.from({ length: 100 }, (_, i) => buffers.get(app.id, `c${i}`)).filter(
      (one) => one !== null,
    );
    expect(kept).toHaveLength(10);
  });

  it('let one channel be larger than all may be, rather than keep nothing', () => {
    buffers = new HotBuffers({ maxBytes: 10 });
    publish('a', 1);
    publish('a', 2);
    expect(buffers.get(app.id, 'a')?.newest.serial).toBe(2);
  });
});
