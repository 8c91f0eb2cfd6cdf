// A strict reader of few kinds of request: `POST /apps/{id}/events?…`, `/batch_events?…` and the append to a message,
// `/channels/{channel}/messages/{serial}/append?…`, as server SDKs send them. It reads
// bytes and nothing else, and it never guesses: whatever is not exactly what it knows is `odd`, and the ordinary HTTP
// parser gets the same bytes from the start. So a doubtful request is never judged here, and request smuggling has no foothold.
//
//   R1  Accepted: HTTP/1.1, CRLF line ends, one Host, one Content-Length of digits, header values of printable ASCII.
//   R2  Odd: Transfer-Encoding, Expect, Upgrade, Trailer, Origin (CORS), any Connection but keep-alive, anything twice, a bare LF
//       or CR, folded lines, other bytes, another method, path, version or content type, a head or body beyond the bounds.
//   R3  The result depends on the bytes alone, not on how they were cut into reads.

import {
  APP_ID_BYTES,
  bytesOf,
  QUERY_BYTES,
  SEGMENT_BYTES,
  TOKEN_BYTES,
  VALUE_BYTES,
} from './byte-tables.ts';

export const OK = 0;
/** So far fine: more bytes are needed. */
export const MORE = 1;
/** Not for this reader. */
export const ODD = 2;
export type Step = typeof OK | typeof MORE | typeof ODD;

/** Bounds of what is answered here; beyond them the ordinary parser decides. */
export const MAX_HEAD_BYTES = 8 * 1024;
export const MAX_FAST_BODY_BYTES = 64 * 1024;

const CR = 0x0d;
const COLON = 0x3a;
const LETTER_B = 0x62;
const LETTER_C = 0x63;
const NOTHING = Buffer.alloc(0);

const POST_APPS = bytesOf('POST /apps/');
const POST_LENGTH = 'POST '.length;
const APPS_LENGTH = '/apps/'.length;
const EVENTS = bytesOf('/events?');
const BATCH_EVENTS = bytesOf('/batch_events?');
const CHANNELS = bytesOf('/channels/');
const MESSAGES = bytesOf('/messages/');
const APPEND = bytesOf('/append?');
const VERSION = bytesOf(' HTTP/1.1\r\n');
const CRLF = bytesOf('\r\n');
const JSON_TYPE = bytesOf('application/json');
const JSON_UTF8_TYPE = bytesOf('application/json; charset=utf-8');
const KEEP_ALIVE = bytesOf('keep-alive');

/** What is asked for. */
export type FastTarget = 'events' | 'batch_events' | 'append';

/** What a header of this name means to the reader. Names in lower case, by length. */
type HeaderRule = (reader: RequestReader, start: number, end: number) => Step;
interface KnownHeader {
  readonly name: Uint8Array;
  readonly rule: HeaderRule;
}

/** One reader serves any number of connections in turn: call `read`, then take the fields before the next call. */
export class RequestReader {
  /** Path without query, e.g. `/apps/4242/events`. */
  path = '';
  appId = '';
  query = '';
  target: FastTarget = 'events';
  /** Of an append, decoded. */
  channel = '';
  serial = '';
  /** Of the buffer given to `read`. The request ends where its body ends. */
  bodyStart = 0;
  bodyEnd = 0;
  contentType: string | undefined;
  idempotencyKey: string | undefined;
  forwardedFor: string | undefined;
  realIp: string | undefined;
  /** After MORE: no smaller number of bytes from `start` on can be enough. */
  wantedBytes = 0;

  #bytes: Buffer = NOTHING;
  #at = 0;
  #end = 0;
  #hostHeaders = 0;
  #connectionHeaders = 0;
  #contentLength = -1;

