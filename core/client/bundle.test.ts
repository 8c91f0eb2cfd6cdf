/** The package must run from a script tag: bundled for browsers, with nothing of Node in it. */
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { FakeSocket } from './testing/fake-runtime.ts';

const bundle = () =>
  build({
    entryPoints: [fileURLToPath(new URL('./index.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'SockudoClient',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });

describe('browser bundle', () => {
  it('holds the client, the protocol package and tweetnacl, nothing else', async () => {
    const { metafile, warnings } = await bundle();
    const foreign = Object.keys(metafile.inputs).filter(
      (path) =>
        !/(^|\/)core\/(client|protocol)\/|(^|\/)node_modules\/tweetnacl\/|^\(disabled\):crypto$/.test(path),
    );
    expect(warnings).toEqual([]);
    expect(foreign).toEqual([]);
  });

  it('connects and subscribes in a page that has only web APIs', async () => {
    const sockets: FakeSocket[] = [];
    class PageSocket extends FakeSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    }
    const page: Record<string, unknown> = {
      WebSocket: PageSocket,
      URLSearchParams,
      TextEncoder,
      TextDecoder,
      setTimeout: () => 0,
      clearTimeout: () => {},
      queueMicrotask,
      location: { protocol: 'https:' },
    };
    page.self = page;
    const { outputFiles } = await bundle();
    const seen = runInNewContext(
      `${outputFiles[0]?.text}
      const client = new SockudoClient.Sockudo('app-key', { wsHost: 'realtime.example.com' });
      const seen = [];
      client.subscribe('room').bind('tick', (data) => seen.push(data.x));
      client.connection.bind('connected', () => seen.push('connected'));
      seen`,
      page,
    );
    expect(sockets[0]?.url).toContain('wss://realtime.example.com:443/app/app-key?protocol=7');
    sockets[0]?.establish();
    sockets[0]?.receive({ event: 'tick', channel: 'room', data: '{"x":1}' });
    expect(sockets[0]?.sentData('pusher:subscribe')).toEqual([{ auth: '', channel: 'room' }]);
    expect([...seen]).toEqual(['connected', 1]);
  });
});
