// sockudo:mutate: a client changes a message as a backend does that names its socket: the same rules of who may (actor.ts), the
// same step, the same answer.
import { type ClientFrame, parseClientMutation } from '@sockudo/protocol';
import { acknowledge, requireSubscription } from '../acknowledged-request.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { requireName } from './publish.ts';

export function handleMutate(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  return acknowledge('mutate', connection, frame, context, async (body) => {
    const { channel, messageSerial, request } = parseClientMutation(body);
    // A message must not get a name that its client could not have published.
    if (request.kind === 'update' && request.name !== undefined) requireName(request.name, context);
    requireSubscription(connection, channel);
    const { app, socketId } = connection;
    return context.mutations.change(app, channel, messageSerial, { ...request, socketId });
  });
}
