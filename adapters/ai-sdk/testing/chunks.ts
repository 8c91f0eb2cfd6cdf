// Streams of chunks as the AI SDK writes them, every kind, for properties.
import fc from 'fast-check';
import type { AnyChunk } from '../parts/chunk.ts';

const word = fc.string({ minLength: 1, maxLength: 12 });
const json = fc.jsonValue({ maxDepth: 2 });
const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), json, { maxKeys: 3 });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
/** Now and then more than any header has room for. */
const metadata = maybe(
  fc.oneof(
    { weight: 8, arbitrary: fc.dictionary(fc.constantFrom('openai', 'anthropic'), object, { maxKeys: 2 }) },
    { weight: 1, arbitrary: fc.constant({ openai: { encrypted: 'x'.repeat(9000) } }) },
  ),
);
const flag = maybe(fc.boolean());
const title = maybe(
  fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: fc.constant('t'.repeat(300)) }),
);

type Block = readonly AnyChunk[];
const chunk = (given: Record<string, unknown> & { type: string }): AnyChunk =>
  // Absent is not the same as undefined to whoever compares.
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as AnyChunk;

const text = (kind: 'text' | 'reasoning'): fc.Arbitrary<Block> =>
  fc
    .record({
      id: fc.constantFrom('0', '1', 'msg_1'),
      deltas: fc.array(fc.record({ delta: fc.string({ maxLength: 8 }), providerMetadata: metadata }), {
        maxLength: 4,
      }),
      first: metadata,
      last: metadata,
    })
    .map(({ id, deltas, first, last }) => [
      chunk({ type: `${kind}-start`, id, providerMetadata: first }),
      ...deltas.map((delta) => chunk({ type: `${kind}-delta`, id, ...delta })),
      chunk({ type: `${kind}-end`, id, providerMetadata: last }),
    ]);

const call = fc.record({
  toolName: fc.constantFrom('weather', 'book'),
  input: json,
  dynamic: fc.constantFrom(undefined, true as const),
  title,
  providerExecuted: flag,
  providerMetadata: metadata,
  toolMetadata: maybe(object),
});

const input = (
  toolCallId: string,
  { input: value, ...common }: { readonly input: unknown },
  streams: boolean,
): AnyChunk[] => {
  const written = JSON.stringify(value);
  const half = Math.ceil(written.length / 2);
  const deltas = [written.slice(0, half), written.slice(half)];
  return [
    ...(streams
      ? [
          chunk({ type: 'tool-input-start', toolCallId, ...common }),
          ...deltas.map((inputTextDelta) => chunk({ type: 'tool-input-delta', toolCallId, inputTextDelta })),
        ]
      : []),
    chunk({ type: 'tool-input-available', toolCallId, input: value, ...common }),
  ];
};

const approval = (toolCallId: string): AnyChunk[] => [
  { type: 'tool-approval-request', toolCallId, approvalId: `ap-${toolCallId}`, reason: 'costs money' },
];

let calls = 0;
const tool: fc.Arbitrary<Block> = fc
  .record({
    call,
    streams: fc.boolean(),
    output: json,
    outputMetadata: metadata,
    ending: fc.constantFrom(
      'output',
      'preliminary',
      'error',
      'input-error',
      'denied',
      'approved',
      'waits',
      'none',
    ),
  })
  .map(({ call: made, streams, output, outputMetadata, ending }) => {
    calls += 1;
    const toolCallId = `call_${calls}`;
    const { input: value, ...common } = made;
    const given = input(toolCallId, made, streams);
    const done = chunk({
      type: 'tool-output-available',
      toolCallId,
      output,
      providerMetadata: outputMetadata,
    });
    const responded = (approved: boolean): AnyChunk[] => [
      ...approval(toolCallId),
      { type: 'tool-approval-response', approvalId: `ap-${toolCallId}`, approved },
    ];
    switch (ending) {
      case 'preliminary':
        return [...given, { ...done, preliminary: true }, done];
      case 'error':
        return [...given, { type: 'tool-output-error', toolCallId, errorText: 'no' }];
      case 'input-error':
        return [
          ...given.slice(0, -1),
          chunk({ type: 'tool-input-error', toolCallId, input: value, errorText: 'bad', ...common }),
        ];
      case 'denied':
        return [...given, ...responded(false), { type: 'tool-output-denied', toolCallId }];
      case 'approved':
        return [...given, ...responded(true), done];
      case 'waits':
        return [...given, ...approval(toolCallId)];
      case 'none':
        return given;
      default:
        return [...given, done];
    }
  });

