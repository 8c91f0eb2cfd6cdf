import { type Capabilities, type CapabilityOperation, ProtocolError } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import { fakeApp } from '../http/fake-deps.ts';
import {
  type ActorConnection,
  actorOf,
  requireAnnotationAccess,
  requireAnnotationDelete,
  requireMutation,
} from './actor.ts';

const app = fakeApp();

function capabilities(source: 'token' | 'signin', ...operations: CapabilityOperation[]): Capabilities {
  return { source, grants: new Map(operations.map((operation) => [operation, ['room*']])) };
}

function connection(changes: Partial<ActorConnection> = {}): ActorConnection {
  return { protocol: 2, userId: 'ann', capabilities: null, ...changes };
}

const byOne = (one?: ActorConnection) => () => one;

function refusal(attempt: () => unknown): Pick<ProtocolError, 'httpStatus' | 'code' | 'detail'> {
  try {
    attempt();
  } catch (error) {
    if (ProtocolError.is(error)) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('the actor of a request', () => {
  it('is the server itself, or the verified user of the connection that it names', () => {
    expect(actorOf(byOne(), app, {}, 'Mutation')).toEqual({ connection: null });
    expect(actorOf(byOne(), app, { clientId: 'bob' }, 'Mutation')).toEqual({
      connection: null,
      clientId: 'bob',
    });
    const ann = connection();
    expect(actorOf(byOne(ann), app, { socketId: '1.1' }, 'Mutation')).toEqual({
      connection: ann,
      clientId: 'ann',
    });
    const anonymous = connection({ userId: null });
    expect(actorOf(byOne(anonymous), app, { socketId: '1.1' }, 'Mutation')).toEqual({
      connection: anonymous,
    });
  });

  it.each([
    [undefined, { socketId: '1.1' }, "Mutation actor socket '1.1' is not connected"],
    [undefined, { socketId: '' }, "Mutation actor socket '' is not connected"],
    [connection({ protocol: 1 }), { socketId: '1.1' }, 'Mutation actor socket must use protocol V2'],
    [
      connection({ userId: null }),
      { socketId: '1.1', clientId: 'ann' },
      'Mutation actor socket is not signed in with an identified client',
    ],
    [
      connection(),
      { socketId: '1.1', clientId: 'bob' },
      "Requested client_id 'bob' does not match authenticated actor 'ann'",
    ],
  ])('is refused with 401 when it is not whom it says', (found, request, text) => {
    expect(refusal(() => actorOf(byOne(found), app, request, 'Mutation'))).toMatchObject({
      httpStatus: 401,
      code: 'auth_failed',
      detail: text,
    });
  });
});

describe('a mutation', () => {
  const may = (one: ActorConnection | null, creatorId?: string, channel = 'room-1') => {
    try {
      requireMutation({ connection: one }, 'append', channel, creatorId);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ httpStatus: 403, code: 'mutable_not_permitted', aiCode: 93002 });
      return false;
    }
  };

  it('is the server’s to make, and a client’s only with a grant', () => {
    expect(may(null)).toBe(true);
    expect(may(connection())).toBe(false);
    const any = connection({ capabilities: capabilities('signin', 'message-append-any') });
    expect(may(any, 'bob')).toBe(true);
    expect(may(any, 'bob', 'elsewhere')).toBe(false);
    expect(may(connection({ capabilities: capabilities('signin', 'message-update-any') }), 'bob')).toBe(
      false,
    );
  });

  it('of one’s own message needs both sides to be known', () => {
    const own = capabilities('signin', 'message-append-own');
    expect(may(connection({ capabilities: own }), 'ann')).toBe(true);
    expect(may(connection({ capabilities: own }), 'bob')).toBe(false);
    expect(may(connection({ capabilities: own }), undefined)).toBe(false);
    expect(may(connection({ capabilities: own, userId: null }), undefined)).toBe(false);
  });

  it('needs to be a publisher, too, where a token says what one may do', () => {
    expect(may(connection({ capabilities: capabilities('token', 'message-append-any') }))).toBe(false);
    expect(may(connection({ capabilities: capabilities('token', 'message-append-any', 'publish') }))).toBe(
      true,
    );
  });
});

describe('an annotation', () => {
  const ann = (...operations: CapabilityOperation[]) => ({
    connection: connection({ capabilities: capabilities('token', ...operations) }),
  });

  it('needs every capability of its request', () => {
    const needed = ['publish', 'annotation-publish'] as const;
    requireAnnotationAccess({ connection: null }, needed, 'room-1');
    requireAnnotationAccess(ann(...needed), needed, 'room-1');
    const refused = refusal(() => requireAnnotationAccess(ann('annotation-publish'), needed, 'room-1'));
    expect(refused).toMatchObject({ httpStatus: 403, code: 'forbidden' });
  });

  it('is taken back by whoever may take back any, or this one', () => {
    requireAnnotationDelete({ connection: null }, 'room-1', 'bob');
    requireAnnotationDelete(ann('annotation-delete-any'), 'room-1', 'bob');
    requireAnnotationDelete(ann('annotation-delete-own'), 'room-1', 'ann');
    for (const [actor, annotator] of [
      [ann('annotation-delete-own'), 'bob'],
      [ann('annotation-delete-own'), undefined],
      [ann('annotation-publish'), 'ann'],
    ] as const) {
      expect(refusal(() => requireAnnotationDelete(actor, 'room-1', annotator)).httpStatus).toBe(403);
    }
    const nobody = {
      connection: connection({ userId: null, capabilities: capabilities('token', 'annotation-delete-any') }),
    };
    expect(refusal(() => requireAnnotationDelete(nobody, 'room-1', 'bob')).httpStatus).toBe(403);
  });
});
