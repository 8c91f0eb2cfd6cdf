// Starts an example: the realtime server with the page, then the backend. Each is started again when it dies, on the address it
// had, so that pages that are open find it again.
import { z } from 'zod';
import { type Supervised, supervise } from './process/supervise.ts';

const serverReady = z.object({
  scheme: z.enum(['http', 'https']),
  host: z.string(),
  port: z.number(),
  app: z.object({ id: z.string(), key: z.string(), secret: z.string() }),
});
const backendReady = z.object({ port: z.number() });

export interface ExampleOptions {
  /** Where `.sockudo/`, the development app and the data, is kept. */
  readonly cwd: string;
  /** `PORT` and `HOST` count, as for any Sockudo server. */
  readonly env: NodeJS.ProcessEnv;
  /** A process keeps dying. The example should be closed then. */
  readonly onGivenUp?: (error: Error) => void;
}

/** What makes one example differ from another. */
export interface ExampleParts {
  /** For messages. */
  readonly name: string;
  /** Path of the program that calls `serveExample`. */
  readonly server: string;
  /** Path of the backend's program. */
  readonly backend: string;
  /** What the backend asks of its parent. */
  readonly onBackendMessage?: ((message: unknown) => void) | undefined;
}

export interface RunningExample {
  /** Address of the page. */
  readonly url: string;
  /** Address of the HTTP API, with the app's secret, for further processes of the example. */
  readonly apiUrl: string;
  readonly server: Pick<Supervised, 'pid'>;
  readonly backend: Pick<Supervised, 'pid'>;
  close(): Promise<void>;
}

export async function startExample(
  parts: ExampleParts,
  { cwd, env, onGivenUp = () => {} }: ExampleOptions,
): Promise<RunningExample> {
  let address: Address;
  let backendPort: number | undefined;
  let server: Supervised | undefined;
  /** Whichever of the two starts later, or again: the server has to know where the backend is. */
  const introduce = (): void => {
    if (backendPort !== undefined) server?.send({ backend: `http://127.0.0.1:${backendPort}` });
  };
  const running = await supervise({
    example: parts.name,
    name: 'server',
    program: parts.server,
    cwd,
    env: () => (address === undefined ? env : { ...env, PORT: String(address.port) }),
    ready: serverReady,
    onReady(ready) {
      address = ready;
      introduce();
    },
    onGivenUp,
  });
  server = running;
  const backend = await supervise({
    example: parts.name,
    name: 'backend',
    program: parts.backend,
    cwd,
    env: () => ({ ...env, SOCKUDO_URL: apiAddress(address) }),
    ready: backendReady,
    onMessage: parts.onBackendMessage,
    onReady({ port }) {
      backendPort = port;
      introduce();
    },
    onGivenUp,
  }).catch(async (error: unknown) => {
    await running.stop();
    throw error;
  });
  return {
    url: pageAddress(address),
    apiUrl: apiAddress(address),
    server: running,
    backend,
    async close() {
      await Promise.all([backend.stop(), running.stop()]);
    },
  };
}

type Address = z.infer<typeof serverReady> | undefined;

/** Of an address that means every interface, the one to use from here. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function apiAddress(address: Address): string {
  if (address === undefined) throw new Error('the server has no address yet');
  const { scheme, host, port, app } = address;
  const [key, secret, id] = [app.key, app.secret, app.id].map(encodeURIComponent);
  return `${scheme}://${key}:${secret}@${reachableHost(host)}:${port}/apps/${id}`;
}

function pageAddress(address: Address): string {
  if (address === undefined) throw new Error('the server has no address yet');
  return `${address.scheme}://${reachableHost(address.host)}:${address.port}/`;
}
