// Who is behind a mutation or an annotation: a trusted server, or a connection on whose behalf a server asks. Only the latter is
// held to capabilities (http.md sections 7 and 8).
import {
  allows,
  type Capabilities,
  type CapabilityOperation,
  httpError,
  type MutationKind,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';

/** What has to be known of a connection. */
export interface ActorConnection {
  readonly protocol: 1 | 2;
  /** Verified id, or null. */
  readonly userId: string | null;
  readonly capabilities: Capabilities | null;
}

/** Finds an open connection: of this node at once, of another one later. */
export type FindConnection = (
  app: App,
  socketId: string,
) => ActorConnection | undefined | Promise<ActorConnection | undefined>;

export interface Actor {
  /** Null: the trusted server itself. */
  readonly connection: ActorConnection | null;
  /** Whom the action is attributed to: the connection's verified user, or whomever the server names. */
  readonly clientId?: string;
}

type Noun = 'Mutation' | 'Annotation';

/** The actor that a request names. */
export interface ActorRequest {
  readonly socketId?: string;
  readonly clientId?: string;
}

/** @throws ProtocolError, or rejects with it, 401 `auth_failed` when the connection does not exist or is not whom the request says */
export function actorOf(
  find: FindConnection,
  app: App,
  { socketId, clientId }: ActorRequest,
  noun: Noun,
): Actor | Promise<Actor> {
  if (socketId === undefined) return { connection: null, ...(clientId !== undefined && { clientId }) };
  const found = find(app, socketId);
  const request = { socketId, clientId };
  if (found instanceof Promise) return found.then((connection) => actorBehind(connection, request, noun));
  return actorBehind(found, request, noun);
}

function actorBehind(
  connection: ActorConnection | undefined,
  { socketId, clientId }: { readonly socketId: string; readonly clientId: string | undefined },
  noun: Noun,
): Actor {
  const refuse = (text: string) => httpError('auth_failed', text);
  if (connection === undefined) throw refuse(`${noun} actor socket '${socketId}' is not connected`);
  if (connection.protocol !== 2) throw refuse(`${noun} actor socket must use protocol V2`);
  const { userId } = connection;
  if (clientId !== undefined && userId === null) {
    throw refuse(`${noun} actor socket is not signed in with an identified client`);
  }
  if (clientId !== undefined && clientId !== userId) {
    throw refuse(`Requested client_id '${clientId}' does not match authenticated actor '${userId}'`);
  }
  return { connection, ...(userId !== null && { clientId: userId }) };
}

const MESSAGE_OPERATIONS = {
  update: { any: 'message-update-any', own: 'message-update-own' },
  delete: { any: 'message-delete-any', own: 'message-delete-own' },
  append: { any: 'message-append-any', own: 'message-append-own' },
} as const;

/**
 * `any` reaches every message of the channel, `own` those that the actor created.
 * @throws ProtocolError 403 `mutable_not_permitted`
 */
export function requireMutation(
  { connection }: Actor,
  kind: MutationKind,
  channel: string,
  creatorId: string | undefined,
): void {
  if (connection === null) return;
  const { capabilities, userId } = connection;
  const may = (operation: CapabilityOperation) => allows(capabilities, operation, channel);
  const { any, own } = MESSAGE_OPERATIONS[kind];
  const isOwn = userId !== null && userId === creatorId;
  const mayPublish = capabilities?.source !== 'token' || may('publish');
  if (mayPublish && (may(any) || (isOwn && may(own)))) return;
  throw httpError('mutable_not_permitted', 'mutations not permitted on this channel');
}

/** @throws ProtocolError 403 `forbidden` unless the actor has every one of the capabilities */
export function requireAnnotationAccess(
  { connection }: Actor,
  operations: readonly CapabilityOperation[],
  channel: string,
): void {
  if (connection === null) return;
  if (operations.every((operation) => allows(connection.capabilities, operation, channel))) return;
  throw annotationForbidden(channel);
}

/**
 * Whoever is identified may take back its own annotations, or any.
 * @throws ProtocolError 403 `forbidden`
 */
export function requireAnnotationDelete(
  { connection }: Actor,
  channel: string,
  annotatorId: string | undefined,
): void {
  if (connection === null) return;
  const { capabilities, userId } = connection;
  if (userId !== null) {
    if (allows(capabilities, 'annotation-delete-any', channel)) return;
    if (userId === annotatorId && allows(capabilities, 'annotation-delete-own', channel)) return;
  }
  throw annotationForbidden(channel);
}

const annotationForbidden = (channel: string) =>
  httpError('forbidden', `annotations not permitted on channel '${channel}'`);
