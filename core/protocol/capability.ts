/**
 * What a connection may do: the operations of a capability token or of a sign-in, each with its channel patterns.
 * Must not know: JWTs (capability-token.ts reads claims), connections, namespaces.
 * Sources: realtime sheet 4.5, recordings token-*, divergences D16, D19.
 */
import { authenticationError, type ProtocolError } from './errors.ts';
import { isJsonObject, member, tryParseJson } from './json.ts';
import { TOKEN_PATTERNS_MAX } from './limits.ts';
import { matchesPattern } from './wildcard.ts';

/** Operations in their hyphen spelling; tokens may spell them with underscores. */
const OPERATIONS = [
  'subscribe',
  'publish',
  'history',
  'presence',
  'annotation-subscribe',
  'annotation-publish',
  'annotation-delete-own',
  'annotation-delete-any',
  'message-update-own',
  'message-update-any',
  'message-delete-own',
  'message-delete-any',
  'message-append-own',
  'message-append-any',
  'push-admin',
  'push-subscribe',
] as const;

export type CapabilityOperation = (typeof OPERATIONS)[number];

/** Allowed without any token or list; everything else must be granted in so many words. */
const OPEN_BY_DEFAULT: ReadonlySet<CapabilityOperation> = new Set([
  'subscribe',
  'publish',
  'history',
  'presence',
]);

/** Operation -> channel patterns. An operation without an entry is judged by `source`. */
export interface Capabilities {
  /** token: not listed = denied. signin: not listed = allowed for subscribe, publish, history and presence, else denied. */
  readonly source: 'token' | 'signin';
  readonly grants: ReadonlyMap<CapabilityOperation, readonly string[]>;
}

/**
 * Whether a connection may do `operation` on `channel`. Null capabilities = neither token nor sign-in list.
 * Subscribing to a presence channel needs `subscribe` and `presence`; raw annotations need `subscribe` and
 * `annotation-subscribe`: ask for both.
 */
export function allows(
  capabilities: Capabilities | null,
  operation: CapabilityOperation,
  channel: string,
): boolean {
  const patterns = capabilities?.grants.get(operation);
  if (patterns === undefined) return capabilities?.source !== 'token' && OPEN_BY_DEFAULT.has(operation);
  return patterns.some((pattern) => matchesPattern(pattern, channel));
}

/**
 * Whether a wildcard subscription may receive a private or presence channel because of the connection's token: a pattern that
 * itself begins with `private-` or `presence-`, covers the channel and lists `subscribe` (presence: and `presence`).
 */
export function wildcardReaches(
  subscription: string,
  channel: string,
  capabilities: Capabilities | null,
): boolean {
  if (capabilities?.source !== 'token' || !matchesPattern(subscription, channel)) return false;
  const isPresence = channel.startsWith('presence-');
  if (!isPresence && !channel.startsWith('private-')) return false;
  const covers = (operation: CapabilityOperation) =>
    capabilities.grants
      .get(operation)
      ?.some((pattern) => isClosed(pattern) && matchesPattern(pattern, channel)) === true;
  return covers('subscribe') && (!isPresence || covers('presence'));
}

const isClosed = (pattern: string): boolean =>
  pattern.startsWith('private-') || pattern.startsWith('presence-');

/** 4009 `Connection is not allowed to VERB channel 'NAME'`; the verb is the operation with underscores. */
export const capabilityError = (operation: CapabilityOperation, channel: string): ProtocolError =>
  authenticationError(`Connection is not allowed to ${operation.replaceAll('-', '_')} channel '${channel}'`);

/** 4009 for raw annotations asked for without any token or sign-in list. */
export const annotationAccessError = (channel: string): ProtocolError =>
  authenticationError(`Connection is not allowed to receive raw annotations for channel '${channel}'`);

const BY_SPELLING: ReadonlyMap<string, CapabilityOperation> = new Map(
  OPERATIONS.flatMap((operation) => [
    [operation, operation] as const,
    [operation.replaceAll('-', '_'), operation] as const,
  ]),
);

/**
 * Reads the claim `x-sockudo-capability`: `{PATTERN: [OPERATION]}` or the same as JSON text. Every operation the token does
 * not list is denied.
 * @throws ProtocolError 4009 `Authentication error: …`
 */
export function parseTokenCapabilities(claim: unknown): Capabilities {
  const isText = typeof claim === 'string';
  const value = isText ? tryParseJson(claim) : claim;
  if (!isText && !isJsonObject(claim)) {
    throw authenticationError('x-sockudo-capability must be a JSON object or object string');
  }
  if (!isGrants(value)) {
    const expected = isText ? 'must be a JSON object string' : 'must map channel patterns to operations';
    throw authenticationError(`x-sockudo-capability ${expected}`);
  }
  return { source: 'token', grants: invert(value) };
}

type Grants = { readonly [pattern: string]: readonly string[] };

const isStringList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isGrants = (value: unknown): value is Grants =>
  isJsonObject(value) && Object.values(value).every(isStringList);

/** From pattern -> operations to operation -> patterns. */
function invert(value: Grants): ReadonlyMap<CapabilityOperation, readonly string[]> {
  const entries = Object.entries(value);
  if (entries.length > TOKEN_PATTERNS_MAX) {
    throw authenticationError(`x-sockudo-capability exceeds ${TOKEN_PATTERNS_MAX} patterns`);
  }
  const grants = new Map<CapabilityOperation, Set<string>>();
  for (const [pattern, operations] of entries) {
    if (pattern === '') throw authenticationError('capability patterns must not be empty');
    for (const spelling of operations) {
      const operation = BY_SPELLING.get(spelling);
      if (operation === undefined)
        throw authenticationError(`unsupported capability operation '${spelling}'`);
      const patterns = grants.get(operation);
      if (patterns === undefined) grants.set(operation, new Set([pattern]));
      else patterns.add(pattern);
    }
  }
  return new Map([...grants].map(([operation, patterns]) => [operation, [...patterns]]));
}

/**
 * Reads `capabilities` of a sign-in's user_data: `{OPERATION: [PATTERN]}`. Unknown members are ignored, null counts as absent;
 * message operations exist in underscore spelling only.
 * @throws ProtocolError 4009 `Authentication error: Invalid capabilities in user_data: …`
 */
export function parseSigninCapabilities(value: unknown): Capabilities {
  if (!isJsonObject(value)) throw authenticationError('Invalid capabilities in user_data: must be an object');
  const grants = new Map<CapabilityOperation, readonly string[]>();
  for (const operation of OPERATIONS) {
    const underscored = operation.replaceAll('-', '_');
    const hyphened = operation.startsWith('message-') ? undefined : member(value, operation);
    const patterns = hyphened ?? member(value, underscored) ?? undefined;
    if (patterns === undefined) continue;
    if (!isStringList(patterns)) {
      throw authenticationError(
        `Invalid capabilities in user_data: ${underscored} must be a list of patterns`,
      );
    }
    grants.set(operation, patterns);
  }
  return { source: 'signin', grants };
}
