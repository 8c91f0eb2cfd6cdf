/**
 * The query of `/app/KEY?…`: protocol family, wire format and the options of a V2 connection, or HTTP 400 before the upgrade.
 * Must not know: app keys, origins, tokens' content, server defaults.
 * Sources: realtime sheet 1.1; recordings v1-protocol-parameter, v2-format-parameter, v2-append-parameters.
 */
import type { Protocol } from './prefix.ts';

/** Wire format of a V2 connection; V1 is always JSON. */
export type WireFormat = 'json' | 'msgpack' | 'protobuf';

/** What a connection asked for. Absent = the server's default. */
export interface Handshake {
  readonly ok: true;
  readonly protocol: Protocol;
  readonly format: WireFormat;
  /** V2 only has use for it: whether the connection hears its own events. */
  readonly echoMessages?: boolean;
  /** V1 always behaves as `full`. */
  readonly appendMode: 'delta' | 'full';
  /** Milliseconds; V2 only (divergence D66: it is used). */
  readonly appendRollupWindowMs?: number;
  /** Capability token, unchecked. Kept on V1 as well, where it must be refused with 4009. */
  readonly token?: string;
}

/** Answer before the upgrade. */
export interface HandshakeRefusal {
  readonly ok: false;
  readonly status: 400;
  readonly text: string;
}

/** The part of URLSearchParams that is needed. */
export interface QueryReader {
  getAll(name: string): readonly string[];
}

const FORMATS: ReadonlyMap<string, WireFormat> = new Map([
  ['', 'json'],
  ['json', 'json'],
  ['msgpack', 'msgpack'],
  ['messagepack', 'msgpack'],
  ['protobuf', 'protobuf'],
  ['proto', 'protobuf'],
]);

/** Windows a client may choose from, milliseconds; the server narrows them by its own minimum and maximum. */
const ROLLUP_WINDOWS_MS: ReadonlySet<number> = new Set([0, 20, 40, 100, 500]);

const READ = [
  'protocol',
  'client',
  'version',
  'format',
  'echo_messages',
  'append_mode',
  'append_rollup_window',
  'token',
];

/** Bounds of the server's `rollup` setting, milliseconds. */
export interface RollupBounds {
  readonly minMs?: number;
  readonly maxMs?: number;
}

/** Reads the query of a connection attempt. Unknown parameters are ignored. */
export function parseHandshakeQuery(
  query: QueryReader,
  rollup: RollupBounds = {},
): Handshake | HandshakeRefusal {
  const twice = READ.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) return refuse(`Query parameter '${twice}' is given more than once`);
  const get = (name: string) => query.getAll(name)[0];

  const protocol = wholeNumber(get('protocol'), 255);
  if (protocol === null) return refuse("'protocol' must be a number from 0 to 255");
  const echo = get('echo_messages');
  if (echo !== undefined && echo !== 'true' && echo !== 'false')
    return refuse("'echo_messages' must be true or false");
  const windowMs = wholeNumber(get('append_rollup_window'), Number.MAX_SAFE_INTEGER);
  if (windowMs === null) return refuse("'append_rollup_window' must be a number of milliseconds");
  const token = get('token');
  const common = {
    ok: true,
    ...(echo !== undefined && { echoMessages: echo === 'true' }),
    ...(token !== undefined && { token }),
  } as const;
  if (protocol !== 2) return { ...common, protocol: 1, format: 'json', appendMode: 'full' };

  const format = FORMATS.get((get('format') ?? '').trim().toLowerCase());
  if (format === undefined) return refuse('Unsupported wire format');
  if (windowMs !== undefined && !isAllowedWindow(windowMs, rollup))
    return refuse('Unsupported append_rollup_window');
  const appendMode = get('append_mode') || 'delta';
  if (appendMode !== 'delta' && appendMode !== 'full') return refuse("'append_mode' must be delta or full");
  const window = windowMs === undefined ? {} : { appendRollupWindowMs: windowMs };
  return { ...common, protocol: 2, format, appendMode, ...window };
}

const isAllowedWindow = (ms: number, { minMs = 0, maxMs = 500 }: RollupBounds): boolean =>
  ROLLUP_WINDOWS_MS.has(ms) && ms >= minMs && ms <= maxMs;

const refuse = (text: string): HandshakeRefusal => ({ ok: false, status: 400, text });

/** Undefined when absent, null when it is no whole number from 0 to `max`. */
function wholeNumber(text: string | undefined, max: number): number | null | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,20}$/.test(text) || Number(text) > max) return null;
  return Number(text);
}