  /** Reads the request that begins at `start`. */
  read(bytes: Buffer, start: number): Step {
    this.#reset(bytes, start);
    const head = this.#head(start);
    if (head === MORE && bytes.length - start > MAX_HEAD_BYTES) return ODD;
    if (head === MORE) this.wantedBytes = bytes.length - start + 1;
    if (head !== OK) return head;
    if (this.#at - start > MAX_HEAD_BYTES || this.#hostHeaders !== 1 || this.#contentLength < 0) return ODD;
    this.bodyStart = this.#at;
    this.bodyEnd = this.#at + this.#contentLength;
    if (this.bodyEnd <= bytes.length) return OK;
    this.wantedBytes = this.bodyEnd - start;
    return MORE;
  }

  #reset(bytes: Buffer, start: number): void {
    this.#bytes = bytes;
    this.#at = start;
    // No need to look further than a head may reach.
    this.#end = Math.min(bytes.length, start + MAX_HEAD_BYTES + 1);
    this.#hostHeaders = 0;
    this.#connectionHeaders = 0;
    this.#contentLength = -1;
    this.contentType = undefined;
    this.idempotencyKey = undefined;
    this.forwardedFor = undefined;
    this.realIp = undefined;
  }

  #head(start: number): Step {
    const line = this.#requestLine(start);
    if (line !== OK) return line;
    while (this.#at < this.#end) {
      if (this.#bytes[this.#at] === CR) return this.#literal(CRLF);
      const header = this.#header();
      if (header !== OK) return header;
    }
    return MORE;
  }

