// What docs/recovery.md shows works as it is shown: the client's snippet runs word for word, over a loss and over a page load, the
// frames are read and written so, and the reasons it names are those of the code.
import { readFileSync } from 'node:fs';
import { parseResume, resumeFailed, resumeSuccess } from '@sockudo/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { Sockudo, type SockudoOptions } from '../../core/client/index.ts';
import { defaultRuntime } from '../../core/client/runtime.ts';
import { startTestServer } from '../support/test-server.ts';

const page = readFileSync(new URL('../../docs/recovery.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``, 'g'))].map(
    (match) => match[1] ?? '',
  );

/** What was added, by whom it is waited for. */
class Added {
  readonly all: unknown[] = [];
  #wake: () => void = () => {};

  readonly add = (order: unknown): void => {
    this.all.push(order);
    this.#wake();
  };

  async until(count: number): Promise<unknown[]> {
    while (this.all.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.all;
  }
}

it('the snippet hears every order once, over a lost connection and over a page load', async () => {
  const server = await startTestServer({ config: { history: { backend: 'memory' } } });
  onTestFinished(() => server.close());
  const tab = new Map<string, string>();
  const storage = {
    getItem: (key: string) => tab.get(key) ?? null,
    setItem: (key: string, text: string) => void tab.set(key, text),
  };
  const runtime = Object.create(defaultRuntime, { sessionStorage: { value: storage } });
  const code = blocks('js')[0]?.replace(/^import .*$/m, '') ?? '';
  const added = new Added();
  /** Loads the page of the snippet, against the tests' server. */
  const load = async (): Promise<Sockudo> => {
    const clients: Sockudo[] = [];
    class LocalSockudo extends Sockudo {
      constructor(_key: string, options: SockudoOptions) {
        const address = { wsHost: server.host, wsPort: server.port, forceTLS: false };
        super(server.app.key, { ...options, ...address }, runtime);
        clients.push(this);
      }
    }
    const reload = (why: string): void => added.add(`lost: ${why}`);
    new Function('Sockudo', 'add', 'reloadOrders', code)(LocalSockudo, added.add, reload);
    const [client] = clients;
    if (client === undefined) throw new Error('the snippet made no client');
    await new Promise((resolve) => client.channel('orders')?.bind('sockudo:subscription_succeeded', resolve));
    return client;
  };

  const first = await load();
  await server.publish('orders', 'created', { number: 1 });
  await added.until(1);
  // What is published before the client is back is missed.
  first.disconnect();
  await server.publish('orders', 'created', { number: 2 });
  first.connect();
  await added.until(2);
  first.disconnect();
  await server.publish('orders', 'created', { number: 3 });
  const second = await load();
  await server.publish('orders', 'created', { number: 4 });
  expect(await added.until(4)).toEqual([1, 2, 3, 4].map((number) => ({ number })));
  second.disconnect();
});

it('the own storage has the form that the client takes', () => {
  const kept = new Map<string, string>();
  const localStorage = { getItem: (key: string) => kept.get(key) ?? null, setItem: kept.set.bind(kept) };
  const storage = new Function('localStorage', `${blocks('js')[1]}\nreturn recoveryStorage;`)(localStorage);
  storage.save('text');
  expect(storage.load()).toBe('text');
});

it('the frames are those of the protocol', () => {
  const [request = '', success = '', failure = ''] = blocks('json');
  expect(parseResume(JSON.parse(request).data)).toEqual(
    new Map([['orders', { streamId: '7f2e5c1a', serial: 41 }]]),
  );
  const position = { streamId: '7f2e5c1a', serial: 43, lastMessageId: 'e02b' };
  const recovered = { channel: 'orders', source: 'hot' as const, replayed: 2, position };
  expect(resumeSuccess(2, [recovered], [], 'b6c3f1a8')).toBe(success);
  const failed = {
    channel: 'orders',
    code: 'position_expired' as const,
    reason: 'recovery_window_exceeded',
    expectedStreamId: '7f2e5c1a',
    currentStreamId: '7f2e5c1a',
    oldestAvailableSerial: 310,
    newestAvailableSerial: 460,
  };
  expect(resumeFailed(2, failed, 'b6c3f1a9')).toBe(failure);
});

it('the reasons are words of the code', () => {
  const table = readFileSync(
    new URL('../../core/server/realtime/recovery/failure.ts', import.meta.url),
    'utf8',
  );
  const rows = page.split('\n').filter((line) => /^\| `(stream|position|continuity|persistence)_/.test(line));
  expect(rows).toHaveLength(4);
  for (const row of rows) {
    const [code, ...reasons] = [...row.matchAll(/`([a-z_]+)`/g)].map((match) => match[1] ?? '');
    for (const reason of reasons) expect(table).toContain(`['${code}', '${reason}']`);
  }
});
