// The main port as a whole: bodies, limits, upgrades, TLS, and how it stops.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { RateLimit } from '../settings.ts';
import { type FakeDeps, type FakeOptions, fakeDeps, fakeSettings, signedQuery } from './fake-deps.ts';
import { createHttpFront, type HttpFront } from './front.ts';
import { RawClient, requestText } from './raw-client.ts';

const EVENTS = '/apps/4242/events';
const BODY = '{"name":"tick","channel":"room-1","data":"1"}';
const JSON_HEADERS = { 'Content-Type': 'application/json' };
const LIMIT = 1000;

let deps: FakeDeps;
let front: HttpFront;
let port: number;
const clients: RawClient[] = [];

async function start(options: FakeOptions = {}): Promise<void> {
  deps = fakeDeps(options);
  front = await createHttpFront(deps);
  port = (await front.listen()).port;
}

async function open(): Promise<RawClient> {
  const client = await RawClient.open(port);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await front.close();
});

const publish = (body = BODY, headers: Record<string, string> = JSON_HEADERS): string =>
  requestText(
    'POST',
    `${EVENTS}?${signedQuery('POST', EVENTS, body)}`,
    { ...headers, 'Content-Length': String(body.length) },
    body,
  );

const chunked = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;

describe('bodies beyond the limit (D47)', () => {
  const limited = { settings: { http: { ...fakeSettings().http, maxBodyBytes: LIMIT } } };
  const tooLarge = `{"error":"Request body exceeds the limit of ${LIMIT} bytes","code":"payload_too_large","status":413}`;

  it('takes a body of exactly the limit', async () => {
    await start(limited);
    const client = await open();
    const padding = 'x'.repeat(LIMIT - BODY.length - ',"p":""'.length);
    await client.write(publish(BODY.replace('}', `,"p":"${padding}"}`)));
    expect((await client.answer())?.status).toBe(200);
  });

  it('answers when the length is announced, before the body comes, signed or not', async () => {
    await start(limited);
    const client = await open();
    await client.write(requestText('POST', EVENTS, { 'Content-Length': String(LIMIT + 1) }));
    const answer = await client.answer();
    expect([answer?.status, answer?.body]).toEqual([413, tooLarge]);
  });

  it('answers a sender that is still writing, and goes on with the connection', async () => {
    await start(limited);
    const client = await open();
    const size = 5_000_000;
    await client.write(requestText('POST', EVENTS, { 'Content-Length': String(size) }));
    await client.write('x'.repeat(size));
    await client.write(publish());
    expect((await client.answers(2)).map((answer) => answer?.status)).toEqual([413, 200]);
  });

  it('answers in the middle of a body of unknown length', async () => {
    await start(limited);
    const client = await open();
    await client.write(requestText('POST', EVENTS, { 'Transfer-Encoding': 'chunked' }) + chunked(600));
    await client.write(chunked(600));
    expect((await client.answer())?.body).toBe(tooLarge);
    await client.write(`${chunked(600)}0\r\n\r\n${publish()}`);
    expect((await client.answer())?.status).toBe(200);
  });
});

describe('a body in chunks', () => {
  it('is put together and verified', async () => {
    await start();
    const client = await open();
    const query = signedQuery('POST', EVENTS, BODY);
    await client.write(
      requestText('POST', `${EVENTS}?${query}`, { ...JSON_HEADERS, 'Transfer-Encoding': 'chunked' }),
    );
    for (const character of BODY) await client.write(`1\r\n${character}\r\n`);
    await client.write('0\r\n\r\n');
    expect((await client.answer())?.body).toBe('{"ok":true}');
  });

  it('that never ends costs nothing once the peer is gone', async () => {
    await start();
    const client = await open();
    const seen = once(front.httpServer, 'request');
    await client.write(requestText('POST', `${EVENTS}?a=b`, { 'Transfer-Encoding': 'chunked' }) + chunked(5));
    const [request] = await seen;
    const gone = new Promise((resolve) => request.on('close', resolve));
    client.close();
    await gone;
    expect(deps.calls.published).toEqual([]);
  });
});

describe('HEAD', () => {
  it('is answered like GET, without the body', async () => {
    await start();
    const path = '/apps/4242/channels';
    const client = await open();
    await client.write(
      requestText('HEAD', `${path}?${signedQuery('HEAD', path, null)}`) + requestText('GET', '/live'),
    );
    const head = await client.answer('HEAD');
    expect([head?.status, head?.header('content-length')]).toEqual([200, '15']);
    expect((await client.answer())?.status).toBe(200);
  });
});

