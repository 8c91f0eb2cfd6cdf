// The same bytes go to a server with the fast lane and to one without: nobody may be able to tell them apart.
import { httpError } from '@sockudo/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeDeps, fakeApp, fakeDeps, signedQuery } from './fake-deps.ts';
import { createHttpFront, type HttpFront } from './front.ts';
import { type RawAnswer, RawClient, requestText } from './raw-client.ts';

const EVENTS = '/apps/4242/events';
const BATCH = '/apps/4242/batch_events';
const APPEND = '/apps/4242/channels/room-1/messages/0001%3An.1%3A0001/append';

interface Lane {
  readonly deps: FakeDeps;
  readonly front: HttpFront;
  readonly port: number;
  /** Requests that Node's own parser saw. */
  ordinaryRequests: number;
}

async function openLane(fastLane: boolean): Promise<Lane> {
  const deps = fakeDeps({
    apps: [fakeApp(), fakeApp({ id: 'off', key: 'k-off', enabled: false })],
    deps: {
      async publishEvent(app, request, headerKey) {
        deps.calls.published.push({ appId: app.id, requests: [request], headerKey });
        if (request.name === 'refused') throw httpError('backpressure', 'in progress');
        if (request.name === 'broken') throw new Error('secret detail');
        return request.messageId === undefined ? '{"ok":true}' : `{"id":"${request.messageId}"}`;
      },
    },
  });
  const front = await createHttpFront(deps, { fastLane });
  const { port } = await front.listen();
  const lane: Lane = { deps, front, port, ordinaryRequests: 0 };
  front.httpServer.on('request', () => {
    lane.ordinaryRequests += 1;
  });
  return lane;
}

let fast: Lane;
let ordinary: Lane;

beforeAll(async () => {
  fast = await openLane(true);
  ordinary = await openLane(false);
});
afterAll(() => Promise.all([fast.front.close(), ordinary.front.close()]));
beforeEach(() => {
  for (const lane of [fast, ordinary]) {
    lane.ordinaryRequests = 0;
    lane.deps.calls.published.length = 0;
  }
});

const JSON_HEADERS = { 'Content-Type': 'application/json' };
const event = (changes: Record<string, unknown> = {}): string =>
  JSON.stringify({ name: 'tick', channel: 'room-1', data: '1', ...changes });

function signedPost(path: string, body: string, headers: Record<string, string> = JSON_HEADERS): string {
  const length = String(Buffer.byteLength(body, 'latin1'));
  const query = signedQuery('POST', path, Buffer.from(body, 'latin1'));
  return requestText('POST', `${path}?${query}`, { ...headers, 'Content-Length': length }, body);
}

/** What one server answered: normalised heads and bodies, until it closed or `count` answers had come. */
async function talk(lane: Lane, pieces: readonly string[], count: number): Promise<string[]> {
  const client = await RawClient.open(lane.port);
  for (const piece of pieces) await client.write(piece);
  const answers = await client.answers(count);
  client.close();
  return answers.map(shown);
}

const shown = (answer: RawAnswer | null): string =>
  answer === null ? 'closed' : `${answer.head}\n${answer.body.replace(/\([0-9a-f]{12}\)/, '(id)')}`;

const published = (lane: Lane): unknown => lane.deps.calls.published;

/** Sends the same to both servers and answers with what both said. */
async function both(pieces: readonly string[], count = 1): Promise<string[]> {
  const [fromFast, fromOrdinary] = await Promise.all([
    talk(fast, pieces, count),
    talk(ordinary, pieces, count),
  ]);
  expect(fromFast).toEqual(fromOrdinary);
  expect(published(fast)).toEqual(published(ordinary));
  return fromFast;
}

