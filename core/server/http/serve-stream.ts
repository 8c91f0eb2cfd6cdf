// Puts an opened stream onto a request and its response: head at once, body as it comes, and an end for a sender who does not
// stop when it was told so.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamAnswer } from './exchange-types.ts';
import type { OpenStreams } from './open-streams.ts';
import { limitUpload } from './request-timeout.ts';

/** How long what still arrives after the end of the answer is thrown away, so that the answer can be read first. */
const LINGER_MS = 5_000;

/** Rejects with what the stream rejects with; the caller ends the connection then. */
export async function serveStream(
  answer: StreamAnswer,
  request: IncomingMessage,
  response: ServerResponse,
  streams: OpenStreams,
): Promise<void> {
  if (response.destroyed) return;
  response.on('error', ignore);
  request.on('error', ignore);
  const fields = ['content-type', answer.contentType, 'cache-control', 'no-store', 'x-accel-buffering', 'no'];
  for (const [name, value] of answer.headers ?? []) fields.push(name, value);
  response.writeHead(200, fields);
  response.flushHeaders();
  request.socket.setNoDelay(true);
  const { ending, remove } = streams.add(response, answer.beat);
  try {
    await answer.run({ input: request, output: response, ending });
  } finally {
    remove();
    limitUpload(request, response, LINGER_MS);
  }
}

/** A peer that goes away is seen by 'close'. */
function ignore(): void {}
