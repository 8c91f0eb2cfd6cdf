/** Events as a body of server-sent events. Must not know: where they come from. */
import type { Event } from '@ag-ui/core';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Proxies that gather bytes would hold a token back.
  'x-accel-buffering': 'no',
};

/**
 * An HTTP answer that tells the events. Read one by one: a reader that is slow gets larger pieces of text, and nothing piles up.
 * @param open gives the events; the signal fires when the reader has gone
 */
export function eventResponse(
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  given?: AbortSignal,
): Response {
  const left = new AbortController();
  const signal = given === undefined ? left.signal : AbortSignal.any([given, left.signal]);
  const events = open(signal)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await events.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(`data: ${JSON.stringify(next.value)}\n\n`));
      },
      cancel(reason) {
        left.abort(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: HEADERS });
}
