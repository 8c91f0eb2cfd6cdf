import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReadEvent, readEvents } from './event-source-reader.ts';

async function read(chunks: readonly Uint8Array[]): Promise<ReadEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events: ReadEvent[] = [];
  for await (const event of readEvents(body, () => {})) events.push(event);
  return events;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readEvents', () => {
  it('reads fields, and nothing of comments and blocks without data', async () => {
    const text =
      ':\n\nretry: 1\n\nevent: tick\ndata: {"a": "b: c"}\nid: s:1\n\ndata: x\n\nevent: cut\ndata: y\n';
    expect(await read([bytesOf(text)])).toEqual([
      { event: 'tick', data: '{"a": "b: c"}', id: 's:1' },
      { event: 'message', data: 'x', id: '' },
    ]);
  });

  it('reads the same wherever the bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ' '));
    const event = fc.record({ event: line, data: line, id: line });
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.integer({ min: 1, max: 9 }), async (events, size) => {
        const bytes = bytesOf(
          events.map(({ event, data, id }) => `event: ${event}\ndata: ${data}\nid: ${id}\n\n`).join(''),
        );
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.slice(i * size, (i + 1) * size),
        );
        expect(await read(chunks)).toEqual(events);
      }),
    );
  });
});
