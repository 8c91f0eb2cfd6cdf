import { createDelta, type DeltaAlgorithm, deltaFrame, markDeltaBase } from '@sockudo/protocol';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeltaMismatch, Deltas, SERIES_MAX } from './deltas.ts';
import { eventNames } from './event-names.ts';
import { decodeFrame, type Frame } from './frame.ts';
import { connectedClient } from './testing/connected-client.ts';

const names = eventNames(2);
const bytes = (text: string) => new TextEncoder().encode(text);
const encoded = (data: unknown) => (typeof data === 'string' ? data : JSON.stringify(data));
const text = (event: string, data: unknown, channel = 'market') =>
  JSON.stringify({ event, channel, data: encoded(data), message_id: `m-${event}-${encoded(data)}` });

interface Sent {
  readonly event?: string;
  readonly channel?: string;
  readonly key?: string;
  readonly algorithm?: DeltaAlgorithm;
  readonly isNamed?: boolean;
}

/** The server's side: whole frames and deltas of one series, as text. */
class ServerSeries {
  readonly #sent: Sent;
  #last = '';
  #seq = 0;

  constructor(sent: Sent = {}) {
    this.#sent = sent;
  }

  full(data: unknown): string {
    this.#last = this.#text(data);
    return markDeltaBase(this.#last, this.#seq++, this.#sent.key);
  }

  delta(data: unknown): string {
    const { event = 'tick', channel = 'market', key, algorithm = 'fossil', isNamed = true } = this.#sent;
    const next = this.#text(data);
    const delta = Buffer.from(createDelta(algorithm, bytes(this.#last), bytes(next))).toString('base64');
    this.#last = next;
    const seq = this.#seq++;
    return deltaFrame(channel, {
      event,
      delta,
      seq,
      baseIndex: seq - 1,
      conflationKey: key,
      algorithm: isNamed ? algorithm : undefined,
    });
  }

  #text(data: unknown): string {
    return text(this.#sent.event ?? 'tick', data, this.#sent.channel);
  }
}

let failures: { channel: string; error: unknown }[];
let wanted: (channel: string) => boolean;
let deltas: Deltas;
beforeEach(() => {
  failures = [];
  wanted = () => true;
  deltas = new Deltas({
    names,
    isWanted: (channel) => wanted(channel),
    failed: (channel, error) => failures.push({ channel, error }),
  });
});

const receive = (frame: string): Frame | undefined => deltas.receive(decodeFrame(frame, names));

describe('rebuilding', () => {
  it.each(['fossil', 'xdelta3'] as const)('%s gives the frame that would have come whole', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 8 }), (values) => {
        const server = new ServerSeries({ algorithm });
        receive(server.full({ first: true }));
        for (const data of values) {
          expect(receive(server.delta({ data }))).toEqual(decodeFrame(text('tick', { data }), names));
        }
      }),
    );
    expect(failures).toEqual([]);
  });

  it('leaves every other frame as it is', () => {
    const frame = decodeFrame(text('tick', 'x'), names);
    expect(deltas.receive(frame)).toBe(frame);
  });

  it('keeps series of events, channels and keys apart', () => {
    const series = [
      new ServerSeries(),
      new ServerSeries({ event: 'trade' }),
      new ServerSeries({ channel: 'other' }),
      new ServerSeries({ key: 'A' }),
      new ServerSeries({ key: '' }),
    ];
    series.forEach((one, index) => {
      expect(receive(one.full({ index }))).toMatchObject({ data: { index } });
    });
    series.forEach((one, index) => {
      expect(receive(one.delta({ index, again: true }))).toMatchObject({ data: { index, again: true } });
    });
    expect(failures).toEqual([]);
  });

  it('parses text like any frame, but not that of AI events', () => {
    const ticks = new ServerSeries();
    const words = new ServerSeries({ event: 'ai-output' });
    for (const one of [ticks, words]) receive(one.full('5'));
    expect(receive(ticks.delta('6'))?.data).toBe(6);
    expect(receive(words.delta('6'))?.data).toBe('6');
  });

  it('takes the algorithm from the confirmation where a frame names none', () => {
    const server = new ServerSeries({ algorithm: 'xdelta3', isNamed: false });
    receive('{"event":"sockudo:delta_compression_enabled","data":{"enabled":true,"algorithm":"xdelta3"}}');
    receive(server.full(1));
    expect(receive(server.delta(2))?.data).toBe(2);
    deltas.lost();
    const next = new ServerSeries({ isNamed: false });
    receive(next.full(1));
    expect(receive(next.delta(2))?.data).toBe(2);
  });
});

