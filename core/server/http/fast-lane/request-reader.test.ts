import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FAST_BODY_BYTES, MAX_HEAD_BYTES, MORE, ODD, OK, RequestReader } from './request-reader.ts';

const LINE = 'POST /apps/4242/events?auth_key=k&x=%20+ HTTP/1.1\r\n';
const HEAD = 'Host: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n';
const PLAIN = `${LINE}${HEAD}\r\n{}`;

function read(text: string | Buffer, start = 0): { step: number; reader: RequestReader } {
  const reader = new RequestReader();
  return { step: reader.read(Buffer.from(text as string, 'latin1'), start), reader };
}

/** The plain request with further header lines. */
const withHeader = (lines: string): string => `${LINE}${HEAD}${lines}\r\n{}`;

describe('what the reader accepts', () => {
  it('reads a publish', () => {
    const { step, reader } = read(PLAIN);
    expect(step).toBe(OK);
    expect(reader.path).toBe('/apps/4242/events');
    expect(reader.appId).toBe('4242');
    expect(reader.query).toBe('auth_key=k&x=%20+');
    expect(reader.target).toBe('events');
    expect(PLAIN.slice(reader.bodyStart, reader.bodyEnd)).toBe('{}');
    expect(reader.contentType).toBe('application/json');
    expect(reader.idempotencyKey).toBeUndefined();
  });

  it('reads a batch', () => {
    const { step, reader } = read(PLAIN.replace('/events', '/batch_events'));
    expect(step).toBe(OK);
    expect(reader.target).toBe('batch_events');
    expect(reader.path).toBe('/apps/4242/batch_events');
  });

  it.each([
    ['room-1', '0001:n.1:0002', 'room-1', '0001:n.1:0002'],
    ['presence-r@1=a,b;c', '0001%3An.1%3a0002', 'presence-r@1=a,b;c', '0001:n.1:0002'],
  ])('reads an append to %s %s', (inPath, serialInPath, channel, serial) => {
    const path = `/apps/4242/channels/${inPath}/messages/${serialInPath}/append`;
    const { step, reader } = read(PLAIN.replace('/apps/4242/events', path));
    expect(step).toBe(OK);
    expect(reader).toMatchObject({ target: 'append', path, appId: '4242', channel, serial });
  });

  it.each([
    '/channels/a/messages/s/update',
    '/channels/a/messages/s/appends',
    '/channels/a/messages/s/append/',
    '/channels/a/b/messages/s/append',
    '/channels//messages/s/append',
    '/channels/a/messages//append',
    '/channels/../messages/s/append',
    '/channels/a/messages/./append',
    '/channels/a%2Fb/messages/s/append',
    '/channels/a/messages/%253A/append',
    '/channels/a/messages/s%/append',
    '/channels/a+b/messages/s/append',
  ])('leaves %s to others', (path) => {
    expect(read(PLAIN.replace('/events', path)).step).toBe(ODD);
  });

  it('keeps the headers that mean something, without the white space around them', () => {
    const { step, reader } = read(
      withHeader(
        'X-IDEMPOTENCY-KEY: \t a b \t\r\nx-forwarded-for:1.2.3.4, 5.6.7.8\r\nX-Real-IP:\r\nX-Other: \r\n',
      ),
    );
    expect(step).toBe(OK);
    expect(reader.idempotencyKey).toBe('a b');
    expect(reader.forwardedFor).toBe('1.2.3.4, 5.6.7.8');
    expect(reader.realIp).toBe('');
  });

  it('forgets the headers of the request before', () => {
    const reader = new RequestReader();
    expect(reader.read(Buffer.from(withHeader('X-Idempotency-Key: k\r\n')), 0)).toBe(OK);
    expect(reader.read(Buffer.from(PLAIN), 0)).toBe(OK);
    expect(reader.idempotencyKey).toBeUndefined();
  });

  it('reads one request after the other', () => {
    const bytes = Buffer.from(PLAIN + PLAIN.replace('4242', '43'));
    const reader = new RequestReader();
    expect(reader.read(bytes, 0)).toBe(OK);
    expect(reader.bodyEnd).toBe(PLAIN.length);
    expect(reader.read(bytes, reader.bodyEnd)).toBe(OK);
    expect(reader.appId).toBe('43');
    expect(reader.bodyEnd).toBe(bytes.length);
  });

  it.each([
    ['a charset', PLAIN.replace('json\r', 'json; charset=utf-8\r')],
    ['another case', PLAIN.replace('application/json', 'Application/JSON')],
    ['no content type', PLAIN.replace('Content-Type: application/json\r\n', '')],
    ['keep-alive', withHeader('connection: Keep-Alive\r\n')],
    ['an empty body', PLAIN.replace('Length: 2', 'Length: 0').slice(0, -2)],
    ['headers it does not know', withHeader('Accept: */*\r\nUser-Agent: x/1 (y; z)\r\nCookie: a=b\r\n')],
  ])('takes %s', (_name, text) => {
    expect(read(text).step).toBe(OK);
  });
});

