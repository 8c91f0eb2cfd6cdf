/** For servers that speak AG-UI over HTTP. Must not know: any HTTP framework. */
import type { RunAgentInput } from '@ag-ui/core';
import { RunAgentInputSchema } from '@ag-ui/core/schemas';
import type { Session } from '@sockudo/ai-transport';
import { runEvents, type StreamOptions } from './events.ts';
import { eventResponse } from './sse.ts';

/**
 * Answers a request of an `HttpAgent` out of a session, which the server holds for its user. A reader that goes stops nothing; who shall stop
 * the run calls `session.cancel`.
 * @param body of the request, parsed; one that is no `RunAgentInput` gets status 400 and `{ error: 'invalid_input', message }`
 */
export function serveRun(session: Session, body: unknown, options: StreamOptions = {}): Response {
  const read = RunAgentInputSchema.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    const message = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`;
    return Response.json({ error: 'invalid_input', message }, { status: 400 });
  }
  // CAST: what is absent may be undefined in the schema's type.
  const input = read.data as RunAgentInput;
  return eventResponse((signal) => runEvents(session, input, { ...options, signal }), options.signal);
}
