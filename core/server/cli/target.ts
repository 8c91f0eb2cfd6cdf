// Which server and which app a client command talks to: options, then the environment, then the configuration, then the
// development app kept below the working directory.
import type { Command } from 'commander';
import type { App } from '../apps/app.ts';
import { type Loaded, variable } from '../config/index.ts';
import { CliFailure, type CliIo, EXIT } from './io.ts';
import { reachableHost, urlOf } from './server-url.ts';
import { loadedOrFail, loadFor } from './settings-for.ts';

export interface TargetOptions {
  readonly config?: string;
  readonly url?: string;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly json?: boolean;
}

export interface Target {
  /** Base of HTTP requests, without a trailing slash. */
  readonly url: string;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

/** Adds the options every client command has. */
export function withTargetOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'take address and credentials from this configuration')
    .option('--url <url>', 'address of the server, also as http://KEY:SECRET@HOST:PORT/apps/APP_ID')
    .option('--app-id <id>', 'id of the app')
    .option('--key <key>', 'key of the app')
    .option(
      '--secret <secret>',
      'secret of the app; other users of the machine can see it here, so prefer the environment',
    )
    .option('--json', 'write JSON for machines');
}

const WEBSOCKET_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'http:'],
  ['wss:', 'https:'],
]);

interface GivenUrl {
  readonly url: string;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
}

/** Reads `--url`: an address, or one with credentials and app as the backend SDKs write it. */
function readUrl(text: string): GivenUrl {
  const parsed = URL.parse(text.includes('://') ? text : `http://${text}`);
  const scheme = WEBSOCKET_SCHEMES.get(parsed?.protocol ?? '') ?? parsed?.protocol;
  if (parsed === null || (scheme !== 'http:' && scheme !== 'https:')) {
    throw new CliFailure('--url must be an address such as http://127.0.0.1:6001', EXIT.usage);
  }
  const app = /^(.*?)\/apps\/([^/]+)\/?$/.exec(parsed.pathname);
  const base = (app?.[1] ?? parsed.pathname).replace(/\/$/, '');
  return {
    url: `${scheme}//${parsed.host}${base}`,
    ...(app?.[2] === undefined ? {} : { appId: decodeURIComponent(app[2]) }),
    ...(parsed.username === '' ? {} : { key: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { secret: decodeURIComponent(parsed.password) }),
  };
}

/** PUSHER_HOST and REVERB_HOST say where clients find the server; it need not be where it listens. */
function environmentUrl(io: CliIo): string | null {
  for (const prefix of ['PUSHER', 'REVERB']) {
    const host = variable(io.env, `${prefix}_HOST`);
    if (host === undefined) continue;
    const scheme = variable(io.env, `${prefix}_SCHEME`) ?? 'http';
    const standard = scheme === 'https' ? '443' : '6001';
    const port = variable(io.env, `${prefix}_PORT`) ?? standard;
    const url = URL.parse(`${scheme}://${host}:${port}`);
    const isHttp = scheme === 'http' || scheme === 'https';
    if (url === null || !isHttp)
      throw new CliFailure(`${prefix}_SCHEME, ${prefix}_HOST and ${prefix}_PORT make no address`);
    return url.origin;
  }
  return null;
}

function configuredUrl({ settings }: Loaded): string {
  if (settings.port === 0)
    throw new CliFailure('The configuration lets the server take any free port: give its address with --url');
  return urlOf(reachableHost(settings.host), settings.port, settings.tls !== null);
}

/** The app that is meant: the one named, else the environment's, else the first that is enabled. */
function appOf(
  loaded: Loaded,
  io: CliIo,
  wanted: { appId?: string | undefined; key?: string | undefined },
): App | undefined {
  const { apps } = loaded.settings;
  if (loaded.development?.isKept === false) return undefined;
  if (wanted.appId !== undefined) return apps.find((app) => app.id === wanted.appId);
  if (wanted.key !== undefined) return apps.find((app) => app.key === wanted.key);
  const named = ['SOCKUDO_DEFAULT_APP_ID', 'PUSHER_APP_ID', 'REVERB_APP_ID'].map((name) =>
    variable(io.env, name),
  );
  const id = named.find((value) => value !== undefined);
  return apps.find((app) => app.id === id) ?? apps.find((app) => app.enabled);
}

/** @throws CliFailure when address or credentials cannot be found */
export function resolveTarget(options: TargetOptions, io: CliIo): Target {
  const given = options.url === undefined ? null : readUrl(options.url);
  const appId = options.appId ?? given?.appId;
  const key = options.key ?? given?.key;
  const secret = options.secret ?? given?.secret;
  const url = given?.url ?? environmentUrl(io);
  if (url !== null && appId !== undefined && key !== undefined && secret !== undefined)
    return { url, appId, key, secret };
  const loaded = loadedOrFail(loadFor(io, options));
  const app = appOf(loaded, io, { appId, key });
  const target = {
    url: url ?? configuredUrl(loaded),
    appId: appId ?? app?.id,
    key: key ?? app?.key,
    secret: secret ?? app?.secret,
  };
  return completeOrFail(target, app === undefined ? wantedText({ appId, key }) : '');
}

function wantedText({ appId, key }: { appId?: string | undefined; key?: string | undefined }): string {
  if (appId !== undefined) return `The configuration has no app with the id \`${appId}\`. `;
  return key === undefined ? '' : `The configuration has no app with the key \`${key}\`. `;
}

type Incomplete = { readonly url: string } & {
  readonly [Name in 'appId' | 'key' | 'secret']: string | undefined;
};

function completeOrFail({ url, appId, key, secret }: Incomplete, reason: string): Target {
  if (appId !== undefined && key !== undefined && secret !== undefined) return { url, appId, key, secret };
  const options = Object.entries({ '--app-id': appId, '--key': key, '--secret': secret });
  const missing = options.filter(([, value]) => value === undefined).map(([name]) => name);
  throw new CliFailure(
    `${reason}Credentials are missing: give ${missing.join(', ')}, set SOCKUDO_DEFAULT_APP_* or PUSHER_APP_*, name a ` +
      'configuration with --config, or start `sockudo serve` here once.',
  );
}
