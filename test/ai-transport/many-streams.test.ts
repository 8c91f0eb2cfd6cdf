// Two hundred models answer at once, each with a watcher who reads fragments and one who reads whole texts; many of them lose their
// connection on the way. Everybody has every text as it was produced, and so have the history and whoever comes later.
import Sockudo from 'sockudo';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { type Position, Watcher } from './watcher.ts';

const STREAMS = 200;
const TOKENS = 50;
/** Where a producer waits until those have gone who are to go, so that the rest is written while they are away. */
const HALF = 25;
const WORDS = ['the ', 'naïve ', '東京 ', '👩‍🚀 ', '{"a":1} ', '\\n\n', '"', 'a', ' '];

let server: TestServer;
let sockudo: Sockudo;

beforeAll(async () => {
  server = await startTestServer({
    config: { ai_transport: { enabled: true, channels: [{ prefix: 'ai-' }] } },
  });
  const { app, port } = server;
  sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, port });
});
afterAll(() => server.close());

const tokensOf = (stream: number): string[] =>
  Array.from({ length: TOKENS }, (_, i) => `${stream}.${i}${WORDS[(stream + i) % WORDS.length]}`);

function extras(stream: number, status: 'streaming' | 'complete') {
  const id = `run-${stream}`;
  const transport = { 'run-id': id, 'codec-message-id': id, stream: 'true', 'stream-id': id, status };
  return { ai: { transport } };
}

/** Of four streams one keeps both watchers, two lose one of them for a while, and one loses both. */
function watchersOf(stream: number): readonly Watcher[] {
  const channel = `ai-${stream}`;
  const at = (part: number) => tokensOf(stream).slice(0, part).join('').length;
  return (['delta', 'full'] as const).map((mode, index) => {
    const isCut = ((stream >> index) & 1) === 1;
    const cutAt = at(1 + ((stream * 7) % (HALF - 1)));
    return new Watcher({ server, channel, mode, ...(isCut && { cutAt }) });
  });
}

async function create(stream: number, data: string): Promise<string> {
  const channel = `ai-${stream}`;
  const body = {
    name: 'ai-output',
    channel,
    data,
    info: 'message_serial',
    extras: extras(stream, 'streaming'),
  };
  const response = await sockudo.post({ path: '/events', body });
  const { channels } = await response.json();
  return channels[channel].message_serial;
}

/** Two streams of four over one request each, the others with a request for every append. */
async function produce(stream: number, watchers: readonly Watcher[]): Promise<string> {
  const channel = `ai-${stream}`;
  const [first = '', ...rest] = tokensOf(stream);
  const serial = await create(stream, first);
  const fragments = rest.map((data, i) =>
    i === rest.length - 1 ? { data, extras: extras(stream, 'complete') } : { data },
  );
  const away = Promise.all(watchers.map(({ wasCut }) => wasCut));
  const writer = stream % 4 < 2 ? sockudo.appendStream(channel, serial).getWriter() : null;
  for (const [i, fragment] of fragments.entries()) {
    if (i === HALF) await away;
    if (writer === null) await sockudo.appendMessage(channel, serial, fragment);
    else await writer.write(fragment);
  }
  await writer?.close();
  return serial;
}

async function stored(stream: number, serial: string): Promise<string> {
  const path = `/channels/ai-${stream}/messages/${encodeURIComponent(serial)}`;
  return JSON.parse((await server.request('GET', path)).text).item.data;
}

async function pageOf(stream: number): Promise<unknown[]> {
  const { text } = await server.request('GET', `/channels/ai-${stream}/history`);
  return JSON.parse(text).items.map(({ message }: { message: { data: string } }) => message.data);
}

/** Somebody who has nothing but the position from before the message. */
async function resumed(stream: number, before: Position): Promise<string> {
  const mode = stream % 2 === 0 ? 'delta' : 'full';
  const watcher = new Watcher({ server, channel: `ai-${stream}`, mode });
  await watcher.resume(before, '');
  const text = await watcher.complete;
  watcher.close();
  expect(watcher.faults).toEqual([]);
  return text;
}

it('every text is the same for everybody', async () => {
  const streams = Array.from({ length: STREAMS }, (_, stream) => stream);
  await Promise.all(
    streams.map(async (stream) => {
      const produced = tokensOf(stream).join('');
      const watchers = watchersOf(stream);
      const [before] = await Promise.all(watchers.map((watcher) => watcher.watch()));
      if (before === undefined) throw new Error('nobody watches');
      const serial = await produce(stream, watchers);
      const texts = await Promise.all(watchers.map(({ complete }) => complete));
      for (const watcher of watchers) watcher.close();
      expect(texts).toEqual([produced, produced]);
      expect(watchers.flatMap(({ faults }) => faults)).toEqual([]);
      expect(await stored(stream, serial)).toBe(produced);
      expect(await pageOf(stream)).toEqual([produced]);
      expect(await resumed(stream, before)).toBe(produced);
    }),
  );
  expect(server.complaints).toEqual([]);
});
