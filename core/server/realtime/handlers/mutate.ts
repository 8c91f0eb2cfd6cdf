// sockudo:mutate: a client changes a message as a backend does that names its socket: the same rules of who may (actor.ts), the
// same step, the same answer.
import { type ClientFrame, parseClientMutation } from '@sockudo/protocol';
import { acknowledge, requireSubscription } from '../acknowledged-request.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { clientNameError, isClientName } from './publish.ts';

export function handleMutate(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  return acknowledge('mutate', connection, frame, context, async (body) => {
    const { channel, messageSerial, request } = parseClientMutation(body);
    if (request.kind === 'update' && request.name !== undefined) requireClientName(request.name);
    requireSubscription(connection, channel);
    context.stages.checkClientMutation(connection, channel, request);
    const { app, socketId } = connection;
    // A fence is a backend's: whether one is held is nothing for a client to ask.
    const { fence: _, ...own } = request;
    return context.mutations.change(app, channel, messageSerial, { ...own, socketId });
  });
}

/**
 * A message must not get a name under which its client could not have published it: those of plug-ins are left out, since their
 * handlers see no changes.
 * @throws ProtocolError 4000 `Invalid event name: …`
 */
function requireClientName(name: string): void {
  if (!isClientName(name)) throw clientNameError();
}
