import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import type { AgentError } from './errors.ts';
import type { Run } from './run.ts';
import { FakeServer, type Operation } from './testing/fake-server.ts';
import { heldSource, pieces } from './testing/sources.ts';

let server: FakeServer;
let run: Run;

beforeEach(async () => {
  server = await FakeServer.start();
  run = createAgent({ sockudo: server.sdk() }).session('private-ai-1').run({ runId: 'run_1' });
  await run.start();
});
afterEach(() => server.close());

const isCreate = ({ name, kind }: Operation): boolean => name === 'ai-output' && kind === 'create';
const holds = (text: string) => () => server.messages.get('m2')?.data === text;
const failure = (promise: Promise<unknown>): Promise<AgentError> =>
  promise.then(
    () => expect.fail(),
    (e) => e,
  );
/** As `ReadableStream.from`, which its type does not know. */
function readableOf(source: AsyncIterable<string>): ReadableStream<string> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
const statusOf = (): string | undefined => server.operations.at(-1)?.transport.status;

describe('a pipe', () => {
  it('writes each piece as it comes, over one request', async () => {
    const source = heldSource('a');
    const piped = run.pipe(source.iterable);
    await server.until(isCreate);
    for (const [piece, text] of [
      ['b', 'ab'],
      ['c', 'abc'],
    ] as const) {
      source.push(piece);
      await server.until(holds(text));
    }
    source.push('d');
    source.end();
    expect(await piped).toMatchObject({ text: 'abcd', status: 'complete' });
    expect(server.messages.get('m2')?.data).toBe('abcd');
    expect(server.operations.at(-1)).toMatchObject({ kind: 'append', transport: { status: 'complete' } });
    expect(server.appendRequests).toBe(1);
  });

  it('tells when the message has its place, and closes it with headers that are known at the end', async () => {
    const created = Promise.withResolvers<void>();
    let later = {};
    const source = heldSource('a');
    const codecAtEnd = () => later;
    const piped = run.pipe(source.iterable, { onCreate: created.resolve, codecAtEnd, codec: { k: 'first' } });
    await created.promise;
    expect(server.operations.at(-1)).toMatchObject({ kind: 'create', data: 'a', codec: { k: 'first' } });
    later = { k: 'last', more: 'm' };
    source.end();
    await piped;
    expect(server.operations.at(-1)).toMatchObject({ codec: { type: 'text-end', k: 'last', more: 'm' } });
  });

  it('joins what comes while the request is full, and goes on reading', async () => {
    let open = (): void => {};
    server.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const source = heldSource('0');
    const piped = run.pipe(source.iterable, { maxInFlight: 2 });
    await server.until(isCreate);
    // Each is read before the next is given, though nothing is acknowledged.
    for (let n = 1; n <= 40; n += 1) {
      source.push(',');
      await source.isRead();
    }
    await server.until(({ kind }) => kind === 'append');
    open();
    source.end();
    await piped;
    expect(server.messages.get('m2')?.data).toBe(`0${','.repeat(40)}`);
    expect(server.operations.filter(({ kind }) => kind === 'append').length).toBeLessThan(10);
  });

  it('reads no further while too much waits, and lets go when it is told to', async () => {
    server.gate = new Promise(() => {});
    const big = 'x'.repeat(100_000);
    const source = heldSource(big);
    void run.pipe(source.iterable, { maxInFlight: 1 }).catch(() => {});
    for (let n = 0; n < 2; n += 1) {
      await source.isRead();
      source.push(big);
    }
    await server.until(({ kind }) => kind === 'append');
    expect(source.isWaiting()).toBe(false);
    run.cancel();
    await source.gone;
  });

  it('keeps characters whole', async () => {
    const text = '😀'.repeat(20_001);
    await run.pipe(pieces(`x${text.slice(0, 3)}`, text.slice(3)));
    expect(server.messages.get('m2')?.data).toBe(`x${text}`);
    for (const { data = '' } of server.operations) expect(data.isWellFormed()).toBe(true);
  });

  it.each([
    ['an iterable', (source: AsyncIterable<string>) => source],
    ['a ReadableStream', readableOf],
  ])('stops at once when it is cancelled, though %s says nothing, and keeps the text', async (_, made) => {
    const source = heldSource('so far');
    const piped = run.pipe(made(source.iterable));
    await server.until(isCreate);
    run.cancel();
    expect(await piped).toMatchObject({ text: 'so far', status: 'cancelled' });
    await source.gone;
    expect(server.messages.get('m2')).toMatchObject({ data: 'so far' });
    expect(statusOf()).toBe('cancelled');
    expect(server.operations.filter(({ transport }) => transport.status === 'cancelled')).toHaveLength(1);
  });

  it('does not begin when it was cancelled before', async () => {
    run.cancel();
    const source = heldSource('x');
    expect(await run.pipe(source.iterable)).toMatchObject({
      text: '',
      status: 'cancelled',
      messageSerial: null,
    });
    await source.gone;
    expect(server.story).toEqual(['ai-run-start']);
  });

  it('keeps what came when the source fails, and says so without its text', async () => {
    const source = heldSource('half');
    const piped = failure(run.pipe(source.iterable));
    await server.until(isCreate);
    source.fail(new Error('sk-secret'));
    const error = await piped;
    expect(error).toMatchObject({ code: 'source_failed', text: 'half', cause: { message: 'sk-secret' } });
    expect(server.operations.at(-1)?.transport).toMatchObject({
      status: 'cancelled',
      'error-code': 'agent_error',
    });
    expect(JSON.stringify(server.operations)).not.toContain('sk-secret');
  });

  it('refuses what is no text, and lets go of it', async () => {
    async function* numbers(): AsyncGenerator<string> {
      try {
        yield 5 as unknown as string;
      } finally {
        gone.resolve();
      }
    }
    const gone = Promise.withResolvers<void>();
    expect(await failure(run.pipe(numbers()))).toMatchObject({ code: 'source_failed' });
    await gone.promise;
    await expect(run.pipe({} as AsyncIterable<string>)).rejects.toThrow(TypeError);
    const source = heldSource('x');
    await expect(run.pipe(source.iterable, { kind: 'No' })).rejects.toThrow(TypeError);
    await source.gone;
  });
});