describe('a delta that cannot be used', () => {
  const cases: [string, (server: ServerSeries) => string][] = [
    ['its base was never here', () => new ServerSeries({ event: 'other' }).delta(1)],
    [
      'it is of another base',
      (server) => {
        server.delta(7);
        return server.delta(8);
      },
    ],
    ['it is damaged', (server) => server.delta(7).replace(/"delta":"[^"]{4}/, '"delta":"AAAA')],
    ['it is no base64', (server) => server.delta(7).replace(/"delta":"/, '"delta":"!')],
    ['it is of an unknown algorithm', (server) => server.delta(7).replace('"fossil"', '"zstd"')],
    ['it says nothing', () => '{"event":"sockudo:delta","channel":"market","data":{}}'],
    ['it makes another message', (server) => server.delta(7).replace('"event":"tick"', '"event":"trade"')],
  ];

  it.each(cases)('is asked for whole, once: %s', (_, broken) => {
    const server = new ServerSeries();
    receive(server.full(1));
    expect(receive(broken(server))).toBeUndefined();
    expect(failures).toMatchObject([{ channel: 'market' }]);
    expect(receive(server.delta(9))).toBeUndefined();
    expect(failures).toHaveLength(1);
    const anew = new ServerSeries();
    expect(receive(anew.full(10))?.data).toBe(10);
    expect(receive(anew.delta(11))?.data).toBe(11);
    expect(failures).toHaveLength(1);
  });

  it('that makes a message of another channel is noticed without a checksum', () => {
    receive(new ServerSeries().full(1));
    const base = text('tick', 1);
    const other = text('tick', 1, 'secret');
    const delta = Buffer.from(createDelta('xdelta3', bytes(base), bytes(other))).toString('base64');
    const notice = { event: 'tick', delta, seq: 1, baseIndex: 0, algorithm: 'xdelta3' as const };
    expect(receive(deltaFrame('market', notice))).toBeUndefined();
    expect(failures[0]?.error).toBeInstanceOf(DeltaMismatch);
  });

  it('is dropped without a word when nobody is subscribed any more', () => {
    const server = new ServerSeries();
    receive(server.full(1));
    wanted = () => false;
    expect(receive(server.delta(2))).toBeUndefined();
    expect(failures).toEqual([]);
  });
});

describe('bases', () => {
  it.each([['market'], ['mar*'], ['*']])('go with the subscription to %s', (name) => {
    const server = new ServerSeries();
    const other = new ServerSeries({ channel: 'weather' });
    for (const one of [server, other]) receive(one.full(1));
    deltas.forget(name);
    expect(receive(server.delta(2))).toBeUndefined();
    expect(failures).toMatchObject([{ channel: 'market' }]);
    if (name !== '*') expect(receive(other.delta(2))?.data).toBe(2);
  });

  it('go with the connection', () => {
    const server = new ServerSeries();
    receive(server.full(1));
    deltas.lost();
    expect(receive(server.delta(2))).toBeUndefined();
  });

  it('are bounded: the longest unused goes', () => {
    const first = new ServerSeries({ key: 'first' });
    const second = new ServerSeries({ key: 'second' });
    receive(first.full(1));
    receive(second.full(1));
    receive(first.delta(2));
    for (let i = 1; i < SERIES_MAX; i++) receive(new ServerSeries({ key: `k${i}` }).full(i));
    expect(receive(first.delta(3))?.data).toBe(3);
    expect(receive(second.delta(2))).toBeUndefined();
  });
});

describe('in the client', () => {
  const started = (options = {}) => {
    const { client, socket, acknowledge, reconnect, subscribes } = connectedClient({
      protocolVersion: 2,
      ...options,
    });
    const seen: unknown[] = [];
    const follow = (delta?: boolean) => {
      client
        .subscribe('market', delta === undefined ? {} : { delta })
        .bind('tick', (data: unknown) => seen.push(data));
      acknowledge('market');
    };
    return { client, socket, follow, seen, reconnect, subscribes };
  };

  it('messages arrive rebuilt, with their metadata, once', () => {
    const { client, socket, follow, seen } = started();
    follow(true);
    const global: unknown[] = [];
    client.bind('tick', (data: unknown, { message_id }: { message_id?: string }) =>
      global.push([data, message_id]),
    );
    client.bind('sockudo:delta', (data: unknown) => global.push(data));
    const server = new ServerSeries();
    for (const frame of [server.full({ n: 1 }), server.delta({ n: 2 }), server.delta({ n: 3 })]) {
      socket().receive(frame);
    }
    socket().receive(text('tick', { n: 3 }));
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(global).toEqual([1, 2, 3].map((n) => [{ n }, `m-tick-{"n":${n}}`]));
  });

  it('the connection asks for them when it is to, again after a reconnect', () => {
    const { socket, reconnect } = started({ deltaCompression: { enabled: true, algorithms: ['xdelta3'] } });
    const asked = () => socket().sentData('sockudo:enable_delta_compression');
    expect(asked()).toEqual([{ algorithms: ['xdelta3'] }]);
    reconnect();
    expect(asked()).toEqual([{ algorithms: ['xdelta3'] }]);
  });

  it('a subscription asks for itself', () => {
    const { client, follow, subscribes, socket } = started();
    follow(true);
    client.subscribe('news', { delta: { algorithm: 'xdelta3' } });
    client.subscribe('quiet', { delta: false });
    client.subscribe('plain');
    expect(subscribes()).toEqual([
      { auth: '', channel: 'market', delta: true },
      { auth: '', channel: 'news', delta: { algorithm: 'xdelta3' } },
      { auth: '', channel: 'quiet', delta: false },
      { auth: '', channel: 'plain' },
    ]);
    expect(socket().sentData('sockudo:enable_delta_compression')).toEqual([]);
  });

  it('a message that cannot be rebuilt is told of, and the server asked', () => {
    const { client, socket, follow, seen } = started();
    follow(true);
    const errors: unknown[] = [];
    client.connection.bind('error', (error) => errors.push(error));
    const server = new ServerSeries();
    server.full(1);
    socket().receive(server.delta(2));
    expect(errors).toMatchObject([{ type: 'MessageParseError', error: { name: 'DeltaMismatch' } }]);
    expect(socket().sentData('sockudo:delta_sync_error')).toEqual([{ channel: 'market' }]);
    socket().receive(server.full(3));
    socket().receive(server.delta(4));
    expect(seen).toEqual([3, 4]);
  });

  it('what is on its way from before an unsubscribe is not asked about', () => {
    const { client, socket, follow } = started();
    follow(true);
    const server = new ServerSeries();
    socket().receive(server.full(1));
    client.unsubscribe('market');
    client.subscribe('market', { delta: true });
    socket().receive(server.delta(2));
    expect(socket().sentData('sockudo:delta_sync_error')).toEqual([]);
  });
});