describe('what the reader leaves to the ordinary parser', () => {
  it.each([
    ['another method', PLAIN.replace('POST', 'PUT')],
    ['a lower-case method', PLAIN.replace('POST', 'post')],
    ['a line break in front', `\r\n${PLAIN}`],
    ['two spaces', PLAIN.replace('POST ', 'POST  ')],
    ['an absolute target', PLAIN.replace('/apps', 'http://h/apps')],
    ['another path', PLAIN.replace('/events', '/channels')],
    ['a longer path', PLAIN.replace('/events', '/events/x')],
    ['a trailing slash', PLAIN.replace('/events', '/events/')],
    ['no query', PLAIN.replace('?auth_key=k&x=%20+', '')],
    ['an empty query', PLAIN.replace('auth_key=k&x=%20+', '')],
    ['an encoded app id', PLAIN.replace('4242', '42%342')],
    ['an empty app id', PLAIN.replace('4242', '')],
    ['a fragment', PLAIN.replace('x=', '#x=')],
    ['a quote in the query', PLAIN.replace('x=', 'x="')],
    ['a byte beyond ASCII in the query', PLAIN.replace('x=', 'x=\xe9')],
    ['HTTP/1.0', PLAIN.replace('HTTP/1.1', 'HTTP/1.0')],
    ['HTTP/2.0', PLAIN.replace('HTTP/1.1', 'HTTP/2.0')],
    ['a lower-case version', PLAIN.replace('HTTP/1.1', 'http/1.1')],
    ['bare LF after the request line', PLAIN.replace('1.1\r\n', '1.1\n')],
    ['bare LF after a header', PLAIN.replace('Host: h\r\n', 'Host: h\n')],
    ['bare CR after a header', PLAIN.replace('Host: h\r\n', 'Host: h\r')],
    ['bare LF at the end of the head', PLAIN.replace('\r\n\r\n', '\r\n\n')],
    ['a bare CR within a value', withHeader('X-A: a\rContent-Length: 9\r\n')],
    ['NUL in a value', withHeader('X-A: a\0b\r\n')],
    ['NUL in a name', withHeader('X-\0A: a\r\n')],
    ['a byte beyond ASCII in a value', withHeader('X-A: \xe9\r\n')],
    ['a control byte in a value', withHeader('X-A: \x7f\r\n')],
    ['a folded line', withHeader('X-A: a\r\n b\r\n')],
    ['a folded line by tab', withHeader('X-A: a\r\n\tb\r\n')],
    ['a space before the colon', withHeader('X-A : a\r\n')],
    ['an empty name', withHeader(': a\r\n')],
    ['a line without colon', withHeader('X-A\r\n')],
    ['no Host', PLAIN.replace('Host: h\r\n', '')],
    ['two Hosts', withHeader('Host: h\r\n')],
    ['no Content-Length', PLAIN.replace('Content-Length: 2\r\n', '')],
    ['the same Content-Length twice', withHeader('Content-Length: 2\r\n')],
    ['two Content-Lengths', withHeader('content-length: 3\r\n')],
    ['a list of Content-Lengths', PLAIN.replace('Length: 2', 'Length: 2, 2')],
    ['Content-Length +2', PLAIN.replace('Length: 2', 'Length: +2')],
    ['Content-Length -2', PLAIN.replace('Length: 2', 'Length: -2')],
    ['Content-Length 0x2', PLAIN.replace('Length: 2', 'Length: 0x2')],
    ['Content-Length 02', PLAIN.replace('Length: 2', 'Length: 02')],
    ['Content-Length 2.0', PLAIN.replace('Length: 2', 'Length: 2.0')],
    ['Content-Length 2 2', PLAIN.replace('Length: 2', 'Length: 2 2')],
    ['an empty Content-Length', PLAIN.replace('Length: 2', 'Length:')],
    ['a huge Content-Length', PLAIN.replace('Length: 2', 'Length: 18446744073709551618')],
    ['a body beyond the bound', PLAIN.replace('Length: 2', `Length: ${MAX_FAST_BODY_BYTES + 1}`)],
    ['Transfer-Encoding', withHeader('Transfer-Encoding: chunked\r\n')],
    ['Transfer-Encoding in another case', withHeader('tRANSFER-eNCODING: identity\r\n')],
    ['Transfer-Encoding alone', PLAIN.replace('Content-Length: 2', 'Transfer-Encoding: chunked')],
    ['Expect', withHeader('Expect: 100-continue\r\n')],
    ['Upgrade', withHeader('Upgrade: websocket\r\n')],
    ['Trailer', withHeader('Trailer: X-A\r\n')],
    ['Origin', withHeader('Origin: https://example.com\r\n')],
    ['Connection: close', withHeader('Connection: close\r\n')],
    ['Connection: keep-alive, upgrade', withHeader('Connection: keep-alive, upgrade\r\n')],
    ['Connection twice', withHeader('Connection: keep-alive\r\nConnection: keep-alive\r\n')],
    ['another content type', PLAIN.replace('application/json', 'text/plain')],
    ['two content types', withHeader('Content-Type: application/json\r\n')],
    ['two idempotency keys', withHeader('X-Idempotency-Key: a\r\nX-Idempotency-Key: a\r\n')],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a WebSocket handshake', 'GET /app/key?protocol=7 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n'],
  ])('leaves %s', (_name, text) => {
    expect(read(text).step).toBe(ODD);
  });

  it('leaves heads beyond its bound, whether they end or not', () => {
    const long = withHeader(`X-A: ${'a'.repeat(MAX_HEAD_BYTES)}\r\n`);
    expect(read(long).step).toBe(ODD);
    expect(read(long.slice(0, MAX_HEAD_BYTES + 1)).step).toBe(ODD);
    expect(read(long.slice(0, MAX_HEAD_BYTES)).step).toBe(MORE);
  });
});

