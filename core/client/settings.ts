/**
 * What the options amount to: checked once, defaults filled in, the URL's parts settled. Everything behind this file trusts it.
 * Must not know: sockets, channels.
 */
import type { DeltaAlgorithm } from '@sockudo/protocol';
import { type AskApplication, applicationEndpoint } from './application-endpoint.ts';
import {
  type ChannelAuthorizer,
  channelAuthorizer,
  type UserAuthenticator,
  userAuthenticator,
} from './authorization.ts';
import { DEDUPLICATION_CAPACITY } from './deduplicator.ts';
import { InvalidOptions } from './errors.ts';
import type { ProtocolVersion } from './event-names.ts';
import type { SockudoOptions } from './options.ts';
import { type RecoveryStorage, sessionRecoveryStorage } from './position-store.ts';
import type { Runtime } from './runtime.ts';
import { type TokenSource, tokenSettings } from './token-source.ts';
import { VERSION } from './version.ts';

export interface Settings {
  readonly protocolVersion: ProtocolVersion;
  /** URL without token. */
  readonly url: string;
  /** False: the options leave no transport. */
  readonly hasTransport: boolean;
  /** Server-Sent Events where WebSockets fail. */
  readonly eventStreamFallback: boolean;
  readonly activityTimeoutMs: number;
  readonly pongTimeoutMs: number;
  readonly unavailableTimeoutMs: number;
  readonly authorizeChannel: ChannelAuthorizer;
  readonly authenticateUser: UserAuthenticator;
  /** Undefined: no token is sent. */
  readonly token: TokenSource | undefined;
  /** A provider can give a fresh token; a fixed one cannot. */
  readonly tokenIsRenewable: boolean;
  readonly connectionRecovery: boolean;
  /** Undefined: positions end with the page. */
  readonly recoveryStorage: RecoveryStorage | undefined;
  /** What the connection asks for; undefined: it does not. */
  readonly deltaAlgorithms: readonly DeltaAlgorithm[] | undefined;
  readonly askAboutMessages: AskApplication;
  readonly askAboutPresence: AskApplication;
  readonly reportsVisibility: boolean;
  /** 0: no deduplication. */
  readonly deduplicationCapacity: number;
}

/** @throws InvalidOptions with the option's name in the text */
export function settingsFrom(key: string, options: SockudoOptions, runtime: Runtime): Settings {
  if (typeof key !== 'string' || key === '')
    throw new InvalidOptions('The app key must be a non-empty string');
  const protocolVersion = options.protocolVersion ?? 7;
  if (protocolVersion !== 7 && protocolVersion !== 2)
    throw new InvalidOptions('protocolVersion must be 7 or 2');
  const isV2 = protocolVersion === 2;
  return {
    protocolVersion,
    url: connectionUrl(key, options, runtime),
    hasTransport: transports(options).length > 0,
    // Streams bring protocol 2, appends as fragments.
    eventStreamFallback: isV2 && options.eventStreamFallback !== false && options.appendMode !== 'full',
    activityTimeoutMs: milliseconds(options, 'activityTimeout', 120_000),
    pongTimeoutMs: milliseconds(options, 'pongTimeout', 30_000),
    unavailableTimeoutMs: milliseconds(options, 'unavailableTimeout', 10_000),
    authorizeChannel: channelAuthorizer(options, runtime),
    authenticateUser: userAuthenticator(options, runtime),
    ...(isV2 ? tokenSettings(options, runtime) : { token: undefined, tokenIsRenewable: false }),
    connectionRecovery: isV2 && options.connectionRecovery === true,
    recoveryStorage: recoveryStorage(key, options, runtime),
    deltaAlgorithms: isV2 ? deltaAlgorithms(options) : undefined,
    askAboutMessages: applicationEndpoint('versionedMessages', options.versionedMessages, runtime),
    askAboutPresence: applicationEndpoint('presenceHistory', options.presenceHistory, runtime),
    reportsVisibility: reportsVisibility(options),
    deduplicationCapacity:
      options.messageDeduplication === false
        ? 0
        : (options.messageDeduplicationCapacity ?? DEDUPLICATION_CAPACITY),
  };
}

