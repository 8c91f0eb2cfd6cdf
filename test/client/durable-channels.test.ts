// @sockudo/client and the backend SDK on durable channels, as docs/client.md and docs/backend.md show it: the pages' snippets run word
// for word against a whole server on its embedded store.
import { readFileSync } from 'node:fs';
import Backend from 'sockudo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type MessageFrame,
  type MessageState,
  type MessageVersion,
  messageSerialOf,
  messageState,
  nextMessageState,
  Sockudo,
  type SockudoOptions,
} from '../../core/client/index.ts';
import { defaultRuntime, type Runtime } from '../../core/client/runtime.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

/** The snippets of a page that run: those in plain JavaScript. */
const snippets = (page: string): string[] =>
  [...readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(
    ([, code]) => code ?? '',
  );

/** The one of a page that says this. */
const snippetWith = (page: string, words: string): string =>
  snippets(page).find((code) => code.includes(words)) ?? '';

/** Runs code in which `names` are known, and answers what it says it `returns`. */
async function run(code: string, names: Readonly<Record<string, unknown>>, returns = ''): Promise<unknown> {
  const body = `return (async () => {\n${code}\nreturn { ${returns} };\n})();`;
  return new Function(...Object.keys(names), body)(...Object.values(names));
}

let server: TestServer;
let backend: Backend;
beforeAll(async () => {
  server = await startTestServer({
    config: { annotations: { enabled: true } },
    app: { policy: { channels: { annotations_enabled: true } } },
  });
  const { app, host, port } = server;
  backend = new Backend({ appId: app.id, key: app.key, secret: app.secret, host, port });
});
afterAll(() => server.close());

const clients: Sockudo[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

function connect(options: Partial<SockudoOptions> = {}, runtime: Runtime = defaultRuntime): Sockudo {
  const address = { wsHost: server.host, wsPort: server.port, forceTLS: false };
  const client = new Sockudo(server.app.key, { protocolVersion: 2, ...options, ...address }, runtime);
  clients.push(client);
  return client;
}

async function create(channel: string, data: string): Promise<string> {
  const response = await backend.trigger(channel, 'paragraph', data, { message_id: crypto.randomUUID() });
  return (await response.json()).channels[channel].message_serial;
}

/** The state of a message once `isReached` says so; frames are noted in `frames`. */
function reached(
  channel: ReturnType<Sockudo['subscribe']>,
  frames: MessageFrame[],
  isReached: (state: MessageState) => boolean,
): Promise<MessageState> {
  return new Promise((resolve) => {
    channel.bind_global((event, data, metadata) => {
      frames.push({ event, data, ...metadata });
      const state = messageState(frames.filter((frame) => messageSerialOf(frame) !== undefined));
      if (state !== undefined && isReached(state)) resolve(state);
    });
  });
}

describe('docs/backend.md', () => {
  it('changes, reads and annotates a message', async () => {
    const [code = ''] = snippets('backend.md');
    const lines: unknown[][] = [];
    const log = (...line: unknown[]) => lines.push(line);
    const { item } = (await run(code, { sockudo: backend, log }, 'item')) as { item: MessageVersion };
    expect(item).toMatchObject({ action: 'delete', name: 'paragraph' });
    expect(item.data).toBeUndefined();
    expect(lines).toEqual([
      ['create', 'Hello', undefined],
      ['append', ', world', undefined],
      ['update', 'Hello, moon', 'ann'],
      ['delete', undefined, undefined],
      ['👍'],
      ['delete'],
    ]);
  });
});

describe('docs/client.md', () => {
  it('puts the history and live versions together', async () => {
    const [code = ''] = snippets('client.md');
    const first = await create('document', 'one');
    await backend.appendMessage('document', first, { data: ' and more' });
    for (let n = 0; n < 120; n += 1) await create('document', `${n}`);
    const sockudo = connect();
    let summary: (value: unknown) => void = () => {};
    const shown = new Promise<unknown>((resolve) => {
      summary = resolve;
    });
    const names = {
      sockudo,
      messageSerialOf,
      nextMessageState,
      show: (serial: string, value: unknown) => summary([serial, value]),
    };
    // CAST: the snippet makes this map.
    const { messages, channel } = (await run(code, names, 'messages, channel')) as {
      messages: Map<string, MessageState>;
      channel: ReturnType<Sockudo['subscribe']>;
    };
    expect(messages.size).toBeGreaterThanOrEqual(121);
    expect(messages.get(first)?.data).toBe('one and more');
    const live = new Promise((resolve) => channel.bind('sockudo:message.append', resolve));
    await backend.appendMessage('document', first, { data: ', live' });
    await live;
    expect(messages.get(first)?.data).toBe('one and more, live');
    const type = 'seen:flag.v1';
    await backend.publishAnnotation('document', first, { type, clientId: 'ann' });
    expect(await shown).toEqual([first, { [type]: { total: 1, clientIds: ['ann'], clipped: false } }]);
  });

  it('reads and annotates through an endpoint of the application', async () => {
    const use = snippetWith('client.md', 'versionedMessages:');
    const endpoint = snippetWith('client.md', "app.post('/realtime/messages'");
    type Handler = (request: object, response: object) => Promise<unknown>;
    let handler: Handler = async () => {};
    const requireLogin = () => {};
    const app = {
      post: (_path: string, _login: unknown, handle: Handler) => {
        handler = handle;
      },
    };
    const findAnnotation = async (channel: string, serial: string, annotationSerial: string) => {
      for await (const found of await backend.listAnnotations(channel, serial)) {
        if (found.serial === annotationSerial) return found;
      }
      return undefined;
    };
    const mayRead = () => true;
    await run(endpoint, { app, requireLogin, sockudo: backend, mayRead, findAnnotation });
    const actions: unknown[] = [];
    const fetchThere: Runtime['fetch'] = async (_url, init) => {
      const body = JSON.parse(String(init.body));
      actions.push(body.action);
      return new Promise((resolve) => {
        const json = (value: unknown) => resolve(Response.json(value));
        const sendStatus = (status: number) => resolve(new Response(null, { status }));
        void handler({ body, user: { id: 'ann' } }, { json, sendStatus });
      });
    };
    const serial = await create('document', 'one');
    await backend.appendMessage('document', serial, { data: '!' });
    /** The client of the snippet, with the address of the tests' server. */
    class LocalSockudo {
      constructor(_key: string, options: SockudoOptions) {
        // biome-ignore lint/correctness/noConstructorReturn: stands in for the class of the snippet
        return connect(options, { ...defaultRuntime, fetch: fetchThere });
      }
    }
    const lines: unknown[][] = [];
    const console = { log: (...line: unknown[]) => lines.push(line.slice(1)) };
    const result = await run(
      use,
      { Sockudo: LocalSockudo, token: 't', serial, console },
      'message, annotations',
    );
    expect(result).toMatchObject({
      message: { data: 'one!', action: 'append' },
      annotations: { items: [{ name: '👍', clientId: 'ann' }] },
    });
    expect(lines).toEqual([
      ['append', '!'],
      ['create', 'one'],
    ]);
    expect(new Set(actions).size).toBe(5);
  });
});

describe('the client on a durable channel', () => {
  it.each(['newest_first', 'oldest_first'] as const)(
    'reads up to where live events begin, %s',
    async (direction) => {
      const channel = `room-${direction}`;
      for (let n = 1; n <= 5; n += 1) await create(channel, `${n}`);
      const subscription = connect().subscribe(channel);
      await new Promise((resolve) => subscription.bind('sockudo:subscription_succeeded', resolve));
      await create(channel, '6');
      const page = await subscription.history({ limit: 2, untilAttach: true, direction });
      expect(page.bounds).toMatchObject({ until_attach: true, attach_serial: 5 });
      const serials: unknown[] = [];
      for await (const { serial } of page) serials.push(serial);
      expect(serials).toEqual(direction === 'oldest_first' ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1]);
    },
  );

  it('says why a history is refused', async () => {
    const subscription = connect().subscribe('room-refused');
    await expect(subscription.history({ cursor: '!' })).rejects.toMatchObject({
      name: 'HistoryError',
      code: 4000,
    });
  });

  it.each(['delta', 'full'] as const)('assembles what the server has, append mode %s', async (appendMode) => {
    const channel = `growing-${appendMode}`;
    const subscription = connect({ appendMode }).subscribe(channel);
    await new Promise((resolve) => subscription.bind('sockudo:subscription_succeeded', resolve));
    const frames: MessageFrame[] = [];
    const done = new Promise<void>((resolve) => {
      subscription.bind_global((event, data, metadata) => {
        frames.push({ event, data, ...metadata });
        if (event === 'sockudo:message.delete') resolve();
      });
    });
    const serial = await create(channel, '{"n":1}');
    for (const text of ['5', '"', '\u{1F980}', ' x']) {
      await backend.appendMessage(channel, serial, { data: text });
    }
    await backend.updateMessage(channel, serial, { data: { n: 2 }, name: 'renamed' });
    await backend.appendMessage(channel, serial, { data: 'tail' });
    await backend.deleteMessage(channel, serial);
    await done;
    const state = messageState(frames, { appendMode });
    const { item } = await backend.getMessage(channel, serial);
    expect(state).toMatchObject({ action: 'delete', name: 'renamed', data: '{"n":2}tail' });
    expect([state?.data, state?.versionSerial]).toEqual([item.data, item.version.serial]);
  });

  it('rewinds to the same state', async () => {
    const serial = await create('rewound', 'a');
    await backend.appendMessage('rewound', serial, { data: 'b' });
    const subscription = connect().subscribe('rewound', { rewind: 5 });
    const state = reached(subscription, [], ({ data }) => data === 'abc');
    await new Promise((resolve) => subscription.bind('sockudo:rewind_complete', resolve));
    await backend.appendMessage('rewound', serial, { data: 'c' });
    expect((await state).messageSerial).toBe(serial);
  });
});
