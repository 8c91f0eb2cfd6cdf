// What every adapter of a provider promises, over streams in the provider's own form, served over real HTTP to the provider's own client.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModelError } from '../errors.ts';
import type { ModelEvent } from '../events.ts';
import type { ProviderOptions } from '../provider-stream.ts';
import { type Plan, StreamServer } from './stream-server.ts';

/** An answer of the provider, and what it says. */
export interface Fixture {
  /** Body of the answer: server-sent events, as the provider documents them. */
  readonly body: string;
  readonly events: readonly ModelEvent[];
}

export const FIXTURES = [
  'text',
  'reasoning',
  'one tool call',
  'parallel tool calls',
  'citations',
  'refusal',
  'length',
  'unknown events',
  'empty',
] as const;

export interface AdapterUnderTest {
  readonly name: string;
  /** The same code with another version of the client: what takes long is left out. */
  readonly isVariant?: boolean;
  /** Asks a server at this address (without path), by the provider's own client. */
  readonly call: (url: string, options: ProviderOptions) => AsyncIterable<ModelEvent>;
  /** Null: the provider has no such thing. `text` needs characters of several bytes, and usage. */
  readonly fixtures: Readonly<Record<(typeof FIXTURES)[number], Fixture | null>>;
  /** A stream that ends in an error of the provider's; `events` are what came before it. */
  readonly failing: Fixture & { readonly code: ModelError['code'] };
  /** JSON body of a refusal with this status. */
  readonly refusal: (status: number) => string;
}

interface Outcome {
  readonly events: readonly ModelEvent[];
  readonly error: unknown;
}

async function collected(source: AsyncIterable<ModelEvent>): Promise<Outcome> {
  const events: ModelEvent[] = [];
  try {
    for await (const event of source) events.push(event);
    return { events, error: null };
  } catch (error) {
    return { events, error };
  }
}

const isFinished = (events: readonly ModelEvent[]): boolean => events.some(({ type }) => type === 'finish');

const PIECE_BYTES = 48;

function pieces(bytes: Uint8Array, offset: number): Uint8Array[] {
  const found = [bytes.subarray(0, offset)];
  for (let at = offset; at < bytes.length; at += PIECE_BYTES)
    found.push(bytes.subarray(at, at + PIECE_BYTES));
  return found;
}

