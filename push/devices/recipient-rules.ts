// What a recipient must be before anything is kept or sent: addresses that devices name are asked by this server, so they must be
// public ones. The connection itself is checked again when it is opened (core's guarded agent).
import { isIP } from 'node:net';
import { isPublicAddress } from '@sockudo/server/plugins';
import { providerOf, type Recipient } from '../contracts.ts';
import { invalid, MAX_CHANNEL_BYTES, requireId } from '../refusal.ts';

export interface RecipientRules {
  /** Hosts, or `.suffix`. Empty: all. */
  readonly allowedHosts: readonly string[];
  readonly deniedHosts: readonly string[];
  /** For tests: private and loopback addresses, also by plain HTTP. */
  readonly allowsLocal: boolean;
}

const P256DH_BYTES = 65;
const AUTH_BYTES = 16;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

/** @throws ProtocolError 400 that names the member and not its value */
export function checkRecipient(recipient: Recipient, rules: RecipientRules): void {
  switch (recipient.transportType) {
    case 'web':
      checkEndpoint('endpoint', recipient.endpoint, rules);
      checkBytes('p256dh', recipient.p256dh, P256DH_BYTES);
      checkBytes('auth', recipient.auth, AUTH_BYTES);
      return;
    case 'wns':
      checkEndpoint('channelUri', recipient.channelUri, rules);
      return;
    case 'realtime':
      requireId('channel', recipient.channel, MAX_CHANNEL_BYTES);
      return;
    case 'gcm':
    case 'hms':
      checkToken(recipient.registrationToken, recipient);
      return;
    case 'apns':
      checkToken(recipient.deviceToken, recipient);
  }
}

/** Tokens stand in paths and headers. */
function checkToken(token: string, recipient: Recipient): void {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw invalid(`${providerOf(recipient)} token is invalid: printable ASCII`);
}

function checkBytes(name: string, value: string, bytes: number): void {
  if (BASE64URL.test(value) && Buffer.from(value, 'base64url').length === bytes) return;
  throw invalid(`${name} is invalid: must be base64url of ${bytes} bytes`);
}

function checkEndpoint(name: string, value: string, rules: RecipientRules): void {
  const url = URL.parse(value);
  if (url === null) throw invalid(`${name} is invalid: must be a URL`);
  const isWeb = url.protocol === 'https:' || (rules.allowsLocal && url.protocol === 'http:');
  if (!isWeb) throw invalid(`${name} is invalid: must use https`);
  if (url.username !== '' || url.password !== '')
    throw invalid(`${name} is invalid: must not have credentials`);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (!rules.allowsLocal && isLocal(host)) throw invalid(`${name} is invalid: host is not public`);
  const { allowedHosts, deniedHosts } = rules;
  const isAllowed = allowedHosts.length === 0 || matches(host, allowedHosts);
  if (!isAllowed || matches(host, deniedHosts)) throw invalid(`${name} is invalid: host is not allowed`);
}

function isLocal(host: string): boolean {
  if (isIP(host) !== 0) return !isPublicAddress(host);
  return (
    host === 'localhost' || host.endsWith('.localhost') || host.endsWith('.local') || !host.includes('.')
  );
}

const matches = (host: string, list: readonly string[]): boolean =>
  list.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted;
  });