describe('rate limits', () => {
  const api: RateLimit = { enabled: true, max: 2, windowMs: 60_000, trustHops: 0 };
  const limited = { settings: { rateLimits: { ...fakeSettings().rateLimits, api } } };

  it('hold for both lanes together, before the signature is looked at', async () => {
    await start(limited);
    const client = await open();
    await client.write(
      publish() + requestText('GET', `${EVENTS}?a=b`) + requestText('POST', `${EVENTS}?a=b`),
    );
    const [first, second, third] = await client.answers(3);
    expect(first?.status).toBe(200);
    expect(first?.header('x-ratelimit-limit')).toBe('2');
    expect(first?.header('x-ratelimit-remaining')).toBe('1');
    expect(second?.status).toBe(405);
    expect(third?.status).toBe(429);
    expect(third?.header('retry-after')).toBe(third?.header('x-ratelimit-reset'));
    expect(third?.header('access-control-allow-origin')).toBe('*');

    const next = await open();
    await next.write(publish());
    expect((await next.answer())?.status).toBe(429);
    expect(deps.calls.published).toHaveLength(1);
  });

  it('do not hold for preflights, health, inspection and unknown paths', async () => {
    await start(limited);
    const client = await open();
    const paths = ['/live', '/up', '/usage', '/stats', '/nothing', '/live', '/up'];
    await client.write(
      requestText('OPTIONS', EVENTS).repeat(3) +
        paths.map((path) => requestText('GET', path)).join('') +
        publish(),
    );
    const statuses = (await client.answers(11)).map((answer) => answer?.status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]);
  });

  it('send a proxy’s clients away one by one when it is trusted', async () => {
    const trusted = { ...api, max: 1, trustHops: 1 };
    await start({ settings: { rateLimits: { ...fakeSettings().rateLimits, api: trusted } } });
    const client = await open();
    const from = (address: string): string => publish(BODY, { ...JSON_HEADERS, 'X-Forwarded-For': address });
    await client.write(from('1.1.1.1') + from('2.2.2.2') + from('1.1.1.1'));
    expect((await client.answers(3)).map((answer) => answer?.status)).toEqual([200, 200, 429]);
  });
});

describe('upgrades', () => {
  const handshake = requestText('GET', '/app/k-demo?protocol=7', {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  });

  it('come out at the server’s upgrade event, with the bytes behind them, also after other requests', async () => {
    await start();
    const upgraded = new Promise<[IncomingMessage, Duplex, Buffer]>((resolve) => {
      front.httpServer.on('upgrade', (...event) => resolve(event));
    });
    const client = await open();
    await client.write(`${publish()}${handshake}first bytes`);
    const [request, socket, head] = await upgraded;
    expect(request.url).toBe('/app/k-demo?protocol=7');
    let received = head.toString();
    socket.on('data', (chunk) => {
      received += chunk;
    });
    await client.write(' and more');
    while (received !== 'first bytes and more') await once(socket, 'data');
    expect((await client.answer())?.status).toBe(200);
    socket.end();
  });
});

describe('TLS', () => {
  const certPath = fileURLToPath(new URL('testing/localhost-cert.pem', import.meta.url));
  const keyPath = fileURLToPath(new URL('testing/localhost-key.pem', import.meta.url));

  it('serves both lanes', async () => {
    await start({ settings: { tls: { certPath, keyPath } } });
    let ordinary = 0;
    front.httpServer.on('request', () => {
      ordinary += 1;
    });
    const ask = async (method: string, path: string, body = ''): Promise<number | undefined> => {
      const request = httpsRequest({
        method,
        port,
        path,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        headers: body === '' ? {} : JSON_HEADERS,
      });
      request.end(body);
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      return response.statusCode;
    };
    expect(await ask('POST', `${EVENTS}?${signedQuery('POST', EVENTS, BODY)}`, BODY)).toBe(200);
    expect(await ask('GET', '/live')).toBe(200);
    expect(deps.calls.published).toHaveLength(1);
    expect(ordinary).toBeGreaterThan(0);
  });

  it('names the setting of a file that cannot be read', async () => {
    await start();
    const settings = fakeSettings({ tls: { certPath, keyPath: '/nowhere/key.pem' } });
    await expect(createHttpFront({ ...deps, settings })).rejects.toThrow(
      "ssl.key_path: cannot read '/nowhere/key.pem'",
    );
  });
});

describe('listening', () => {
  it('names the setting of a port that is taken', async () => {
    await start();
    const second = await createHttpFront({ ...deps, settings: fakeSettings({ port }) });
    await expect(second.listen()).rejects.toThrow(
      `port: cannot listen on 127.0.0.1:${port}: the port is already in use`,
    );
    await second.close();
  });
});

describe('draining (D85)', () => {
  it('ends connections that wait, and serves and then closes the others; the port stays open', async () => {
    await start();
    const fastIdle = await open();
    await fastIdle.write(publish());
    await fastIdle.answer();
    const ordinaryIdle = await open();
    await ordinaryIdle.write(requestText('GET', '/live'));
    await ordinaryIdle.answer();

    deps.draining = true;
    front.drain();
    expect(await fastIdle.ended()).toBe('');
    expect(await ordinaryIdle.ended()).toBe('');

    const late = await open();
    await late.write(publish());
    const published = await late.answer();
    expect([published?.status, published?.header('connection')]).toEqual([200, 'close']);
    expect(await late.ended()).toBe('');

    const probe = await open();
    await probe.write(requestText('GET', '/up'));
    expect((await probe.answer())?.body).toBe('DRAINING');
  });
});

describe('closing', () => {
  it('waits for answers under way, in both lanes', async () => {
    const answers: ((text: string) => void)[] = [];
    await start({ deps: { publishEvent: () => new Promise((resolve) => void answers.push(resolve)) } });
    const fast = await open();
    const ordinary = await open();
    await fast.write(publish());
    await ordinary.write(publish(BODY, { ...JSON_HEADERS, Origin: 'https://example.com' }));
    while (answers.length < 2) await new Promise((resolve) => setImmediate(resolve));
    deps.draining = true;
    const closed = front.close();
    for (const answer of answers) answer('{"ok":true}');
    expect((await fast.answer())?.body).toBe('{"ok":true}');
    expect((await ordinary.answer())?.body).toBe('{"ok":true}');
    expect(await fast.ended()).toBe('');
    expect(await ordinary.ended()).toBe('');
    await closed;
    expect(front.httpServer.listening).toBe(false);
  });

  it('can be called before listening, and twice', async () => {
    await start();
    const unused = await createHttpFront(deps);
    await unused.close();
    await front.close();
    await front.close();
  });
});