/** Many at once, but not all: each is a connection. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const take = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 12 }, take));
}

export function describeAdapter(adapter: AdapterUnderTest): void {
  let server: StreamServer;
  beforeAll(async () => {
    server = await StreamServer.start();
  });
  afterAll(() => server.close());
  beforeEach(() => server.reset());

  const asked = (plans: readonly Plan[], options: ProviderOptions = {}): Promise<Outcome> => {
    server.reset(...plans);
    return collected(adapter.call(server.url, { retries: 0, ...options }));
  };
  const fixtures = FIXTURES.flatMap((name) => {
    const fixture = adapter.fixtures[name];
    return fixture === null ? [] : [[name, fixture] as const];
  });
  const { text } = adapter.fixtures;
  if (text === null) throw new Error('An adapter needs a fixture of text');
  const refused = (status: number, headers: Readonly<Record<string, string>> = {}): Plan => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    chunks: [adapter.refusal(status)],
  });

  describe(`${adapter.name}: a whole answer`, () => {
    it.each(fixtures)('is understood: %s', async (_, { body, events }) => {
      expect(await asked([{ chunks: [body] }])).toEqual({ events, error: null });
      // Nothing but JSON.
      expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    });

    it.each(fixtures)('is the same in single bytes: %s', async (_, { body, events }) => {
      const bytes = new TextEncoder().encode(body);
      const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
      expect(await asked([{ chunks }])).toEqual({ events, error: null });
    });

    it.each(fixtures)('is the same with CRLF: %s', async (_, { body, events }) => {
      expect(await asked([{ chunks: [body.replaceAll('\n', '\r\n')] }])).toEqual({ events, error: null });
    });

    // Each byte is once the first of a piece.
    it.each(adapter.isVariant ? fixtures.slice(0, 1) : fixtures)(
      'is the same wherever it is cut: %s',
      async (_, { body, events }) => {
        const bytes = new TextEncoder().encode(body);
        const offsets = Array.from({ length: PIECE_BYTES }, (_unused, index) => index);
        server.plan = (_request, index) => ({ chunks: pieces(bytes, offsets[index] ?? 0) });
        await eachOf(offsets, async () => {
          const outcome = await collected(adapter.call(server.url, { retries: 0 }));
          expect(outcome).toEqual({ events, error: null });
        });
        expect(server.asked).toHaveLength(offsets.length);
      },
      60_000,
    );
  });

  describe(`${adapter.name}: an answer that is cut off`, () => {
    it.each(['break', 'end'] as const)(
      'is a typed error, and what came is kept: %s',
      async (ending) => {
        for (const [, { body, events }] of adapter.isVariant || ending === 'end'
          ? fixtures.slice(0, 1)
          : fixtures) {
          const bytes = new TextEncoder().encode(body);
          const places = Array.from({ length: Math.floor(bytes.length / 7) }, (_, index) => index * 7);
          server.reset();
          server.plan = (_request, index) => ({ chunks: [bytes.subarray(0, places[index])], ending });
          await eachOf(places, async () => {
            const outcome = await collected(adapter.call(server.url, { retries: 0 }));
            expect(events.slice(0, outcome.events.length)).toEqual(outcome.events);
            // After the model's own end nothing is missing but numbers.
            if (outcome.error === null) expect(isFinished(outcome.events)).toBe(true);
            else expect(outcome.error).toBeInstanceOf(ModelError);
            if (!isFinished(outcome.events))
              expect(outcome.error).toMatchObject({ code: 'connection', isRetryable: true });
          });
        }
      },
      120_000,
    );

    it('ends in the error that the provider reports in the stream', async () => {
      const { body, events, code } = adapter.failing;
      const outcome = await asked([{ chunks: [body] }]);
      expect(outcome.events).toEqual(events);
      expect(outcome.error).toMatchObject({ name: 'ModelError', code });
    });

    it('is not asked for again once something has come', async () => {
      const bytes = new TextEncoder().encode(text.body);
      const half = bytes.subarray(0, Math.floor(bytes.length * 0.6));
      const outcome = await asked([{ chunks: [half], ending: 'break' }, { chunks: [text.body] }], {
        retries: 3,
      });
      expect(outcome.events.length).toBeGreaterThan(0);
      expect(outcome.error).toMatchObject({ code: 'connection' });
      expect(server.asked).toHaveLength(1);
    });
  });

  describe(`${adapter.name}: a refusal`, () => {
    it.each([
      [400, 'invalid_request', false],
      [401, 'authentication', false],
      [403, 'authentication', false],
      [404, 'invalid_request', false],
      [429, 'rate_limited', true],
      [500, 'provider_error', true],
      [503, 'overloaded', true],
    ] as const)('%s is %s', async (status, code, isRetryable) => {
      const { events, error } = await asked([refused(status)]);
      expect(events).toEqual([]);
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toMatchObject({ code, status, isRetryable });
      expect(server.asked).toHaveLength(1);
    });

    it('tells when to come back', async () => {
      expect((await asked([refused(429, { 'retry-after': '7' })])).error).toMatchObject({
        retryAfterMs: 7000,
      });
    });

    it('that may pass is tried again when the provider says', async () => {
      const plans = [
        refused(429, { 'retry-after': '0' }),
        refused(503, { 'retry-after': '0' }),
        { chunks: [text.body] },
      ];
      expect(await asked(plans, { retries: 2 })).toEqual({ events: text.events, error: null });
      expect(server.asked).toHaveLength(3);
      const [first, , last] = server.asked;
      expect(last?.body).toBe(first?.body);
    });

    it('is tried again only as often as was said, and not when that cannot help', async () => {
      const again = await asked([refused(429, { 'retry-after': '0' })], { retries: 2 });
      expect([again.error, server.asked.length]).toMatchObject([{ code: 'rate_limited' }, 3]);
      await asked([refused(400)], { retries: 2 });
      expect(server.asked).toHaveLength(1);
      // Nobody waits for an hour here.
      const late = await asked([refused(429, { 'retry-after': '3600' })], { retries: 2 });
      expect([late.error, server.asked.length]).toMatchObject([{ retryAfterMs: 3_600_000 }, 1]);
    });

    it('by a connection that breaks at once is tried again', async () => {
      server.plan = (_, index) => (index === 0 ? { chunks: [], ending: 'break' } : { chunks: [text.body] });
      expect(await collected(adapter.call(server.url, { retries: 1 }))).toEqual({
        events: text.events,
        error: null,
      });
    });
  });

  describe(`${adapter.name}: a provider that says nothing`, () => {
    it('is given up, with what had come', async () => {
      const bytes = new TextEncoder().encode(text.body);
      const half = bytes.subarray(0, Math.floor(bytes.length * 0.6));
      const { events, error } = await asked([{ chunks: [half], ending: 'hang' }], { stallTimeoutMs: 150 });
      expect(text.events.slice(0, events.length)).toEqual(events);
      expect(error).toMatchObject({ name: 'ModelError', code: 'stalled', isRetryable: true });
      await server.asked[0]?.over;
    });

    it('lets go when it is told to', async () => {
      server.reset({ chunks: [text.body.slice(0, Math.floor(text.body.length * 0.6))], ending: 'hang' });
      const stopped = new AbortController();
      const outcome = collected(adapter.call(server.url, { retries: 3, signal: stopped.signal }));
      const request = await server.request(0);
      const reason = new Error('enough');
      stopped.abort(reason);
      expect((await outcome).error).toBe(reason);
      await request.over;
      expect(server.asked).toHaveLength(1);
    });

    it('lets go when nobody reads any further', async () => {
      server.reset({ chunks: [text.body.slice(0, Math.floor(text.body.length * 0.6))], ending: 'hang' });
      for await (const event of adapter.call(server.url, {})) {
        expect(event).toBeDefined();
        break;
      }
      await server.asked[0]?.over;
    });

    it('lets go at once, also in the middle of a read', async () => {
      server.reset({ chunks: [], ending: 'hang' });
      const iterator = adapter.call(server.url, {})[Symbol.asyncIterator]();
      const read = iterator.next();
      read.catch(() => {});
      const request = await server.request(0);
      void iterator.return?.();
      await request.over;
    });

    it('is not asked when it was stopped before', async () => {
      const { error } = await asked([{ chunks: [text.body] }], { signal: AbortSignal.abort('enough') });
      expect([error, server.asked.length]).toEqual(['enough', 0]);
    });
  });
}
