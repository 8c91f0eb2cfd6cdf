// Rules about apps, their namespaces and webhooks that forbid a start: what Sockudo would only notice at use, as a 500, or
// never (divergences D67, D68, D83).
import { isPrivateKey, KEY_SET_MAX_KEYS } from '../tokens/key-set.ts';
import { compilePattern, originPatternFault } from './patterns.ts';
import type { Problem } from './problem.ts';
import type { ServerConfig } from './schema.ts';
import {
  type AppConfig,
  type NamespaceConfig,
  policyOf,
  type TokensConfig,
  type WebhookConfig,
} from './sections/apps.ts';

/** Headers the server or its HTTP client writes itself; a second value would be sent beside the first. */
const RESERVED_HEADERS = new Set([
  'x-pusher-key',
  'x-pusher-signature',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'host',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'proxy-connection',
]);

function duplicates(apps: readonly AppConfig[], key: 'id' | 'key'): Problem[] {
  const first = new Map<string, number>();
  return apps.flatMap((app, index) => {
    const earlier = first.get(app[key]);
    if (earlier === undefined) {
      first.set(app[key], index);
      return [];
    }
    const message = `\`${app[key]}\` is already the ${key} of app_manager.array.apps[${earlier}]`;
    return [{ path: `app_manager.array.apps[${index}].${key}`, value: app[key], message }];
  });
}

function pattern(path: string, value: string | undefined): Problem[] {
  if (value === undefined || compilePattern(value) !== null) return [];
  return [{ path, value, message: `is not a regular expression: ${JSON.stringify(value)}` }];
}

function namespaceProblems(path: string, namespaces: readonly NamespaceConfig[]): Problem[] {
  const seen = new Set<string>();
  return namespaces.flatMap((namespace, index) => {
    const at = `${path}[${index}]`;
    const problems = pattern(`${at}.channel_name_pattern`, namespace.channel_name_pattern);
    if (namespace.name === '') problems.push({ path: `${at}.name`, message: 'must not be empty' });
    if (namespace.name.includes(':')) {
      problems.push({
        path: `${at}.name`,
        value: namespace.name,
        message: `must not hold \`:\`, but is \`${namespace.name}\``,
      });
    }
    if (seen.has(namespace.name)) {
      problems.push({
        path: `${at}.name`,
        value: namespace.name,
        message: `\`${namespace.name}\` is already a namespace of this app`,
      });
    }
    seen.add(namespace.name);
    return problems;
  });
}

function urlFault(url: string | undefined): string | null {
  if (url === undefined) return 'is missing: a webhook needs the address it is sent to';
  const parsed = URL.parse(url);
  if (parsed === null) return 'is not a URL';
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    return 'must begin with http:// or https://';
  if (parsed.username !== '' || parsed.password !== '') return 'must not hold credentials: use a header';
  return null;
}

function headerProblems(path: string, headers: Readonly<Record<string, string>>): Problem[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const at = `${path}[${JSON.stringify(name)}]`;
    if (RESERVED_HEADERS.has(name.toLowerCase()))
      return [{ path: at, message: 'is a reserved header: the server writes it itself' }];
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return [{ path: at, message: 'is not a header name' }];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
    return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)
      ? [{ path: at, message: 'must not hold control characters' }]
      : [];
  });
}

function webhookProblems(path: string, webhook: WebhookConfig): Problem[] {
  const problems = pattern(`${path}.filter.channel_pattern`, webhook.filter?.channel_pattern);
  const isLambda =
    webhook.url === undefined && (webhook.lambda !== undefined || webhook.lambda_function !== undefined);
  const fault = isLambda ? null : urlFault(webhook.url);
  if (isLambda)
    problems.push({
      path: `${path}.lambda`,
      message: 'Lambda targets are not available in this version: use url',
    });
  if (fault !== null) problems.push({ path: `${path}.url`, message: fault });
  if (webhook.event_types.length === 0)
    problems.push({ path: `${path}.event_types`, message: 'must name at least one event' });
  return [...problems, ...headerProblems(`${path}.headers`, webhook.headers ?? {})];
}

/** A key set that comes over a line that anybody may change is nobody's word. */
function keySetUrlFault(url: string, allowsPrivate: boolean): string | null {
  const parsed = URL.parse(url);
  if (parsed === null) return 'is not a URL';
  const isPlain = parsed.protocol === 'http:';
  if (isPlain && !allowsPrivate) return 'must begin with https:// unless `allow_private_networks` is true';
  if (!isPlain && parsed.protocol !== 'https:') return 'must begin with https://';
  if (parsed.username !== '' || parsed.password !== '') return 'must not hold credentials';
  return null;
}

function tokenProblems(path: string, tokens: TokensConfig | undefined): Problem[] {
  if (tokens === undefined) return [];
  const { jwks_url: url, jwks, algorithms } = tokens;
  const problems: Problem[] = [];
  if ((url === undefined) === (jwks === undefined))
    problems.push({ path, message: 'needs either `jwks_url` or `jwks`' });
  const fault = url === undefined ? null : keySetUrlFault(url, tokens.allow_private_networks);
  if (fault !== null) problems.push({ path: `${path}.jwks_url`, message: fault });
  if (algorithms?.length === 0)
    problems.push({ path: `${path}.algorithms`, message: 'must name at least one algorithm' });
  const keys = jwks?.keys ?? [];
  if (jwks !== undefined && (keys.length === 0 || keys.length > KEY_SET_MAX_KEYS))
    problems.push({ path: `${path}.jwks.keys`, message: `must have 1 to ${KEY_SET_MAX_KEYS} keys` });
  for (const [index, key] of keys.entries()) {
    if (!isPrivateKey(key)) continue;
    const message = 'is a private key: the server needs the public part, and must not have more';
    problems.push({ path: `${path}.jwks.keys[${index}]`, message });
  }
  return problems;
}

function policyProblems(app: AppConfig, index: number): Problem[] {
  const base = `app_manager.array.apps[${index}]`;
  const isNested = app.policy !== undefined;
  const policy = policyOf(app);
  const channels = isNested ? `${base}.policy.channels` : base;
  const origins = (policy.channels.allowed_origins ?? []).flatMap((origin, place) => {
    const fault = originPatternFault(origin);
    return fault === null
      ? []
      : [{ path: `${channels}.allowed_origins[${place}]`, value: origin, message: fault }];
  });
  const webhooks = (policy.webhooks ?? []).flatMap((webhook, place) =>
    webhookProblems(`${isNested ? `${base}.policy` : base}.webhooks[${place}]`, webhook),
  );
  return [
    ...origins,
    ...namespaceProblems(`${channels}.channel_namespaces`, policy.channels.channel_namespaces ?? []),
    ...webhooks,
    ...tokenProblems(`${isNested ? `${base}.policy` : base}.tokens`, policy.tokens),
  ];
}

export function appProblems(config: ServerConfig): Problem[] {
  const apps = config.app_manager.array.apps;
  return [...duplicates(apps, 'id'), ...duplicates(apps, 'key'), ...apps.flatMap(policyProblems)];
}