describe('bytes that are not all there yet', () => {
  it('asks for more at every cut, and never for more than there will be', () => {
    for (let length = 0; length < PLAIN.length; length += 1) {
      const { step, reader } = read(PLAIN.slice(0, length));
      expect(step).toBe(MORE);
      expect(reader.wantedBytes).toBeGreaterThan(length);
      expect(reader.wantedBytes).toBeLessThanOrEqual(PLAIN.length);
    }
  });

  it('knows how long the request is once the head is complete', () => {
    expect(read(PLAIN.slice(0, -2)).reader.wantedBytes).toBe(PLAIN.length);
  });

  it('judges by the bytes alone: what is odd in full was never taken, however it was cut (R3)', () => {
    const line = fc.constantFrom(LINE, LINE.replace('/events', '/batch_events'), LINE.replace('POST', 'GET'));
    const header = fc.constantFrom(
      'Host: h\r\n',
      'Content-Length: 2\r\n',
      'Content-Length: 1\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Accept: */*\r\n',
      'X-A: b\n',
      ' folded\r\n',
      'Connection: keep-alive\r\n',
    );
    const request = fc.tuple(line, fc.array(header, { maxLength: 5 }), fc.constantFrom('\r\n', '\n', ''));
    fc.assert(
      fc.property(request, fc.nat(), ([start, headers, end], at) => {
        const text = `${start}${headers.join('')}${end}{}`;
        const cut = at % (text.length + 1);
        const whole = read(text).step;
        const part = read(text.slice(0, cut)).step;
        if (part !== MORE) expect(part).toBe(whole);
        const copies = (name: string): number => headers.filter((line) => line.startsWith(name)).length;
        if (whole === OK) {
          expect([copies('Host'), copies('Content-Length'), copies('Transfer'), copies(' ')]).toEqual([
            1, 1, 0, 0,
          ]);
          expect(copies('Connection')).toBeLessThan(2);
          expect(text).not.toMatch(/[^\r]\n/);
          expect(start).toContain('POST');
        }
      }),
    );
  });

  it('never throws and never reads beyond the buffer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(PLAIN.length),
        fc.nat(PLAIN.length),
        (noise, from, to) => {
          const plain = Buffer.from(PLAIN);
          const bytes = Buffer.concat([plain.subarray(0, from), noise, plain.subarray(to)]);
          const reader = new RequestReader();
          if (reader.read(bytes, 0) === OK) expect(reader.bodyEnd).toBeLessThanOrEqual(bytes.length);
        },
      ),
    );
  });
});
