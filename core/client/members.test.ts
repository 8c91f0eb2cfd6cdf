import { describe, expect, it } from 'vitest';
import { Members } from './members.ts';

const list = (hash: Record<string, unknown>) => ({
  presence: { ids: Object.keys(hash), hash, count: Object.keys(hash).length },
});

describe('Members', () => {
  it('takes over the list of an acknowledgement', () => {
    const members = new Members();
    members.setMyID('u-7');
    members.onSubscription(list({ 'u-7': { name: 'Ada' }, 'u-9': {} }));
    expect(members.count).toBe(2);
    expect(members.get('u-9')).toEqual({ id: 'u-9', info: {} });
    expect(members.get('u-8')).toBeNull();
    expect(members.me).toEqual({ id: 'u-7', info: { name: 'Ada' } });
    const seen: string[] = [];
    members.each(({ id }) => seen.push(id));
    expect(seen.sort()).toEqual(['u-7', 'u-9']);
  });

  it('adds, replaces and removes', () => {
    const members = new Members();
    members.onSubscription(list({ a: 1 }));
    expect(members.addMember({ user_id: 'b', user_info: 2 })).toEqual({ id: 'b', info: 2 });
    expect(members.addMember({ user_id: 'b', user_info: 3 })).toEqual({ id: 'b', info: 3 });
    expect(members.count).toBe(2);
    expect(members.removeMember({ user_id: 'b' })).toEqual({ id: 'b', info: 3 });
    expect(members.removeMember({ user_id: 'b' })).toBeNull();
    expect(members.count).toBe(1);
  });

  it('follows changes of its own entry', () => {
    const members = new Members();
    members.setMyID('a');
    members.onSubscription(list({ a: 1 }));
    members.addMember({ user_id: 'a', user_info: 2 });
    expect(members.me).toEqual({ id: 'a', info: 2 });
  });

  it('treats ids that are keys of Object as any other', () => {
    const members = new Members();
    members.onSubscription(
      JSON.parse('{"presence":{"hash":{"__proto__":{"x":1},"constructor":{}},"count":2}}'),
    );
    expect(members.count).toBe(2);
    expect(members.get('__proto__')).toEqual({ id: '__proto__', info: { x: 1 } });
    expect(members.get('toString')).toBeNull();
    members.removeMember({ user_id: 'constructor' });
    expect(members.count).toBe(1);
  });

  it('survives nonsense', () => {
    const members = new Members();
    members.onSubscription(null);
    members.onSubscription({ presence: [] });
    expect(members.addMember({})).toBeNull();
    expect(members.removeMember('x')).toBeNull();
    expect(members.count).toBe(0);
  });

  it('starts over after a disconnect', () => {
    const members = new Members();
    members.setMyID('a');
    members.onSubscription(list({ a: 1 }));
    members.reset();
    expect(members).toMatchObject({ count: 0, myID: null, me: null });
    expect(members.get('a')).toBeNull();
  });
});
