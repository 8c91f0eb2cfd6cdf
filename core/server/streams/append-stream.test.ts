// POST …/messages/{serial}/appends over a real port, with a log in memory.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeDeps, fakeSettings, signedQuery } from '../http/fake-deps.ts';
import { createHttpFront, type HttpFront } from '../http/front.ts';
import { durableApp } from '../messages/testing/api-caller.ts';
import { type DurableChannels, durableChannels } from '../messages/testing/durable-channels.ts';
import { type AppendCaller, line, openAppends } from './testing/append-caller.ts';

const app = durableApp();
const MAX_LINE = 300;
let channels: DurableChannels;
let front: HttpFront;
let port: number;
let serial: string;
const callers: AppendCaller[] = [];

beforeEach(async () => {
  channels = durableChannels();
  const { history, mutations, annotations } = channels;
  const http = { ...fakeSettings().http, maxBodyBytes: MAX_LINE };
  front = await createHttpFront(
    fakeDeps({ apps: [app], settings: { http }, deps: { history, mutations, annotations } }),
  );
  port = (await front.listen()).port;
  serial = await channels.create(app, 'room', 'answer', '');
});

afterEach(async () => {
  for (const caller of callers.splice(0)) caller.cut();
  await front.close();
});

function address(of = serial, secret = app.secret): string {
  const path = `/apps/${app.id}/channels/room/messages/${encodeURIComponent(of)}/appends`;
  return `http://127.0.0.1:${port}${path}?${signedQuery('POST', path, '', { app: { ...app, secret } })}`;
}

async function open(url = address()): Promise<AppendCaller> {
  const caller = await openAppends(url);
  callers.push(caller);
  return caller;
}

async function text(): Promise<unknown> {
  const state = await channels.log.message({ appId: app.id, channel: 'room' }, serial);
  return JSON.parse(state?.data() ?? 'null');
}

describe('a stream of appends', () => {
  it('acknowledges while it goes on', async () => {
    const caller = await open();
    expect(caller.status).toBe(200);
    caller.write(line('a', 'Hel'));
    const first = await caller.next();
    expect(first).toMatchObject({ op_id: 'a', delivery_serial: 2, status: 'applied' });
    expect(await text()).toBe('Hel');
    caller.write(`${line('b', 'lo')}\n \n${line('c', '!', { extras: { headers: { n: 1 } } })}`);
    expect(await caller.next()).toMatchObject({ op_id: 'b', delivery_serial: 3, status: 'applied' });
    expect(await caller.next()).toMatchObject({ op_id: 'c', delivery_serial: 4, status: 'applied' });
    caller.end();
    expect(await caller.next()).toBeNull();
    expect(await text()).toBe('Hello!');
    expect(channels.delivered.slice(1).map(({ event, data }) => [event, data])).toEqual(
      ['"Hel"', '"lo"', '"!"'].map((data) => ['sockudo:message.append', data]),
    );
    expect(channels.delivered.at(-1)?.extras).toEqual({ headers: { n: 1 } });
  });

  it('takes a last line without a newline', async () => {
    const caller = await open();
    caller.write(line('a', 'x') + line('b', 'y').trimEnd());
    caller.end();
    expect((await caller.rest()).map(({ op_id }) => op_id)).toEqual(['a', 'b']);
    expect(await text()).toBe('xy');
  });

  it('answers repeats with the first serials, of single appends too', async () => {
    const first = await open();
    first.write(line('a', 'x'));
    const ack = await first.next();
    first.cut();
    const second = await open();
    second.write(line('a', 'x') + line('b', 'y'));
    expect(await second.next()).toEqual({ ...ack, status: 'duplicate' });
    expect(await second.next()).toMatchObject({ op_id: 'b', status: 'applied' });
    expect(await text()).toBe('xy');
    await channels.mutations.change(app, 'room', serial, { kind: 'append', data: '"z"', opId: 'c' });
    second.write(line('c', 'z'));
    expect(await second.next()).toMatchObject({ op_id: 'c', status: 'duplicate' });
    expect(await text()).toBe('xyz');
  });

  it('gives the same text cut at any byte and resumed after the last acknowledgement', async () => {
    const lines = ['Tok', 'en ', 'für', ' 🙂.'].map((data, i) => line(`op-${i}`, data));
    const bytes = Buffer.from(lines.join(''));
    for (let at = 0; at <= bytes.length; at += 1) {
      serial = await channels.create(app, 'room', 'answer', '');
      const whole = lines.filter((_, i) => Buffer.byteLength(lines.slice(0, i + 1).join('')) <= at).length;
      const first = await open();
      first.write(bytes.subarray(0, at));
      for (let i = 0; i < whole; i += 1) await first.next();
      first.cut();
      const second = await open();
      second.write(lines.slice(Math.max(0, whole - 1)).join(''));
      second.end();
      await second.rest();
      expect(await text()).toBe('Token für 🙂.');
    }
  });

  it('carries many streams at once', async () => {
    const serials = await Promise.all(
      Array.from({ length: 50 }, (_, i) => channels.create(app, 'room', 'answer', `${i}:`)),
    );
    await Promise.all(
      serials.map(async (one) => {
        const caller = await open(address(one));
        for (let i = 0; i < 20; i += 1) caller.write(line(`op-${i}`, String(i % 10)));
        caller.end();
        expect(await caller.rest()).toHaveLength(20);
      }),
    );
    const key = { appId: app.id, channel: 'room' };
    for (const [i, one] of serials.entries()) {
      expect((await channels.log.message(key, one))?.data()).toBe(`"${i}:01234567890123456789"`);
    }
  });
});

