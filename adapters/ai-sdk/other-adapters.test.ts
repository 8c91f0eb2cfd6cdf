// What the adapters of other providers write into a run, as a chat shows it.
import { type ModelEvent, writeModel } from '@sockudo/ai-transport/model';
import { afterEach, expect, it } from 'vitest';
import { createAgent } from '../../ai-transport/agent/agent.ts';
import { FakeServer } from '../../ai-transport/agent/testing/fake-server.ts';
import { assistantMessage } from './parts/reading.ts';
import { piecesAfter } from './testing/channel.ts';

let server: FakeServer;
afterEach(() => server.close());

/** Parts and metadata of the message that these events are written into. */
async function shown(...events: readonly ModelEvent[]) {
  server = await FakeServer.start();
  const run = createAgent({ sockudo: server.sdk() }).session('c').run({ runId: 'r' });
  await run.start();
  const source = async function* () {
    yield* events;
  };
  await writeModel(run, source());
  await run.end();
  return assistantMessage('m', piecesAfter(server), { over: 'complete' });
}

it('shows all that models say', async () => {
  const signature = 'x'.repeat(9000);
  const { parts, metadata } = await shown(
    { type: 'reasoning-start', id: 'r' },
    { type: 'reasoning-delta', id: 'r', text: 'Hm.' },
    { type: 'reasoning-end', id: 'r', metadata: { anthropic: { signature } } },
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', text: 'Hello' },
    { type: 'text-end', id: 't' },
    { type: 'tool-input-start', toolCallId: 'c1', toolName: 'book' },
    { type: 'tool-input-delta', toolCallId: 'c1', text: '{"day":"Mon"}' },
    { type: 'tool-input-end', toolCallId: 'c1', toolName: 'book', inputText: '{"day":"Mon"}' },
    { type: 'tool-approval-request', toolCallId: 'c1', approvalId: 'p1' },
    { type: 'tool-output', toolCallId: 'c1', output: { ok: true } },
    { type: 'source', sourceId: 's1', kind: 'url', url: 'https://example.com', title: 'Example' },
    { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' },
    { type: 'data', name: 'note', data: { a: 1 } },
    { type: 'provider', provider: 'openai', name: 'response.somersault', data: {} },
    { type: 'usage', usage: { inputTokens: 3, outputTokens: 5 } },
    { type: 'finish', reason: 'stop' },
  );
  expect(parts).toMatchObject([
    { type: 'reasoning', text: 'Hm.', state: 'done', providerMetadata: { anthropic: { signature } } },
    { type: 'text', text: 'Hello', state: 'done' },
    { type: 'tool-book', state: 'output-available', input: { day: 'Mon' }, output: { ok: true } },
    { type: 'source-url', url: 'https://example.com', title: 'Example' },
    { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' },
    { type: 'data-note', data: { a: 1 } },
  ]);
  expect(metadata).toMatchObject({ usage: { inputTokens: 3, outputTokens: 5 } });
});
