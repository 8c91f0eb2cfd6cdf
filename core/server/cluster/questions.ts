// What the nodes ask each other, and what they answer: who is behind a socket, and closing what a revoked token let in.
import type { Capabilities, CapabilityOperation } from '@sockudo/protocol';
import { z } from 'zod';
import type { App } from '../apps/app.ts';
import type { ActorConnection } from '../messages/actor.ts';
import type { Fanout, NodeQuestion } from '../ports/fanout.ts';
import type { RealtimeContext } from '../realtime/context.ts';
import { closeRevoked } from '../realtime/token-session.ts';

/** What may be known of a connection of another node. */
const connectionFacts = z.object({
  protocol: z.union([z.literal(1), z.literal(2)]),
  userId: z.string().nullable(),
  capabilities: z
    .object({
      source: z.enum(['token', 'signin']),
      grants: z.array(z.tuple([z.string(), z.array(z.string())])),
    })
    .nullable(),
});

/** The answer of this node. */
export function answerQuestion(context: RealtimeContext, question: NodeQuestion): unknown {
  if (question.kind === 'close-revoked') return closeRevoked(context, question.appId, question);
  const connection = context.hub.app(question.appId).connections.get(question.socketId);
  return connection === undefined ? null : factsOf(connection);
}

/** A connection that is not of this node. */
export async function findElsewhere(
  fanout: Fanout,
  { id: appId }: App,
  socketId: string,
): Promise<ActorConnection | undefined> {
  const [answer] = await fanout.ask({ kind: 'connection', appId, socketId }, () => true);
  const facts = connectionFacts.safeParse(answer);
  if (!facts.success) return undefined;
  const { protocol, userId, capabilities } = facts.data;
  return { protocol, userId, capabilities: capabilities && capabilitiesOf(capabilities) };
}

/** Closes what lives by one of these tokens on all nodes; answers how many connections (divergence D61). */
export async function closeRevokedEverywhere(
  context: RealtimeContext,
  appId: string,
  tokens: { readonly jti?: string; readonly clientId?: string },
): Promise<number> {
  const here = closeRevoked(context, appId, tokens);
  const elsewhere = await context.fanout.ask({ kind: 'close-revoked', appId, ...tokens });
  return elsewhere.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), here);
}

function factsOf({ protocol, userId, capabilities }: ActorConnection): z.input<typeof connectionFacts> {
  if (capabilities === null) return { protocol, userId, capabilities };
  const grants = [...capabilities.grants].map(([operation, patterns]): [string, string[]] => [
    operation,
    [...patterns],
  ]);
  return { protocol, userId, capabilities: { source: capabilities.source, grants } };
}

function capabilitiesOf({
  source,
  grants,
}: NonNullable<z.output<typeof connectionFacts>['capabilities']>): Capabilities {
  // CAST: operations were checked by the node that has the connection; one that this node does not know is asked for nowhere.
  return { source, grants: new Map(grants as [CapabilityOperation, string[]][]) };
}
