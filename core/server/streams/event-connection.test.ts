// Which id an event carries: where its reader may go on.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fakeApp } from '../http/fake-deps.ts';
import { createCounters } from '../metrics/counters.ts';
import type { Position } from '../ports/channel-log.ts';
import { FlushTurn } from '../realtime/outbox.ts';
import { turn } from '../realtime/testing/fake-socket.ts';
import { V2_EVENTS } from '../realtime/wire-format.ts';
import { EventCarrier } from './event-carrier.ts';
import { EventConnection } from './event-connection.ts';

function connect(channels: readonly string[], from: readonly (Position | null)[] | null = null) {
  const output = new PassThrough();
  const connection = new EventConnection(
    {
      app: fakeApp(),
      counters: createCounters().of('4242'),
      socketId: '1.1',
      protocol: 2,
      deliveryClass: V2_EVENTS,
      appendMode: 'delta',
      echo: true,
      webSocket: new EventCarrier(output),
      socket: output,
      turn: new FlushTurn(),
      bounds: { maxMessages: 100, maxBytes: 100_000 },
    },
    channels,
    from,
  );
  return {
    connection,
    output,
    async idAfter(frame: object): Promise<string | undefined> {
      connection.sendText(JSON.stringify(frame));
      await turn();
      return /^id: (.*)$/m.exec(String(output.read()))?.[1];
    },
  };
}

const at = (event: string, channel: string, serial: number, stream_id = 's') => ({
  event,
  channel,
  stream_id,
  serial,
});
const SUBSCRIBED = 'sockudo_internal:subscription_succeeded';

describe('the id of an event', () => {
  it('is the place of every channel', async () => {
    const { idAfter } = connect(['a', 'b']);
    expect(await idAfter({ event: 'sockudo:connection_established' })).toBe('- -');
    expect(await idAfter(at(SUBSCRIBED, 'a', 3))).toBe('s:3 -');
    expect(await idAfter(at('tick', 'b', 9, 't'))).toBe('s:3 t:9');
    expect(await idAfter(at('tick', 'elsewhere', 1))).toBe('s:3 t:9');
  });

  it('never goes back, but to another stream', async () => {
    const { idAfter } = connect(['a']);
    await idAfter(at('tick', 'a', 5));
    expect(await idAfter(at('tick', 'a', 4))).toBe('s:5');
    expect(await idAfter(at('tick', 'a', 1, 't'))).toBe('t:1');
  });

  it('stays behind what is still to be replayed', async () => {
    const { idAfter } = connect(['a'], [{ streamId: 's', serial: 2 }]);
    expect(await idAfter(at(SUBSCRIBED, 'a', 4))).toBe('s:2');
    expect(await idAfter(at('tick', 'a', 3))).toBe('s:3');
    expect(await idAfter({ event: 'sockudo:resume_success' })).toBe('s:3');
  });

  it('begins anew where the reader was told of a gap', async () => {
    const { idAfter } = connect(['a'], [{ streamId: 'old', serial: 2 }]);
    expect(await idAfter(at(SUBSCRIBED, 'a', 4))).toBe('old:2');
    expect(await idAfter({ event: 'sockudo:resume_failed', channel: 'a' })).toBe('s:4');
  });
});

describe('a block', () => {
  it('holds no line break, whatever the name is', async () => {
    const { connection, output } = connect(['a']);
    connection.sendText('{"event":"a\\nid: x","channel":"a",\n"data":"\\n"}');
    await turn();
    expect(String(output.read())).toBe(
      'event: a id: x\ndata: {"event":"a\\nid: x","channel":"a", "data":"\\n"}\nid: -\n\n',
    );
  });

  it('says at the end why it ends and when to come back', async () => {
    for (const [code, retry, reconnect] of [
      [4100, 2000, true],
      [4200, 100, true],
      [4009, 60_000, false],
    ]) {
      const { connection, output } = connect(['a']);
      connection.close(Number(code), 'reason', true);
      expect(String(output.read())).toBe(
        `retry: ${retry}\nevent: sockudo:close\ndata: {"code":${code},"reason":"reason","reconnect":${reconnect}}\n\n`,
      );
    }
  });
});
