// The pages about durable channels work as they are written: their snippets run word for word against a server, their settings are
// accepted, and what they list is what the code knows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SUMMARIZERS } from '@sockudo/protocol';
import Backend from 'sockudo';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { nextMessageState, Sockudo } from '../../core/client/index.ts';
import { readConfigFile } from '../../core/server/config/config-file.ts';
import { loadSettings } from '../../core/server/config/index.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``, 'g'))].map(
    ([, text]) => text ?? '',
  );

let server: TestServer;
let client: Sockudo;
let backend: Backend;

beforeEach(async () => {
  server = await startTestServer({
    config: { annotations: { enabled: true } },
    app: { policy: { channels: { annotations_enabled: true } } },
  });
  const { app, host, port } = server;
  backend = new Backend({ appId: app.id, key: app.key, secret: app.secret, host, port });
  client = new Sockudo(app.key, { wsHost: host, wsPort: port, forceTLS: false, protocolVersion: 2 });
  await new Promise((resolve) => client.connection.bind('connected', resolve));
});
afterEach(async () => {
  client.disconnect();
  await server.close();
});

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a snippet with what its reader has at hand, and answers the constants that it declares. */
async function run(code: string, given: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const all = { client, sockudo: backend, nextMessageState, ...given };
  const declared = [...code.matchAll(/^const (?:\{[^}]*?(\w+) \}|(\w+))/gm)].map(([, a, b]) => a ?? b);
  const body = `${code.replace(/^import .*$/m, '')}\nreturn { ${declared.join(', ')} };`;
  return new AsyncFunction(...Object.keys(all), body)(...Object.values(all));
}

/** Resolves once `count` calls have come; the calls' arguments. */
function collector<Call extends unknown[]>(count: number) {
  const calls: Call[] = [];
  let finish: (calls: Call[]) => void = () => {};
  const all = new Promise<Call[]>((resolve) => {
    finish = resolve;
  });
  return {
    all,
    take: (...call: Call) => {
      if (calls.push(call) === count) finish(calls);
    },
  };
}

describe('docs/history.md', () => {
  const page = read('history');
  const [rewind = '', socket = '', http = '', cut = ''] = blocks(page, 'js');

  it('shows the past, then what is live', async () => {
    for (const text of ['one', 'two']) await server.publish('news', 'headline', text);
    const shown = collector<[string, string]>(3);
    const ready = collector<[number, boolean]>(1);
    await run(rewind, { show: shown.take, ready: ready.take });
    expect(await ready.all).toEqual([[2, true]]);
    await server.publish('news', 'headline', 'three');
    expect(await shown.all).toEqual(['one', 'two', 'three'].map((text) => ['headline', text]));
  });

  it('pages on the socket up to the first live message', async () => {
    for (const text of ['a', 'b', 'c']) await server.publish('chat', 'line', text);
    const lines: string[] = [];
    await run(socket, { lines });
    const live = new Promise((resolve) => client.channel('chat')?.bind('line', resolve));
    await server.publish('chat', 'line', 'd');
    await live;
    expect(lines).toEqual(['a', 'b', 'c', 'd']);
  });

  it('pages from a backend, and cuts', async () => {
    for (const text of ['a', 'b', 'c']) await server.publish('chat', 'line', text);
    const archived: unknown[] = [];
    await run(http, { archive: (serial: number, data: unknown) => archived.push([serial, data]) });
    expect(archived).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
    await run(cut);
    expect((await backend.channelHistoryState('chat')).stream).toMatchObject({ next_serial: 1 });
  });

  it('shows an answer with the members that answers have', async () => {
    await server.publish('chat', 'line', 'a', { message_id: 'm' });
    const { items } = await backend.channelHistory('chat');
    const message = items[0]?.message;
    const serial = message !== undefined && 'message_serial' in message ? message.message_serial : '';
    await backend.updateMessage('chat', serial, { data: 'b' });
    const answer = await backend.channelHistory('chat', { limit: 1 });
    const shown = JSON.parse(blocks(page, 'json')[0] ?? '');
    expect(membersOf(JSON.parse(JSON.stringify(answer)))).toEqual(membersOf(shown));
  });
});

describe('docs/mutable-messages.md', () => {
  const page = read('mutable-messages');
  const [change = '', fold = ''] = blocks(page, 'js');

  it('changes a message, and a client follows', async () => {
    const { messages } = await run(fold);
    const deleted = new Promise((resolve) => client.channel('doc')?.bind('sockudo:message.delete', resolve));
    await new Promise((resolve) => client.channel('doc')?.bind('sockudo:rewind_complete', resolve));
    const { serial, item, versions } = await run(change);
    expect(item).toMatchObject({ action: 'delete', name: 'paragraph' });
    expect(item).not.toHaveProperty('data');
    // CAST: a page of versions, as the snippet reads it.
    const { items } = versions as { items: { action: string; data?: string }[] };
    expect(items.map(({ action, data }) => [action, data])).toEqual([
      ['create', 'Hello'],
      ['append', ', world'],
      ['update', 'Hello, World'],
      ['delete', undefined],
    ]);
    await deleted;
    // CAST: the map that the snippet fills.
    const state = (messages as Map<unknown, unknown>).get(serial);
    expect(state).toMatchObject({ action: 'delete', name: 'paragraph', data: undefined });
  });
});

describe('docs/annotations.md', () => {
  const page = read('annotations');
  const [annotate = '', watch = ''] = blocks(page, 'js');

  it('annotates, takes back, lists, and everybody sees the sum', async () => {
    const rendered = collector<[string, string, unknown]>(3);
    await run(watch, { render: rendered.take });
    await new Promise((resolve) => client.channel('wall')?.bind('sockudo:subscription_succeeded', resolve));
    const logged: unknown[] = [];
    const { serial } = await run(annotate, {
      log: (action: string, clientId: string) => logged.push([action, clientId]),
    });
    expect(logged).toEqual([
      ['annotation.create', 'ann'],
      ['annotation.create', 'bob'],
      ['annotation.delete', 'ann'],
    ]);
    const likes = (...clientIds: string[]) => ({
      '👍': { total: clientIds.length, clientIds, clipped: false },
    });
    expect(await rendered.all).toEqual(
      [likes('ann'), likes('ann', 'bob'), likes('bob')].map((sum) => [serial, 'reactions:distinct.v1', sum]),
    );
  });

  it('lists the summarizers that there are', () => {
    const listed = [...page.matchAll(/^\| `(\w+)` \|.*\| .*\| `\{|^\| `(unique)` \|/gm)];
    expect(listed.map(([, a, b]) => a ?? b)).toEqual([...SUMMARIZERS]);
  });
});

it.each(['history', 'mutable-messages', 'annotations'])('the settings in docs/%s.md are accepted', (name) => {
  const [toml = ''] = blocks(read(name), 'toml');
  const app = { id: 'app-id', key: 'app-key', secret: 'app-secret', enabled: true };
  const hasApp = toml.includes('[[app_manager');
  const config = hasApp ? {} : { app_manager: { array: { apps: [app] } } };
  const loaded = loadSettings({ config: { ...config, ...settingsIn(toml) }, env: {}, flags: {}, cwd: '/' });
  expect(loaded).toMatchObject({ ok: true });
});

/** Settings as the server reads its file. */
function settingsIn(toml: string): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sockudo-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'config.toml'), toml);
  const file = readConfigFile(join(folder, 'config.toml'), {}, folder);
  if (file.kind !== 'read') throw new Error('the settings cannot be read');
  return file.data;
}

/** Names of members, all the way down; of lists those of their first item. */
function membersOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(membersOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, membersOf(inner)]));
}