const DELTA_ALGORITHMS: readonly DeltaAlgorithm[] = ['fossil', 'xdelta3'];

function deltaAlgorithms({ deltaCompression: delta }: SockudoOptions): readonly DeltaAlgorithm[] | undefined {
  const { enabled, algorithms = DELTA_ALGORITHMS } = delta ?? {};
  if (algorithms.length === 0 || !algorithms.every((name) => DELTA_ALGORITHMS.includes(name)))
    throw new InvalidOptions('deltaCompression.algorithms must name fossil, xdelta3 or both');
  return enabled === true ? algorithms : undefined;
}

function reportsVisibility({ reportVisibility: given, protocolVersion }: SockudoOptions): boolean {
  if (given === true && protocolVersion !== 2)
    throw new InvalidOptions('reportVisibility needs protocolVersion 2');
  return given === true;
}

function recoveryStorage(
  key: string,
  { recoveryStorage: given, connectionRecovery, protocolVersion, wsHost, cluster }: SockudoOptions,
  runtime: Runtime,
): RecoveryStorage | undefined {
  if (given === undefined) return undefined;
  if (protocolVersion !== 2 || connectionRecovery !== true)
    throw new InvalidOptions('recoveryStorage needs connectionRecovery and protocolVersion 2');
  if (given === 'session')
    return sessionRecoveryStorage(runtime, `sockudo:positions:${key}@${wsHost ?? cluster ?? ''}`);
  if (typeof given?.load === 'function' && typeof given.save === 'function') return given;
  throw new InvalidOptions("recoveryStorage must be 'session' or an object with load and save");
}

function milliseconds(
  options: SockudoOptions,
  name: 'activityTimeout' | 'pongTimeout' | 'unavailableTimeout',
  fallback: number,
): number {
  const value = options[name] ?? fallback;
  // A timer cannot wait longer than 2^31-1 ms; beyond that it would fire at once.
  if (!Number.isFinite(value) || value <= 0 || value >= 2 ** 31)
    throw new InvalidOptions(`${name} must be a positive number of milliseconds`);
  return value;
}

/** The WebSocket schemes the options allow. The HTTP fall-backs of pusher-js do not exist here and are not counted. */
function transports({ enabledTransports, disabledTransports }: SockudoOptions): string[] {
  return ['ws', 'wss'].filter(
    (name) => (enabledTransports?.includes(name) ?? true) && disabledTransports?.includes(name) !== true,
  );
}

function usesTls(options: SockudoOptions, runtime: Runtime): boolean {
  if (runtime.isSecurePage() || options.forceTLS !== false) return true;
  // pusher-js: `ws` serves both schemes, a list that has only `wss` means TLS.
  return !transports(options).includes('ws');
}

function connectionUrl(key: string, options: SockudoOptions, runtime: Runtime): string {
  const given = options.wsHost ?? (options.cluster === undefined ? '' : `ws-${options.cluster}.pusher.com`);
  if (given === '')
    throw new InvalidOptions('wsHost is missing (the host of your Sockudo server, without scheme)');
  if (/[/\s]/.test(given))
    throw new InvalidOptions('wsHost must be a bare host name, without scheme or path');
  const host = given.includes(':') && !given.startsWith('[') ? `[${given}]` : given;
  const origin = usesTls(options, runtime)
    ? `wss://${host}:${options.wssPort ?? 443}`
    : `ws://${host}:${options.wsPort ?? 80}`;
  return `${origin}${options.wsPath ?? ''}/app/${encodeURIComponent(key)}?${queryOf(options)}`;
}

function queryOf(options: SockudoOptions): string {
  const isV2 = options.protocolVersion === 2;
  const query = new URLSearchParams({
    protocol: isV2 ? '2' : '7',
    client: 'js',
    version: VERSION,
    flash: 'false',
  });
  if (isV2 && options.echoMessages !== undefined) query.set('echo_messages', String(options.echoMessages));
  if (isV2 && options.appendMode !== undefined) query.set('append_mode', options.appendMode);
  for (const [name, value] of Object.entries((isV2 && options.transportParams) || {})) {
    query.set(name, String(value));
  }
  return query.toString();
}
