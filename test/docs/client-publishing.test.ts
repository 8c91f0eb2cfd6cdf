// docs/client.md works as it is written: its snippet publishes and changes a message with a token alone.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { Sockudo, type SockudoOptions } from '../../core/client/index.ts';
import { startKeyServer } from '../../core/server/tokens/testing/key-server.ts';
import { startTestServer } from '../support/test-server.ts';

const page = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
const snippet = [...page.matchAll(/```js\n([\s\S]*?)\n```/g)]
  .map(([, text]) => text ?? '')
  .find((text) => text.includes('channel.publish('));

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

it('docs/client.md publishes and changes a message', async () => {
  const provider = await startKeyServer();
  onTestFinished(() => provider.close());
  await provider.addKey('k1');
  const server = await startTestServer({
    config: { history: { backend: 'memory' } },
    app: { tokens: { jwks: { keys: provider.keys } } },
  });
  onTestFinished(() => server.close());
  const { app, host, port } = server;
  const operations = [
    'publish',
    'subscribe',
    'message-append-own',
    'message-update-own',
    'message-delete-own',
  ];
  const given = {
    fetchToken: () => provider.sign('k1', { 'x-sockudo-capability': { document: operations } }),
    crypto: { randomUUID },
    /** The page's address is nobody's. */
    Sockudo: class extends Sockudo {
      constructor(_key: string, options: SockudoOptions) {
        super(app.key, { ...options, wsHost: host, wsPort: port, forceTLS: false });
        onTestFinished(() => this.disconnect());
      }
    },
  };
  const body = `${snippet ?? 'throw new Error("there is no such snippet")'}\nreturn message_serial;`;
  const run = new AsyncFunction(...Object.keys(given), body);
  // CAST: the snippet's constant is the serial in an acknowledgement.
  const serial = (await run(...Object.values(given))) as string;
  const answer = await server.request('GET', `/channels/document/messages/${encodeURIComponent(serial)}`);
  expect(JSON.parse(answer.text)).toMatchObject({ item: { action: 'delete', data: 'Once upon a time.' } });
});
