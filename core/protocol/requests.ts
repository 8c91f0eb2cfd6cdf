/**
 * The `data` of platform events a client sends: subscribe, unsubscribe, signin, and the JSON texts inside them.
 * Each parser takes the parsed `data` of a frame (undefined = missing) and answers typed values or throws the recorded error.
 * Must not know: signatures, channels, which options an app allows.
 * Sources: Pusher protocol; Sockudo 5.0.1 as recorded (channel-subscribe-bad-data, rewind-invalid, user-signin-failures).
 */
import { type DeltaAlgorithm, parseDeltaAlgorithm } from './delta-algorithm.ts';
import { authenticationError, channelError, invalidMessage } from './errors.ts';
import { isJsonObject, type JsonObject, member, stringMember, tryParseJson } from './json.ts';

/** How much of the past a subscriber asks for. */
export type Rewind = { readonly count: number } | { readonly seconds: number };

/** Delta compression wish of one subscription. Absent `enabled` = yes, absent algorithm = the channel's or the server's. */
export interface DeltaOption {
  readonly enabled?: boolean;
  readonly algorithm?: DeltaAlgorithm;
}

export interface SubscribeRequest {
  readonly channel: string;
  readonly auth?: string;
  /** Exactly as sent: it is part of the signed text. */
  readonly channelData?: string;
  /** `filter` as sent; see parseFilter of filter.ts. Present also when it is null. */
  readonly filter?: unknown;
  /** `tags_filter` as sent. `filter` wins. */
  readonly tagsFilter?: unknown;
  readonly delta?: DeltaOption;
  readonly rewind?: Rewind;
  readonly modes?: readonly string[];
}

/**
 * Reads a subscribe. `data` is an object, or a string holding its JSON.
 * @throws ProtocolError 4000 `Invalid message format: …`
 */
export function parseSubscribe(data: unknown): SubscribeRequest {
  if (data === undefined || data === null) throw invalidMessage('Invalid subscription data format');
  const fromText = typeof data === 'string';
  const value = fromText ? tryParseJson(data) : data;
  if (value === undefined) throw invalidMessage('Failed to parse subscription data');
  const channel = isJsonObject(value) ? stringMember(value, 'channel') : undefined;
  if (!isJsonObject(value) || channel === undefined) {
    throw invalidMessage(fromText ? 'Missing channel field in string data' : 'Missing channel field');
  }
  return { channel, ...credentials(value), ...options(value) };
}

function credentials(value: JsonObject): Pick<SubscribeRequest, 'auth' | 'channelData'> {
  const auth = stringMember(value, 'auth');
  const channelData = stringMember(value, 'channel_data');
  return { ...(auth !== undefined && { auth }), ...(channelData !== undefined && { channelData }) };
}

function options(value: JsonObject): Omit<SubscribeRequest, 'channel' | 'auth' | 'channelData'> {
  const filter = member(value, 'filter');
  const tagsFilter = member(value, 'tags_filter');
  const delta = parseDelta(member(value, 'delta'));
  const rewind = parseRewind(member(value, 'rewind'));
  const modes = parseModes(member(value, 'modes'));
  return {
    ...(filter !== undefined && { filter }),
    ...(tagsFilter !== undefined && { tagsFilter }),
    ...(delta !== undefined && { delta }),
    ...(rewind !== undefined && { rewind }),
    ...(modes !== undefined && { modes }),
  };
}

/** `25`, `"25"`, `{count}`, `{seconds}` or `{duration_seconds}`; whole numbers above 0. */
function parseRewind(value: unknown): Rewind | undefined {
  if (value === undefined) return undefined;
  if (isJsonObject(value)) {
    const count = positive(member(value, 'count'));
    if (count !== null) return { count };
    // An explicit zero is a mistake, not a reason to look for seconds.
    if (member(value, 'count') === 0) throw invalidMessage('Invalid rewind option in subscription data');
    const seconds = positive(member(value, 'seconds')) ?? positive(member(value, 'duration_seconds'));
    if (seconds !== null) return { seconds };
  } else {
    const count = positive(typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value);
    if (count !== null) return { count };
  }
  throw invalidMessage('Invalid rewind option in subscription data');
}

const positive = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;

function parseModes(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalidMessage('subscription modes must be an array');
  return value.filter((mode): mode is string => typeof mode === 'string');
}

