// The realtime server's process: an ordinary Sockudo server that also serves the example's page and forwards the page's calls to
// the backend, so that everything has one address. In production a reverse proxy does the forwarding.
import { formatProblems, loadSettings, type OpenRoute, type Settings, startServer } from '@sockudo/server';
import { pino } from 'pino';
import { z } from 'zod';
import { onStop, reportReady } from '../process/child.ts';
import { createForwarding } from './forwarding.ts';
import { pageRoutes } from './page-routes.ts';

/** The parent tells where the backend listens, now and after a restart of the backend. */
const backendMessage = z.object({ backend: z.url() });

/** Where the page comes from: a folder of sources, with a slash at its end, or routes of the example's own. */
type PageOptions = { readonly page: string } | { readonly routes: () => Promise<readonly OpenRoute[]> };

export type ServeOptions = PageOptions & {
  /** Settings of the example, over those of the environment. */
  readonly flags?: Readonly<Record<string, string>>;
  /** What the example's app may do besides. */
  readonly app?: Partial<Settings['apps'][number]>;
  /** Channels that begin so are AI channels; absent: none are. */
  readonly aiPrefix?: string;
};

/** The whole process; call it once. */
export async function serveExample(options: ServeOptions): Promise<void> {
  const { settings, app } = settingsOrExit(options);
  const forwarding = createForwarding('/backend');
  process.on('message', (message) => {
    const parsed = backendMessage.safeParse(message);
    if (parsed.success) forwarding.target = parsed.data.backend;
  });
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const page = 'routes' in options ? await options.routes() : await pageRoutes(options.page, app.key);
  const routes = [...page, ...forwarding.routes];
  const server = await startServer(settings, { logger, routes }).catch((error: Error) =>
    exitWith(`The server did not start. ${error.message}${hintFor(error.message)}`),
  );
  onStop(() => server.close());
  reportReady({
    scheme: settings.tls === null ? 'http' : 'https',
    ...server.address,
    app: { id: app.id, key: app.key, secret: app.secret },
  });
}

function settingsOrExit({ flags, app: allowed, aiPrefix }: ServeOptions): {
  settings: Settings;
  app: Settings['apps'][number];
} {
  const loaded = loadSettings({
    env: process.env,
    // One port is enough here, and nobody wants to wait for a demo to stop.
    flags: { 'metrics.enabled': 'false', shutdown_grace_period: '1', ...aiFlags(aiPrefix), ...flags },
    cwd: process.cwd(),
  });
  if (!loaded.ok) exitWith(formatProblems(loaded.problems));
  const [first, ...others] = loaded.settings.apps;
  if (first === undefined) exitWith('The configuration has no app.');
  const app = { ...first, ...allowed };
  const aiTransport = withPrefix(loaded.settings.aiTransport, aiPrefix);
  return { settings: { ...loaded.settings, apps: [app, ...others], aiTransport }, app };
}

const aiFlags = (prefix: string | undefined): Record<string, string> =>
  prefix === undefined ? {} : { 'ai_transport.enabled': 'true' };

/** Flags can hold no list of channels. */
const withPrefix = (ai: Settings['aiTransport'], prefix: string | undefined): Settings['aiTransport'] =>
  ai === null || prefix === undefined ? ai : { ...ai, prefixes: [prefix] };

function exitWith(message: string): never {
  console.error(message);
  process.exit(1);
}

function hintFor(message: string): string {
  if (message.startsWith('port:')) return '\nChoose another port like this: PORT=7001 npm start';
  if (message.includes('in use by process')) return '\nIs it running already? One folder holds one server.';
  return '';
}
