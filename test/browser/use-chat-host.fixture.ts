// An application around a chat: its page, and what its backend gives a user.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { channelAuth } from '../support/credentials.ts';
import type { TestServer } from '../support/test-server.ts';
import { tokenFor } from '../support/upstream-ai-transport.ts';

const PAGE = fileURLToPath(new URL('./use-chat-page.fixture.ts', import.meta.url));

export interface ChatHost {
  /** Address of the page. */
  url(channel: string, kind?: string): string;
  close(): void;
}

export async function startChatHost(server: TestServer): Promise<ChatHost> {
  const { outputFiles } = await build({
    entryPoints: [PAGE],
    bundle: true,
    write: false,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  const answers: Record<
    string,
    (query: URLSearchParams) => Promise<string | Uint8Array> | string | Uint8Array
  > = {
    '/': () =>
      '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/page.js"></script>',
    '/page.js': () => script,
    '/token': () => tokenFor(server, 'ann'),
    '/auth': (query) => channelAuth(server.app, query.get('socket') ?? '', query.get('channel') ?? ''),
  };
  const http: Server = createServer(async ({ url = '/' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const answer = await answers[pathname]?.(searchParams);
    response.setHeader('content-type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html');
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // CAST: it listens on a TCP port.
  const { port } = http.address() as AddressInfo;
  const { key } = server.app;
  return {
    url: (channel, kind = 'durable') =>
      `http://127.0.0.1:${port}/?key=${key}&host=${server.host}&port=${server.port}&channel=${channel}&kind=${kind}`,
    close() {
      http.closeAllConnections();
      http.close();
    },
  };
}
