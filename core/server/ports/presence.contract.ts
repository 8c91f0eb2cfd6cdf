// The contract suite of the Presence port; every driver passes it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JoinResult, Presence } from './presence.ts';

type JoinGiven = { readonly channel?: string; readonly info?: string; readonly maxMembers?: number };

/** @param open gives a Presence without members; the suite closes it. */
export function presenceContract(name: string, open: () => Promise<Presence>): void {
  async function withPresence(test: (presence: Presence) => Promise<void>): Promise<void> {
    const presence = await open();
    try {
      await test(presence);
    } finally {
      await presence.close();
    }
  }

  describe(`presence: ${name}`, () => {
    it('lists members in order of arrival, the joining one included', async () => {
      await withPresence(async (presence) => {
        const first = await join(presence, 's1', 'ann', { info: '{"n":1}' });
        const second = await join(presence, 's2', 'bob');
        expect(first).toEqual({
          kind: 'joined',
          isFirst: true,
          members: [{ userId: 'ann', info: '{"n":1}' }],
        });
        expect(userIdsOf(second)).toEqual(['ann', 'bob']);
        expect((await presence.members('app', 'room')).map(({ userId }) => userId)).toEqual(['ann', 'bob']);
      });
    });

    it('takes several connections of a user for one member', async () => {
      await withPresence(async (presence) => {
        await join(presence, 's1', 'ann');
        const again = await join(presence, 's2', 'ann', { info: '"newer"' });
        expect(again).toEqual({
          kind: 'joined',
          isFirst: false,
          members: [{ userId: 'ann', info: '"newer"' }],
        });
        expect(await presence.leave('app', 'room', 's1')).toEqual({ userId: 'ann', isLast: false });
        expect(await presence.leave('app', 'room', 's2')).toEqual({ userId: 'ann', isLast: true });
        expect(await presence.members('app', 'room')).toEqual([]);
      });
    });

    it('is never first for a socket that joins again, whose info is replaced', async () => {
      await withPresence(async (presence) => {
        await join(presence, 's1', 'ann');
        expect(await join(presence, 's1', 'ann', { info: '"new"' })).toMatchObject({ isFirst: false });
        expect(await presence.members('app', 'room')).toEqual([{ userId: 'ann', info: '"new"' }]);
        expect(await presence.leave('app', 'room', 's1')).toMatchObject({ isLast: true });
      });
    });

    it('keeps the user a socket joined as, whatever it calls itself later (divergence D24)', async () => {
      await withPresence(async (presence) => {
        await join(presence, 's1', 'ann');
        await join(presence, 's2', 'bob', { info: '"bob"' });
        await join(presence, 's1', 'bob', { info: '"forged"' });
        expect((await presence.members('app', 'room'))[1]).toEqual({ userId: 'bob', info: '"bob"' });
        expect(await presence.leave('app', 'room', 's1')).toEqual({ userId: 'ann', isLast: true });
      });
    });

    it('counts users against the limit, not connections (divergence D23)', async () => {
      await withPresence(async (presence) => {
        const limit = { maxMembers: 2 };
        await join(presence, 's1', 'ann', limit);
        await join(presence, 's2', 'bob', limit);
        expect(await join(presence, 's3', 'cid', limit)).toEqual({ kind: 'full' });
        expect(await join(presence, 's4', 'ann', limit)).toMatchObject({ kind: 'joined', isFirst: false });
        expect(await join(presence, 's3', 'cid', { channel: 'other', maxMembers: 0 })).toEqual({
          kind: 'full',
        });
        await presence.leave('app', 'room', 's2');
        expect(await join(presence, 's3', 'cid', limit)).toMatchObject({ kind: 'joined', isFirst: true });
      });
    });

    it('updates members and nobody else', async () => {
      await withPresence(async (presence) => {
        await join(presence, 's1', 'ann');
        expect(await presence.update('app', 'room', { userId: 'ann', info: '"x"' })).toBe(true);
        expect(await presence.update('app', 'room', { userId: 'bob', info: '"x"' })).toBe(false);
        expect(await presence.update('app', 'other', { userId: 'ann', info: '"x"' })).toBe(false);
        expect(await presence.members('app', 'room')).toEqual([{ userId: 'ann', info: '"x"' }]);
      });
    });

    it('answers null for sockets it does not know, and keeps apps and channels apart', async () => {
      await withPresence(async (presence) => {
        await join(presence, 's1', 'ann');
        expect(await presence.leave('app', 'room', 's9')).toBeNull();
        expect(await presence.leave('app', 'other', 's1')).toBeNull();
        expect(await presence.leave('other', 'room', 's1')).toBeNull();
        expect(await presence.members('other', 'room')).toEqual([]);
      });
    });

    it('treats names of object prototypes like any other', async () => {
      await withPresence(async (presence) => {
        expect(await join(presence, '__proto__', 'constructor', { channel: '__proto__' })).toMatchObject({
          isFirst: true,
        });
        expect(await presence.leave('app', '__proto__', '__proto__')).toMatchObject({ isLast: true });
      });
    });

    it('lists whoever has a connection left, in any order of joins and leaves', async () => {
      const step = fc.record({
        isJoin: fc.boolean(),
        socket: fc.nat({ max: 5 }),
        user: fc.nat({ max: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          await withPresence(async (presence) => {
            const users = new Map<string, string>();
            for (const { isJoin, socket, user } of steps) {
              const socketId = `s${socket}`;
              const wasPresent = [...users.values()];
              if (isJoin) {
                const result = await join(presence, socketId, `u${user}`);
                const isFirst = !users.has(socketId) && !wasPresent.includes(`u${user}`);
                if (!users.has(socketId)) users.set(socketId, `u${user}`);
                expect(result).toMatchObject({ isFirst });
              } else {
                const userId = users.get(socketId);
                users.delete(socketId);
                const isLast = userId !== undefined && ![...users.values()].includes(userId);
                const expected = userId === undefined ? null : { userId, isLast };
                expect(await presence.leave('app', 'room', socketId)).toEqual(expected);
              }
            }
            const members = await presence.members('app', 'room');
            expect(members.map(({ userId }) => userId).sort()).toEqual([...new Set(users.values())].sort());
          });
        }),
      );
    });
  });
}

function join(
  presence: Presence,
  socketId: string,
  userId: string,
  { channel = 'room', info = '{}', maxMembers }: JoinGiven = {},
): Promise<JoinResult> {
  const request = { appId: 'app', channel, socketId, member: { userId, info } };
  return presence.join(maxMembers === undefined ? request : { ...request, maxMembers });
}

function userIdsOf(result: JoinResult): string[] {
  return result.kind === 'joined' ? result.members.map(({ userId }) => userId) : [];
}
