// What docs/delta-compression.md shows works as it is shown: the client's snippet runs word for word against a server, the
// configuration is accepted, the frames rebuild to what the page says.
import { readFileSync } from 'node:fs';
import { applyDelta as applyFossil } from 'fossil-delta';
import { expect, it, onTestFinished } from 'vitest';
import { Sockudo, type SockudoOptions } from '../../core/client/index.ts';
import { loadSettings } from '../../core/server/config/index.ts';
import { startTestServer } from '../support/test-server.ts';

const page = readFileSync(new URL('../../docs/delta-compression.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``, 'g'))].map(
    (match) => match[1] ?? '',
  );

it('the snippet gives every message to its handlers', async () => {
  const server = await startTestServer({ config: { history: { backend: 'memory' } } });
  onTestFinished(() => server.close());
  const clients: Sockudo[] = [];
  /** The client of the snippet, with the address of the tests' server. */
  class LocalSockudo extends Sockudo {
    constructor(_key: string, options: SockudoOptions) {
      super(server.app.key, { ...options, wsHost: server.host, wsPort: server.port, forceTLS: false });
      clients.push(this);
    }
  }
  onTestFinished(() => {
    for (const client of clients) client.disconnect();
  });
  const shown: [string, number][] = [];
  let isComplete = () => {};
  const complete = new Promise<void>((resolve) => {
    isComplete = resolve;
  });
  const code = blocks('js')[0]?.replace(/^import .*$/m, '') ?? '';
  new Function('Sockudo', 'show', code)(LocalSockudo, (channel: string, price: number) => {
    if (shown.push([channel, price]) === 9) isComplete();
  });

  const [client] = clients;
  const deltas: string[] = [];
  client?.connection.bind('message', ({ event, channel = '' }) => {
    if (event === 'sockudo:delta') deltas.push(channel);
  });
  const channels = ['market', 'orders', 'depth'];
  await Promise.all(
    channels.map(
      (name) =>
        new Promise((resolve) => client?.channel(name)?.bind('sockudo:subscription_succeeded', resolve)),
    ),
  );
  const note = 'the quick brown fox jumps over the lazy dog. '.repeat(4);
  for (const price of [1, 2, 3]) {
    for (const channel of channels) await server.publish(channel, 'tick', { price, note });
  }
  await complete;
  expect(shown).toEqual([1, 2, 3].flatMap((price) => channels.map((channel) => [channel, price])));
  expect(deltas).toEqual(['market', 'depth']);
});

it('the configuration is accepted, without a warning', () => {
  // CAST: the first block is the configuration, an object.
  const config = JSON.parse(blocks('json')[0] ?? '') as Record<string, unknown>;
  const loaded = loadSettings({ config, env: {}, cwd: import.meta.dirname });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.warnings).toEqual([]);
  expect(loaded.settings.apps[0]?.deltaRules).toHaveLength(4);
});

it('the delta makes of its base what the page says', () => {
  const frames = blocks('json').slice(1);
  for (const frame of frames) expect(() => JSON.parse(frame)).not.toThrow();
  const base =
    frames.find((frame) => frame.includes('"__delta_seq":1'))?.replace(',"__delta_seq":1', '') ?? '';
  const delta = frames.find((frame) => frame.includes('"sockudo:delta"')) ?? '';
  const bytes = Uint8Array.from(Buffer.from(JSON.parse(delta).data.delta, 'base64'));
  const rebuilt = Buffer.from(applyFossil(Uint8Array.from(Buffer.from(base)), bytes)).toString();
  expect(rebuilt).toBe(base.replace('101.25', '101.30'));
});
