// An application with pushes: page, service worker and backend, in front of a real server that delivers to a push service of the
// test. Browsers fetch nothing from it: the test hands them what the service got.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import Sockudo from 'sockudo';
import { pushProxy } from 'sockudo/push-proxy';
import { load } from '../../core/server/config/load-fixture.ts';
import { generateVapidKeys } from '../../push/index.ts';
import { PushPlugin } from '../../push/plugin.ts';
import { FakeWebPush, type ReceivedPush } from '../../push/testing/fakes/fake-web-push.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

export interface PushHost {
  readonly origin: string;
  readonly server: TestServer;
  readonly web: FakeWebPush;
  /** Who is signed in; null: nobody. */
  user: string | null;
  vapidPublicKey: string;
  /** What browsers posted to `/answers`, and what the next ones are answered; default 204. */
  readonly answers: unknown[];
  readonly answerStatus: number[];
  /** The subscription of the browser is lost, as after a visit to its settings. */
  loseSubscription(): void;
  /** Publishes to all devices of a user, and answers what arrived at the push service. */
  publish(userId: string, payload: object): Promise<ReceivedPush>;
  close(): Promise<void>;
}

const bundled = async (name: string): Promise<Uint8Array> => {
  const entry = fileURLToPath(new URL(`./${name}.fixture.ts`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'iife' });
  return outputFiles[0]?.contents ?? new Uint8Array();
};

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><button>Notify me</button><script src="/page.js"></script>';

async function startServer(web: FakeWebPush, privateKey: string): Promise<TestServer> {
  const { settings } = load({
    push: {
      webpush_enabled: true,
      webpush: { vapid_private_key: privateKey },
      allow_memory_drivers: true,
      allow_local_endpoints: true,
    },
  });
  if (settings.push === null || web.origin === '') throw new Error('push is off');
  return startTestServer({ plugins: [new PushPlugin(settings.push)] });
}

export async function startPushHost(): Promise<PushHost> {
  const web = await FakeWebPush.start();
  const keys = generateVapidKeys();
  const server = await startServer(web, keys.privateKey);
  const { app, host, port } = server;
  const sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
  let subscription: object | null = null;
  const state: Pick<PushHost, 'user' | 'vapidPublicKey' | 'answers' | 'answerStatus'> = {
    user: 'ann',
    vapidPublicKey: keys.publicKey,
    answers: [],
    answerStatus: [],
  };
  const proxy = pushProxy(sockudo, {
    basePath: '/push',
    userOf: () => state.user,
    maySubscribe: (userId, channel) => channel.endsWith(userId),
  });
  const scripts = { '/page.js': await bundled('push-page'), '/worker.js': await bundled('push-worker') };
  const pushService = async (request: Request): Promise<Response> => {
    if (request.method === 'DELETE') subscription = null;
    if (request.method === 'POST') subscription = { ...web.subscribe(), key: await request.text() };
    return Response.json(subscription);
  };
  const answerTo = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === '/push/vapidPublicKey') return Response.json({ vapidPublicKey: state.vapidPublicKey });
    if (pathname.startsWith('/push/')) return proxy(request);
    if (pathname === '/push-service') return pushService(request);
    if (pathname === '/answers') {
      state.answers.push(await request.json());
      return new Response(null, { status: state.answerStatus.shift() ?? 204 });
    }
    const script = Object.entries(scripts).find(([path]) => path === pathname)?.[1];
    const type = script === undefined ? 'text/html' : 'text/javascript';
    return new Response(script === undefined ? PAGE : Buffer.from(script), {
      headers: { 'content-type': type },
    });
  };
  const http = createServer(async (incoming, outgoing) => {
    const answer = await answerTo(await requestOf(incoming));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // CAST: it listens on a TCP port.
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return Object.assign(state, {
    origin,
    server,
    web,
    loseSubscription() {
      subscription = null;
    },
    async publish(userId: string, payload: object) {
      const { promise, resolve } = Promise.withResolvers<ReceivedPush>();
      web.onPush = resolve;
      const recipients = [{ type: 'client', clientId: userId }];
      const { status, text } = await server.request('POST', '/push/publish', {
        body: { recipients, payload },
      });
      if (status !== 202) throw new Error(`publish was refused: ${status} ${text}`);
      return promise;
    },
    async close() {
      http.closeAllConnections();
      http.close();
      await server.close();
      await web.close();
    },
  });
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method = 'GET', url = '/', headers } = incoming;
  const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
  const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Request(`http://127.0.0.1${url}`, { method, headers: given, ...body });
}