  #requestLine(start: number): Step {
    let step = this.#literal(POST_APPS);
    if (step !== OK) return step;
    step = this.#run(APP_ID_BYTES);
    if (step !== OK) return step;
    const idEnd = this.#at;
    step = this.#targetPath();
    if (step !== OK) return step;
    const queryStart = this.#at;
    step = this.#run(QUERY_BYTES);
    if (step !== OK) return step;
    // One text for all three: parts of it cost no copy.
    const pathStart = start + POST_LENGTH;
    const target = this.#text(pathStart, this.#at);
    this.path = target.slice(0, queryStart - 1 - pathStart);
    this.appId = target.slice(APPS_LENGTH, idEnd - pathStart);
    this.query = target.slice(queryStart - pathStart);
    return this.#literal(VERSION);
  }

  /** From the app's id to the query. */
  #targetPath(): Step {
    switch (this.#bytes[this.#at + 1]) {
      case LETTER_B:
        this.target = 'batch_events';
        return this.#literal(BATCH_EVENTS);
      case LETTER_C:
        this.target = 'append';
        return this.#appendPath();
      default:
        this.target = 'events';
        return this.#literal(EVENTS);
    }
  }

  #appendPath(): Step {
    let step = this.#literal(CHANNELS);
    if (step !== OK) return step;
    const channelStart = this.#at;
    step = this.#run(SEGMENT_BYTES);
    if (step !== OK) return step;
    const channelEnd = this.#at;
    step = this.#literal(MESSAGES);
    if (step !== OK) return step;
    const serialStart = this.#at;
    step = this.#run(SEGMENT_BYTES);
    if (step !== OK) return step;
    const serialEnd = this.#at;
    step = this.#literal(APPEND);
    if (step !== OK) return step;
    const channel = decoded(this.#text(channelStart, channelEnd));
    const serial = decoded(this.#text(serialStart, serialEnd));
    if (channel === null || serial === null) return ODD;
    this.channel = channel;
    this.serial = serial;
    return OK;
  }

  #header(): Step {
    const nameStart = this.#at;
    let step = this.#run(TOKEN_BYTES);
    if (step !== OK) return step;
    const nameEnd = this.#at;
    if (this.#bytes[nameEnd] !== COLON) return ODD;
    this.#at += 1;
    const valueStart = this.#at;
    step = this.#bytes[valueStart] === CR ? OK : this.#run(VALUE_BYTES);
    if (step !== OK) return step;
    const valueEnd = this.#at;
    step = this.#literal(CRLF);
    if (step !== OK) return step;
    const known = RequestReader.#rulesByLength[nameEnd - nameStart];
    if (known === undefined) return OK;
    for (const { name, rule } of known) {
      if (this.#isText(name, nameStart, nameEnd)) return this.#apply(rule, valueStart, valueEnd);
    }
    return OK;
  }

  /** Leaves the white space around a value out (RFC 9110, field values). */
  #apply(rule: HeaderRule, valueStart: number, valueEnd: number): Step {
    let start = valueStart;
    let end = valueEnd;
    while (start < end && this.#isSpace(start)) start += 1;
    while (end > start && this.#isSpace(end - 1)) end -= 1;
    return rule(this, start, end);
  }

  #isSpace(at: number): boolean {
    return this.#bytes[at] === 0x20 || this.#bytes[at] === 0x09;
  }

  /** One or more bytes of the table. The byte after them is there when the result is OK. */
  #run(table: Uint8Array): Step {
    const bytes = this.#bytes;
    const end = this.#end;
    const start = this.#at;
    let at = start;
    while (at < end && table[bytes[at] ?? 0] === 1) at += 1;
    this.#at = at;
    if (at === end) return MORE;
    return at === start ? ODD : OK;
  }

  #literal(expected: Uint8Array): Step {
    const bytes = this.#bytes;
    const available = Math.min(expected.length, this.#end - this.#at);
    for (let i = 0; i < available; i += 1) if (bytes[this.#at + i] !== expected[i]) return ODD;
    if (available < expected.length) return MORE;
    this.#at += expected.length;
    return OK;
  }

  #text(start: number, end: number): string {
    return this.#bytes.toString('latin1', start, end);
  }

  /** `lower` without regard to case. Only for bytes that passed TOKEN or VALUE. */
  #isText(lower: Uint8Array, start: number, end: number): boolean {
    if (end - start !== lower.length) return false;
    for (let i = 0; i < lower.length; i += 1) {
      const byte = this.#bytes[start + i] ?? 0;
      const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
      if (folded !== lower[i]) return false;
    }
    return true;
  }

  #host(): Step {
    this.#hostHeaders += 1;
    return this.#hostHeaders === 1 ? OK : ODD;
  }

  #connection(start: number, end: number): Step {
    this.#connectionHeaders += 1;
    return this.#connectionHeaders === 1 && this.#isText(KEEP_ALIVE, start, end) ? OK : ODD;
  }

  #length(start: number, end: number): Step {
    if (this.#contentLength >= 0 || end === start || end - start > 7) return ODD;
    if (this.#bytes[start] === 0x30 && end - start > 1) return ODD;
    let length = 0;
    for (let at = start; at < end; at += 1) {
      const digit = (this.#bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) return ODD;
      length = length * 10 + digit;
    }
    if (length > MAX_FAST_BODY_BYTES) return ODD;
    this.#contentLength = length;
    return OK;
  }

  #jsonType(start: number, end: number): Step {
    const isJson = this.#isText(JSON_TYPE, start, end) || this.#isText(JSON_UTF8_TYPE, start, end);
    if (!isJson || this.contentType !== undefined) return ODD;
    this.contentType = 'application/json';
    return OK;
  }

  /** A header of which there may be one; its value is kept. */
  #keep(field: 'idempotencyKey' | 'forwardedFor' | 'realIp', start: number, end: number): Step {
    if (this[field] !== undefined) return ODD;
    this[field] = this.#text(start, end);
    return OK;
  }

  static readonly #rules: Readonly<Record<string, HeaderRule>> = {
    host: (reader) => reader.#host(),
    connection: (reader, start, end) => reader.#connection(start, end),
    'content-length': (reader, start, end) => reader.#length(start, end),
    'content-type': (reader, start, end) => reader.#jsonType(start, end),
    'x-idempotency-key': (reader, start, end) => reader.#keep('idempotencyKey', start, end),
    'x-forwarded-for': (reader, start, end) => reader.#keep('forwardedFor', start, end),
    'x-real-ip': (reader, start, end) => reader.#keep('realIp', start, end),
    'transfer-encoding': () => ODD,
    expect: () => ODD,
    upgrade: () => ODD,
    trailer: () => ODD,
    origin: () => ODD,
  };

  /** Most headers differ in length from all of these, and then cost one look. */
  static readonly #rulesByLength: (readonly KnownHeader[] | undefined)[] = byLength(RequestReader.#rules);
}

/** A path segment with the one escape that clients need for serials: that of the colon. Null: others. */
function decoded(segment: string): string | null {
  if (segment === '.' || segment === '..') return null;
  if (!segment.includes('%')) return segment;
  const text = segment.replaceAll('%3A', ':').replaceAll('%3a', ':');
  return text.includes('%') ? null : text;
}

function byLength(rules: Readonly<Record<string, HeaderRule>>): (readonly KnownHeader[] | undefined)[] {
  const table: (readonly KnownHeader[] | undefined)[] = new Array(32).fill(undefined);
  for (const [name, rule] of Object.entries(rules)) {
    table[name.length] = [...(table[name.length] ?? []), { name: bytesOf(name), rule }];
  }
  return table;
}
