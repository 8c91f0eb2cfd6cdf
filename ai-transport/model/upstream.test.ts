// What is written into a run, as Sockudo's own codec reads it.
import { UIMessageCodec } from 'upstream-ai-transport/vercel';
import { expect, it } from 'vitest';
import { finishWording, usageWording, type Wording, wordingOf } from './wording.ts';

/** The chunks that its decoder makes of an output. */
function decoded({ type, data, codec }: Wording): readonly unknown[] {
  const message = {
    name: 'ai-output',
    action: 'create',
    data,
    messageSerial: 'm1',
    historySerial: 1,
    deliverySerial: 1,
    getTransportHeaders: () => ({ stream: 'false', discrete: 'true', 'codec-message-id': 'a' }),
    getCodecHeaders: () => ({ type, 'message-id': 'a', ...codec }),
  };
  // CAST: as much of a message as a decoder looks at.
  const { outputs } = UIMessageCodec.createDecoder().decode(message as never);
  return outputs.map(({ event }) => event);
}

it.each([
  [
    wordingOf({ type: 'tool-output', toolCallId: 'c', output: { a: 1 } }),
    { type: 'tool-output-available', toolCallId: 'c', output: { a: 1 } },
  ],
  [
    wordingOf({ type: 'tool-output', toolCallId: 'c', output: 'no', isError: true }),
    { type: 'tool-output-error', errorText: 'no' },
  ],
  [
    wordingOf({ type: 'tool-approval-request', toolCallId: 'c', approvalId: 'p' }),
    { type: 'tool-approval-request', approvalId: 'p' },
  ],
  [
    wordingOf({ type: 'source', sourceId: 's', kind: 'url', url: 'https://e.example', title: 'T' }),
    { type: 'source-url', url: 'https://e.example', title: 'T' },
  ],
  [
    wordingOf({ type: 'source', sourceId: 's', kind: 'document', mediaType: 'text/plain' }),
    { type: 'source-document', sourceId: 's' },
  ],
  [
    wordingOf({ type: 'file', mediaType: 'image/png', url: 'data:,' }),
    { type: 'file', url: 'data:,', mediaType: 'image/png' },
  ],
  [
    wordingOf({ type: 'data', name: 'weather', data: { a: 1 }, id: '1' }),
    { type: 'data-weather', id: '1', data: { a: 1 } },
  ],
  [
    wordingOf({ type: 'provider', provider: 'p', name: 'n', data: 1 }),
    { type: 'data-provider-event', transient: true },
  ],
  [
    usageWording({ inputTokens: 1 }),
    { type: 'message-metadata', messageMetadata: { usage: { inputTokens: 1 } } },
  ],
  [finishWording('finish', 'refusal', 'r'), { type: 'finish', finishReason: 'content-filter' }],
  [finishWording('finish-step', 'stop', undefined), { type: 'finish-step' }],
])('%j', (wording, chunk) => {
  expect(decoded(wording)).toMatchObject([chunk]);
});
