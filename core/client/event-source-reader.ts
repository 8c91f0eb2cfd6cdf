/**
 * Server-Sent Events out of the bytes of an answer (HTML standard, "interpreting an event stream"), as far as this server writes
 * them: LF, one `data` line. Must not know: what the events mean.
 */

export interface ReadEvent {
  readonly event: string;
  readonly data: string;
  /** Empty: none was sent. */
  readonly id: string;
}

/** Longest block that is waited for, in UTF-16 units. */
const MAX_BLOCK = 16 * 1024 * 1024;

/** `onBytes`: something came, be it a sign of life only. A block that is cut off is dropped. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ReadEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MAX_BLOCK) throw new Error('An event is too long');
    for (const block of blocks) {
      const event = eventIn(block);
      if (event !== undefined) yield event;
    }
  }
}

function eventIn(block: string): ReadEvent | undefined {
  const fields = { event: 'message', id: '', data: undefined as string | undefined };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    const name = colon === -1 ? '' : line.slice(0, colon);
    if (name === 'event' || name === 'data' || name === 'id') fields[name] = line.slice(colon + 2);
  }
  const { event, id, data } = fields;
  return data === undefined ? undefined : { event, id, data };
}
