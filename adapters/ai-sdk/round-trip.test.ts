// Every kind of chunk from an agent to a page: what the page makes of it is what the AI SDK's own reader makes of the stream itself.
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createAgent } from '../../ai-transport/agent/agent.ts';
import { FakeServer } from '../../ai-transport/agent/testing/fake-server.ts';
import { pipeUIMessageStream } from './agent/pipe.ts';
import { type AnyChunk, chunkOfAny } from './parts/chunk.ts';
import { ChunkFeed } from './parts/chunks.ts';
import { assistantMessage, chunksOfPieces } from './parts/reading.ts';
import { tracksOf } from './parts/tracks.ts';
import { piecesAfter } from './testing/channel.ts';
import { streams } from './testing/chunks.ts';

const OVER = { over: 'complete' } as const;

const streamOf = (chunks: readonly AnyChunk[]): ReadableStream<UIMessageChunk> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunkOfAny(chunk));
      controller.close();
    },
  });

/** What the AI SDK reads. */
async function read(chunks: readonly AnyChunk[]): Promise<UIMessage> {
  let last: UIMessage = { id: 'm', role: 'assistant', parts: [] };
  const errors: unknown[] = [];
  const reading = readUIMessageStream({
    // A step that was begun is no reason for it to tell of the message: this is.
    stream: streamOf([...chunks, { type: 'data-last', data: 0 }]),
    onError: (error) => errors.push(error),
  });
  for await (const message of reading) last = message;
  expect(errors.filter((error) => !String(error).includes('An error occurred.'))).toEqual([]);
  expect(last.parts.pop()).toEqual({ type: 'data-last', data: 0 });
  return last;
}

const plain = (message: UIMessage): unknown => JSON.parse(JSON.stringify({ ...message, id: 'm' }));

let server: FakeServer;
afterEach(() => server.close());

async function write(chunks: readonly AnyChunk[]): Promise<void> {
  server = await FakeServer.start();
  const run = createAgent({ sockudo: server.sdk() }).session('c').run({ runId: 'r' });
  await run.start();
  await pipeUIMessageStream(run, streamOf(chunks), { suspend: false }).catch((error: unknown) => {
    if (!String(error).includes('An error occurred.')) throw error;
  });
  await run.end();
}

describe('every stream of chunks', () => {
  it('is read back as the AI SDK reads it, stored, live, and resumed at any point', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.infiniteStream(fc.nat(100)), async (chunks, cuts) => {
        await write(chunks);
        const expected = plain(await read(chunks));
        const all = piecesAfter(server);
        const stored = [{ type: 'start', messageId: 'm' }, ...chunksOfPieces(all, OVER)];
        expect(plain(await read(stored))).toEqual(expected);
        expect(plain(assistantMessage('m', all, OVER))).toEqual(expected);
        const feed = new ChunkFeed();
        const live: AnyChunk[] = [{ type: 'start', messageId: 'm' }];
        for (let count = 0; count <= server.stored.length; count += 1 + ((cuts.next().value ?? 0) % 3))
          live.push(...(feed.take(tracksOf(piecesAfter(server, count), null)) ?? expect.unreachable()));
        live.push(...(feed.take(tracksOf(all, 'complete')) ?? expect.unreachable()));
        expect(plain(await read(live))).toEqual(expected);
        // Whoever comes back at some point reads what there is, and then what comes.
        const resumed = new ChunkFeed();
        const cut = (cuts.next().value ?? 0) % (server.stored.length + 1);
        const both = [
          ...(resumed.take(tracksOf(piecesAfter(server, cut), null)) ?? expect.unreachable()),
          ...(resumed.take(tracksOf(all, 'complete')) ?? expect.unreachable()),
        ];
        expect(plain(await read([{ type: 'start', messageId: 'm' }, ...both]))).toEqual(expected);
        server.close();
      }),
      { numRuns: 100 },
    );
  });
});