describe('one request', () => {
  it.each([
    ['an event', 200, signedPost(EVENTS, event())],
    ['a batch', 200, signedPost(BATCH, `{"batch":[${event()},${event()}]}`)],
    ['an append where nothing is kept', 422, signedPost(APPEND, '{"data":"x"}')],
    ['an append of no JSON', 400, signedPost(APPEND, '{')],
    ['an append with a colon as it is', 422, signedPost(APPEND.replace('room-1', 'room:1'), '{"data":"x"}')],
    [
      'an append with a wrong signature',
      401,
      signedPost(APPEND, '{}').replace(/[0-9a-f]{8} HTTP/, '00000000 HTTP'),
    ],
    ['an idempotency key', 200, signedPost(EVENTS, event(), { ...JSON_HEADERS, 'X-Idempotency-Key': 'k 1' })],
    [
      'an empty idempotency key',
      200,
      signedPost(EVENTS, event(), { ...JSON_HEADERS, 'X-Idempotency-Key': '' }),
    ],
    ['a charset', 200, signedPost(EVENTS, event(), { 'content-type': 'application/json; charset=utf-8' })],
    [
      'text beyond ASCII in the answer',
      200,
      signedPost(EVENTS, Buffer.from(event({ message_id: 'é-漢-🙂' })).toString('latin1')),
    ],
    [
      'no signature',
      400,
      requestText('POST', `${EVENTS}?a=b&a=c&auth_key=x&auth_key=y`, {
        ...JSON_HEADERS,
        'Content-Length': '0',
      }),
    ],
    [
      'an unknown key',
      404,
      requestText('POST', `${EVENTS}?auth_key=x`, { ...JSON_HEADERS, 'Content-Length': '0' }),
    ],
    ['a wrong signature', 401, signedPost(EVENTS, event()).replace(/[0-9a-f]{8} HTTP/, '00000000 HTTP')],
    ["another app's path", 401, signedPost('/apps/off/events', event())],
    ['a changed body', 401, signedPost(EVENTS, event()).replace('room-1', 'room-2')],
    ['an empty body', 400, signedPost(EVENTS, '')],
    ['no JSON', 400, signedPost(EVENTS, 'no json')],
    ['no UTF-8', 400, signedPost(EVENTS, '"\xff\xfe"')],
    ['a byte order mark', 400, signedPost(EVENTS, `\xef\xbb\xbf${event()}`)],
    ['no object', 422, signedPost(EVENTS, '[]')],
    ['no name', 400, signedPost(EVENTS, event({ name: undefined }))],
    ['no content type', 415, signedPost(EVENTS, event(), {})],
    ['a refusal of the pipeline', 503, signedPost(EVENTS, event({ name: 'refused' }))],
    ['a failure of the pipeline', 500, signedPost(EVENTS, event({ name: 'broken' }))],
    [
      'prototype keys',
      200,
      signedPost(EVENTS, '{"__proto__":{"name":"x"},"name":"tick","channel":"c","constructor":1}'),
    ],
  ])('%s: %i', async (_name, status, request) => {
    const [answer = ''] = await both([request]);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).not.toContain('secret detail');
    expect(fast.ordinaryRequests).toBe(0);
    expect(ordinary.ordinaryRequests).toBe(1);
  });

  it.each([
    ['GET', 405, requestText('GET', `${EVENTS}?a=b`)],
    ['a trailing slash', 200, signedPost(EVENTS, event()).replace('/events?', '/events/?')],
    ['an absolute target', 200, signedPost(EVENTS, event()).replace(EVENTS, `http://127.0.0.1${EVENTS}`)],
    ['no query', 400, requestText('POST', EVENTS, { ...JSON_HEADERS, 'Content-Length': '0' })],
    ['an origin', 200, signedPost(EVENTS, event(), { ...JSON_HEADERS, Origin: 'https://example.com' })],
    ['another content type', 415, signedPost(EVENTS, event(), { 'Content-Type': 'text/plain' })],
    ['a content type that is none', 415, signedPost(EVENTS, event(), { 'Content-Type': ';;' })],
    ['a vendor JSON type', 200, signedPost(EVENTS, event(), { 'Content-Type': 'application/vnd.x+json' })],
    ['a big body', 200, signedPost(EVENTS, event({ padding: 'x'.repeat(70_000) }))],
    ['a body beyond the limit', 413, signedPost(EVENTS, event({ padding: 'x'.repeat(300_000) }))],
    [
      'a channel list',
      200,
      requestText('GET', `/apps/4242/channels?${signedQuery('GET', '/apps/4242/channels', null)}`),
    ],
    ['an append to an escaped name', 422, signedPost(APPEND.replace('room-1', 'room%2D1'), '{"data":"x"}')],
    ['an update', 422, signedPost(APPEND.replace('/append', '/update'), '{"data":"x"}')],
    ['an unknown path', 404, requestText('POST', '/apps/4242/event?x=y', { 'Content-Length': '0' })],
    ['a preflight', 200, requestText('OPTIONS', EVENTS, { Origin: 'https://example.com' })],
    ['a malformed path', 400, requestText('GET', '/apps/4242/channels/%ff?x=y')],
  ])('%s goes the ordinary way: %i', async (_name, status, request) => {
    const [answer = ''] = await both([request]);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(fast.ordinaryRequests).toBe(1);
  });

  it('keeps the connection open for the next one (D46)', async () => {
    const request = signedPost(EVENTS, event());
    for (const lane of [fast, ordinary]) {
      const client = await RawClient.open(lane.port);
      for (let i = 0; i < 3; i += 1) {
        await client.write(request);
        const answer = await client.answer();
        expect(answer?.status).toBe(200);
        expect(answer?.header('connection')).toBe('keep-alive');
        expect(answer?.header('keep-alive')).toBe('timeout=72');
      }
      client.close();
    }
  });

  it.each([
    ['Connection: close', signedPost(EVENTS, event(), { ...JSON_HEADERS, Connection: 'close' })],
    ['HTTP/1.0', signedPost(EVENTS, event()).replace('HTTP/1.1', 'HTTP/1.0')],
  ])('closes after %s', async (_name, request) => {
    expect(await both([request], 2)).toEqual([expect.stringContaining('Connection: close'), 'closed']);
  });

  it('answers half a request as Node does when the peer has no more to say', async () => {
    for (const lane of [fast, ordinary]) {
      const client = await RawClient.open(lane.port);
      client.socket.end(signedPost(EVENTS, event()).slice(0, -1));
      expect(await client.ended()).toBe('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    }
  });
});

describe('requests cut into pieces', () => {
  it('byte by byte', async () => {
    await both([...signedPost(EVENTS, event())]);
    expect(published(fast)).toHaveLength(1);
  });

  it('in two, at every place', async () => {
    const request = signedPost(EVENTS, event());
    for (let cut = 1; cut < request.length; cut += 7) {
      const [answer] = await talk(fast, [request.slice(0, cut), request.slice(cut)], 1);
      expect(answer).toContain('HTTP/1.1 200 OK');
    }
    expect(fast.ordinaryRequests).toBe(0);
  });

  it('several requests of all kinds, cut anywhere', async () => {
    const kinds = fc.constantFrom(
      signedPost(EVENTS, event()),
      signedPost(BATCH, `{"batch":[${event()}]}`),
      signedPost(EVENTS, 'no json'),
      requestText('GET', '/live'),
      requestText('GET', `${EVENTS}?a=b`),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (requests, places) => {
          const text = requests.join('');
          const cuts = [0, ...places.map((place) => place % text.length), text.length].sort((a, b) => a - b);
          const pieces = cuts.slice(1).map((cut, i) => text.slice(cuts[i], cut));
          const answers = await both(
            pieces.filter((piece) => piece !== ''),
            requests.length,
          );
          expect(answers).not.toContain('closed');
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('pipelined requests', () => {
  it('are answered in order, across the change of lanes', async () => {
    const answers = await both(
      [
        signedPost(EVENTS, event()) +
          signedPost(EVENTS, 'no json') +
          requestText('GET', '/live') +
          signedPost(BATCH, `{"batch":[${event()}]}`) +
          requestText('GET', '/nothing'),
      ],
      5,
    );
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['200', '400', '200', '200', '404']);
    expect(fast.ordinaryRequests).toBe(3);
  });

  it('many at once', async () => {
    const requests = Array.from({ length: 300 }, (_, i) =>
      signedPost(EVENTS, event({ message_id: `m${i}` })),
    );
    const answers = await talk(fast, [requests.join('')], 300);
    expect(answers.map((answer) => answer.split('\n').at(-1))).toEqual(
      requests.map((_, i) => `{"id":"m${i}"}`),
    );
    expect(fast.ordinaryRequests).toBe(0);
  });
});

describe('attempts to smuggle a request', () => {
  const inner = signedPost(EVENTS, event({ name: 'smuggled' }));
  const body = event();
  const head = signedPost(EVENTS, body).slice(0, -body.length);
  /** The head of a good request with another last header line. */
  const withLines = (lines: string): string => head.replace(/Content-Length: \d+\r\n/, lines);
  const length = body.length;

  it.each([
    ['two different lengths', withLines(`Content-Length: ${length}\r\nContent-Length: 0\r\n`)],
    ['the same length twice', withLines(`Content-Length: ${length}\r\nContent-Length: ${length}\r\n`)],
    ['a list of lengths', withLines(`Content-Length: ${length}, 0\r\n`)],
    ['a signed length', withLines(`Content-Length: +${length}\r\n`)],
    ['a length with a space', withLines(`Content-Length: ${length} 0\r\n`)],
    ['a length with a space before the colon', withLines(`Content-Length : ${length}\r\n`)],
    ['length and chunks', withLines(`Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`)],
    ['chunks and length', withLines(`Transfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`)],
    ['an unknown encoding', withLines(`Content-Length: ${length}\r\nTransfer-Encoding: xchunked\r\n`)],
    ['a tab before the encoding', withLines(`Content-Length: ${length}\r\nTransfer-Encoding:\tchunked\r\n`)],
    ['a folded length', withLines(`Content-Length:\r\n ${length}\r\n`)],
    ['a bare LF before the length', withLines(`X-A: b\nContent-Length: ${length}\r\n`)],
    ['a bare CR before the length', withLines(`X-A: b\rContent-Length: ${length}\r\n`)],
    ['NUL in front of the length', withLines(`\0Content-Length: ${length}\r\n`)],
    ['NUL after the length', withLines(`Content-Length: ${length}\0\r\n`)],
    ['a lower-case method', signedPost(EVENTS, body).slice(0, -length).replace('POST', 'post')],
    ['a second request line', withLines(`POST ${EVENTS}?a=b HTTP/1.1\r\nContent-Length: ${length}\r\n`)],
    ['no length at all', withLines('')],
  ])('%s', async (_name, attack) => {
    await both([`${attack}${body}${inner}`], 3);
    // The first request was the parser's to judge; the fast lane answered nothing before it nor after it.
    expect(published(fast)).toEqual(published(ordinary));
  });
});