const single: fc.Arbitrary<Block> = fc
  .oneof(
    fc.record({
      type: fc.constant('source-url'),
      sourceId: word,
      url: fc.webUrl(),
      title,
      providerMetadata: metadata,
    }),
    fc.record({
      type: fc.constant('source-document'),
      sourceId: word,
      mediaType: word,
      title: word,
      filename: maybe(word),
    }),
    fc.record({
      type: fc.constantFrom('file', 'reasoning-file'),
      url: fc.constant('data:image/png;base64,AA=='),
      mediaType: fc.constant('image/png'),
      providerMetadata: metadata,
    }),
    fc.record({
      type: fc.constantFrom('data-weather', 'data-x'),
      id: maybe(fc.constantFrom('a', 'b')),
      data: json,
    }),
    fc.record({ type: fc.constant('data-note'), data: json, transient: fc.constant(true) }),
    fc.record({
      type: fc.constant('custom'),
      kind: fc.constant('openai.compaction'),
      providerMetadata: metadata,
    }),
    fc.record({ type: fc.constant('message-metadata'), messageMetadata: object }),
    fc.record({
      type: fc.constant('steering-message'),
      id: word,
      parts: fc.constant([{ type: 'text', text: 'more' }]),
    }),
    fc.record({ type: fc.constant('of-a-later-version'), what: json }),
    fc.constant({ type: 'error', errorText: 'An error occurred.' }),
  )
  .map((given) => [chunk(given)]);

const citing: fc.Arbitrary<Block> = fc.constant([
  { type: 'text-start', id: 'c' },
  { type: 'text-delta', id: 'c', delta: 'as they say' },
  { type: 'text-end', id: 'c', citations: [{ type: 'url', url: 'https://example.com' }] },
]);

const step: fc.Arbitrary<Block> = fc
  .record({
    blocks: fc.array(fc.oneof(text('text'), text('reasoning'), tool, single, citing), { maxLength: 5 }),
    order: fc.array(fc.nat(4), { maxLength: 30 }),
    isReset: fc.boolean(),
  })
  .map(({ blocks, order, isReset }) => [
    { type: 'start-step' },
    ...(isReset ? [...(blocks[0] ?? []), { type: 'reset-step' }] : []),
    ...interleaved(isReset ? blocks.slice(1) : blocks, order),
    { type: 'finish-step' },
  ]);

/** Parts that are written at the same time; those of one id come one after the other. */
function interleaved(blocks: readonly Block[], order: readonly number[]): AnyChunk[] {
  const waiting = blocks.map((block) => [...block]);
  const mixed: AnyChunk[] = [];
  const taken = new Set<string>();
  for (const turn of [...order, ...Array.from({ length: 200 }, (_, index) => index)]) {
    const block = waiting[turn % Math.max(1, waiting.length)];
    const next = block?.[0];
    if (next === undefined) continue;
    const id = `${next.type.split('-')[0]} ${next.id}`;
    if (next.type.endsWith('-start') && next.id !== undefined && taken.has(id)) continue;
    if (next.type.endsWith('-start')) taken.add(id);
    if (next.type.endsWith('-end')) taken.delete(id);
    mixed.push(next);
    block?.shift();
  }
  return mixed;
}

/** A whole stream. */
export const streams: fc.Arbitrary<AnyChunk[]> = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
    first: maybe(object),
    last: maybe(object),
  })
  .map(({ steps, first, last }) => [
    chunk({ type: 'start', messageId: 'm', messageMetadata: first }),
    ...steps.flat(),
    chunk({ type: 'finish', finishReason: 'stop', messageMetadata: last }),
  ]);