describe('repair', () => {
  it('is one update with the whole text after a refused append, and appends go on', async () => {
    let refusals = 1;
    server.fault = ({ kind }) =>
      kind === 'append' && refusals-- > 0 ? { status: 400, code: 'invalid_input' } : null;
    const source = heldSource('a');
    const piped = run.pipe(source.iterable);
    await server.until(isCreate);
    source.push('b');
    await server.until(({ refused }) => refused === 400);
    source.push('c');
    await server.until(({ kind }) => kind === 'update');
    source.push('d');
    await server.until(({ kind, refused }) => kind === 'append' && refused === undefined);
    source.end();
    expect(await piped).toMatchObject({ text: 'abcd', status: 'complete' });
    expect(server.messages.get('m2')?.data).toBe('abcd');
    // After a repair an update says how it ends.
    expect(server.operations.at(-1)).toMatchObject({
      kind: 'update',
      data: 'abcd',
      transport: { status: 'complete' },
    });
  });

  it('takes the place of an end that was refused', async () => {
    server.fault = ({ kind }) => (kind === 'append' ? { status: 400, code: 'invalid_input' } : null);
    const source = heldSource('a');
    const piped = run.pipe(source.iterable);
    await server.until(isCreate);
    source.push('b');
    source.end();
    expect(await piped).toMatchObject({ text: 'ab', status: 'complete' });
    expect(server.messages.get('m2')?.data).toBe('ab');
    expect(server.stored.filter(({ transport }) => transport.status === 'complete')).toHaveLength(1);
  });

  it('goes on by itself over a connection that breaks, without a repetition', async () => {
    let cuts = 2;
    server.fault = ({ kind }) => (kind === 'append' && cuts-- > 0 ? (cuts === 1 ? 'cut' : 'lost') : null);
    const source = heldSource('a');
    const piped = run.pipe(source.iterable);
    await server.until(isCreate);
    for (const piece of ['b', 'c', 'd']) {
      source.push(piece);
      await source.isRead();
    }
    source.end();
    await piped;
    expect(server.messages.get('m2')?.data).toBe('abcd');
  });

  it('writes on by updates where the message may have no more appends', async () => {
    server.fault = ({ kind }) => (kind === 'append' ? { status: 413, code: 'payload_too_large' } : null);
    const text = 'y'.repeat(80_000);
    const result = await run.pipe(pieces('x', text));
    expect(result).toMatchObject({ status: 'complete', text: `x${text}` });
    expect(server.messages.get('m2')?.data).toBe(`x${text}`);
    expect(
      server.operations.filter(({ kind, refused }) => kind === 'append' && refused === undefined),
    ).toEqual([]);
  });

  it('ends a message that grew too large, and the model', async () => {
    server.fault = ({ kind, data = '' }) =>
      kind === 'append' || data.length > 40_000 ? { status: 413, code: 'payload_too_large' } : null;
    const source = heldSource('x');
    const piped = failure(run.pipe(source.iterable));
    await server.until(isCreate);
    source.push('y'.repeat(60_000));
    expect(await piped).toMatchObject({ code: 'message_too_large', text: `x${'y'.repeat(60_000)}` });
    await source.gone;
    expect(server.stored.at(-1)).toMatchObject({
      kind: 'update',
      transport: { status: 'cancelled', 'error-code': 'message_too_large' },
    });
  });
});

describe('a run that is fenced off', () => {
  it.each(['create', 'append', 'update'] as const)(
    'aborts at once and says nothing more: %s',
    async (kind) => {
      const source = heldSource('a');
      server.fault = (operation) => {
        if (kind === 'update' && operation.kind === 'append') return { status: 400, code: 'invalid_input' };
        return operation.kind === kind ? { status: 409, code: 'fenced' } : null;
      };
      const piped = failure(run.pipe(source.iterable));
      await server.until(isCreate);
      source.push('b');
      expect(await piped).toMatchObject({ code: 'fenced' });
      await source.gone;
      expect(run.signal.reason).toMatchObject({ code: 'fenced' });
      const said = server.operations.length;
      expect(await failure(run.output('x', 1))).toMatchObject({ code: 'fenced' });
      expect(await failure(run.end())).toMatchObject({ code: 'fenced' });
      expect(server.operations).toHaveLength(said);
      expect(run.state).toBe('lost');
    },
  );
});
