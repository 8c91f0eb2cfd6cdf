import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { anthropicMessages, type MessagesClient } from './stream.ts';
import { message, sse, text } from './testing/messages.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A client whose answer comes when the test says. */
function held(): { readonly client: MessagesClient; say(bytes: string): Promise<void> } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const client = { messages: { create: () => ({ asResponse: async () => new Response(readable) }) } };
  const say = async (bytes: string): Promise<void> => {
    void writer.write(new TextEncoder().encode(bytes)).catch(() => {});
    // Until all that it leads to has happened.
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  };
  return { client, say };
}

const PARAMS = { model: 'claude-test-1', max_tokens: 10, messages: [] };

it('takes pings for a sign of life, and silence for none', async () => {
  const { client, say } = held();
  const [start, ping, ...rest] = message(text(0, 'late'));
  const stream = anthropicMessages(client, PARAMS, { retries: 0, stallTimeoutMs: 60_000 });
  const seen: string[] = [];
  const over = (async () => {
    for await (const { type } of stream) seen.push(type);
  })().catch((error: unknown) => error);
  await say(sse([start ?? {}]));
  for (let minute = 0; minute < 3; minute += 1) {
    vi.advanceTimersByTime(59_000);
    await say(sse([ping ?? {}]));
  }
  await say(sse(rest.slice(0, 2)));
  expect(seen).toEqual(['response', 'usage', 'text-start', 'text-delta']);
  vi.advanceTimersByTime(60_000);
  expect(await over).toMatchObject({ code: 'stalled' });
});