const DELTA_OFF: ReadonlySet<string> = new Set(['disabled', 'false', 'none']);

/** String, boolean or `{enabled?, algorithm?}`; null and anything else = no wish. */
function parseDelta(value: unknown): DeltaOption | undefined {
  if (typeof value === 'boolean') return { enabled: value };
  if (typeof value === 'string') {
    if (DELTA_OFF.has(value.toLowerCase())) return { enabled: false };
    return { enabled: true, ...algorithm(value) };
  }
  if (!isJsonObject(value)) return undefined;
  const enabled = member(value, 'enabled');
  return { ...(typeof enabled === 'boolean' && { enabled }), ...algorithm(member(value, 'algorithm')) };
}

function algorithm(value: unknown): { readonly algorithm?: DeltaAlgorithm } {
  const known = parseDeltaAlgorithm(value);
  return known === null ? {} : { algorithm: known };
}

/**
 * The channel an unsubscribe names: `{channel}`, or a bare string that is the name itself.
 * @throws ProtocolError 4000 `Invalid message format: …`
 */
export function parseUnsubscribe(data: unknown): string {
  if (typeof data === 'string') return data;
  if (data === undefined || data === null) throw invalidMessage('Missing data in unsubscribe message');
  const channel = isJsonObject(data) ? stringMember(data, 'channel') : undefined;
  if (channel === undefined) throw invalidMessage('Missing channel in unsubscribe message');
  return channel;
}

/** A signin: both members exactly as sent. */
export interface SigninRequest {
  readonly auth: string;
  readonly userData: string;
}

/**
 * Reads a signin. Objects only.
 * @throws ProtocolError 4000 `Invalid message format: Invalid signin data format`, 4009 when a member is missing.
 */
export function parseSignin(data: unknown): SigninRequest {
  if (data === undefined || data === null || typeof data === 'string') {
    throw invalidMessage('Invalid signin data format');
  }
  const given = isJsonObject(data) ? data : {};
  const userData = stringMember(given, 'user_data');
  if (userData === undefined) throw authenticationError("Missing 'user_data' field in signin data");
  const auth = stringMember(given, 'auth');
  if (auth === undefined) throw authenticationError("Missing 'auth' field in signin data");
  return { auth, userData };
}

/** The JSON inside `user_data`. */
export interface UserData {
  readonly id: string;
  readonly userInfo?: unknown;
  /** Ids of watched users; anything that is no string is left out. */
  readonly watchlist?: readonly string[];
  /** Unchecked; see parseSigninCapabilities of capability.ts. */
  readonly capabilities?: unknown;
}

/** @throws ProtocolError 4009 `Authentication error: Invalid user_data JSON: …` or `Missing 'id' field in user_data` */
export function parseUserData(text: string): UserData {
  const value = tryParseJson(text);
  if (value === undefined) throw authenticationError('Invalid user_data JSON: not JSON');
  const id = isJsonObject(value) ? stringMember(value, 'id') : undefined;
  if (!isJsonObject(value) || id === undefined) throw authenticationError("Missing 'id' field in user_data");
  const userInfo = member(value, 'user_info');
  const watchlist = member(value, 'watchlist');
  const capabilities = member(value, 'capabilities');
  return {
    id,
    ...(userInfo !== undefined && { userInfo }),
    ...(Array.isArray(watchlist) && {
      watchlist: watchlist.filter((one): one is string => typeof one === 'string'),
    }),
    ...(capabilities !== undefined && capabilities !== null && { capabilities }),
  };
}

/** The JSON inside a presence subscribe's `channel_data`. */
export interface PresenceData {
  readonly userId: string;
  /** JSON text of `user_info`; `{}` when the member gave none. */
  readonly userInfo: string;
}

/** @throws ProtocolError 4000 `Invalid channel_data JSON for presence`, 4300 `Missing user_id in channel_data` */
export function parseChannelData(text: string): PresenceData {
  const value = tryParseJson(text);
  if (value === undefined) throw invalidMessage('Invalid channel_data JSON for presence');
  const userId = isJsonObject(value) ? stringMember(value, 'user_id') : undefined;
  if (!isJsonObject(value) || userId === undefined) throw channelError('Missing user_id in channel_data');
  return { userId, userInfo: JSON.stringify(member(value, 'user_info') ?? {}) };
}