describe('a stream that ends early', () => {
  const cases: [string, string, object][] = [
    ['no JSON', '{"op_id":\n', { error: 'Line is not valid JSON', code: 'invalid_input', status: 400 }],
    [
      'no op_id',
      '{"data":"x"}\n',
      { error: "Every line needs an 'op_id'", code: 'invalid_input', status: 400 },
    ],
    ['no data', '{"op_id":"q"}\n', { error: "'data' must be a string", code: 'invalid_input', status: 422 }],
    ['another payload', line('a', 'other'), { code: 'invalid_input', status: 400, op_id: 'a' }],
    ['too long a line', line('q', 'x'.repeat(MAX_LINE)), { code: 'payload_too_large', status: 413 }],
    ['too long a beginning', `"${'x'.repeat(MAX_LINE)}`, { code: 'payload_too_large', status: 413 }],
  ];
  it.each(cases)('%s: what was before is kept, what comes after is not', async (_name, bad, answer) => {
    const caller = await open();
    caller.write(line('a', 'x') + bad + line('c', 'z'));
    expect(await caller.next()).toMatchObject({ op_id: 'a', status: 'applied' });
    expect(await caller.next()).toMatchObject(answer);
    expect(await caller.next()).toBeNull();
    expect(await text()).toBe('x');
  });

  it('is no UTF-8', async () => {
    const caller = await open();
    caller.write(
      Buffer.concat([Buffer.from('{"op_id":"a","data":"'), Buffer.from([0xff]), Buffer.from('"}\n')]),
    );
    expect(await caller.next()).toMatchObject({ error: 'Line is not valid UTF-8' });
  });

  it('ends with the message', async () => {
    const caller = await open();
    caller.write(line('a', 'x'));
    await caller.next();
    await channels.log.purge({ appId: app.id, channel: 'room' });
    caller.write(line('b', 'y'));
    expect(await caller.next()).toMatchObject({ code: 'not_found', status: 404, op_id: 'b' });
  });

  it('sends the producer away when the server stops', async () => {
    const caller = await open();
    caller.write(line('a', 'x'));
    await caller.next();
    front.drain();
    expect(await caller.next()).toMatchObject({ code: 'service_unavailable', status: 503 });
    expect(await caller.next()).toBeNull();
  });
});

describe('before the first line', () => {
  const status = async (url: string): Promise<unknown[]> => {
    const response = await fetch(url, { method: 'POST' });
    return [response.status, (await response.json()).code];
  };
  it('refuses what a single append would be refused', async () => {
    expect(await status(address(serial, 'wrong'))).toEqual([401, 'auth_failed']);
    expect(await status(address('1-nobody'))).toEqual([404, 'not_found']);
    expect((await fetch(address(), { method: 'PUT' })).status).toBe(405);
  });

  it('answers a body that is there already', async () => {
    const response = await fetch(address(), { method: 'POST', body: line('a', 'x') });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await response.json()).toMatchObject({ op_id: 'a', status: 'applied' });
  });
});
