/**
 * Who is in a presence room, kept from the acknowledgement's list and the join and leave frames.
 * Must not know: frames, channels. Ids are chosen by users: they live in a prototype-free object.
 */
import { isJsonObject, member } from '@sockudo/protocol';

/** One member as handed to the application. */
export interface Member<Info = unknown> {
  readonly id: string;
  /** The member's `user_info`. */
  readonly info: Info;
}

/** Ids are strings on the wire; numbers are tolerated. */
export function memberId(data: unknown): string | undefined {
  const id = isJsonObject(data) ? member(data, 'user_id') : undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

export class Members<Info = unknown> {
  /** Member info by id; the object has no prototype. Read it, do not change it. */
  members: Record<string, Info> = Object.create(null);
  /** Number of members (users, not connections). */
  count = 0;
  /** Id of this connection's user; null before the subscription was authorised. */
  myID: string | null = null;
  /** This connection's own entry; null before the acknowledgement. */
  me: Member<Info> | null = null;

  /** The member with this id, or null. */
  get(id: string): Member<Info> | null {
    return Object.hasOwn(this.members, id) ? memberOf(id, this.members) : null;
  }

  /** Calls back once for each member, in no particular order. */
  each(callback: (member: Member<Info>) => void): void {
    for (const id of Object.keys(this.members)) callback(memberOf(id, this.members));
  }

  /** For internal use. */
  setMyID(id: string): void {
    this.myID = id;
  }

  /** For internal use: takes over the list of an acknowledgement (`{presence: {hash}}`); one without list empties it. */
  onSubscription(data: unknown): void {
    const presence = isJsonObject(data) ? member(data, 'presence') : undefined;
    const hash = isJsonObject(presence) ? member(presence, 'hash') : undefined;
    this.members = Object.create(null);
    // CAST: `Info` is the application's claim about its own user_info.
    for (const [id, info] of isJsonObject(hash) ? Object.entries(hash) : []) this.members[id] = info as Info;
    this.count = Object.keys(this.members).length;
    this.me = this.myID === null ? null : this.get(this.myID);
  }

  /** For internal use: adds or replaces; null for data without id. */
  addMember(data: unknown): Member<Info> | null {
    const id = memberId(data);
    if (id === undefined || !isJsonObject(data)) return null;
    if (!Object.hasOwn(this.members, id)) this.count += 1;
    // CAST: `Info` is the application's claim about its own user_info.
    this.members[id] = member(data, 'user_info') as Info;
    if (id === this.myID) this.me = this.get(id);
    return this.get(id);
  }

  /** For internal use: removes; null when nobody of that id was there. */
  removeMember(data: unknown): Member<Info> | null {
    const id = memberId(data);
    const leaving = id === undefined ? null : this.get(id);
    if (leaving === null) return null;
    delete this.members[leaving.id];
    this.count -= 1;
    return leaving;
  }

  /** For internal use: back to the beginning, after a disconnect. */
  reset(): void {
    this.members = Object.create(null);
    this.count = 0;
    this.myID = null;
    this.me = null;
  }
}

const memberOf = <Info>(id: string, members: Record<string, Info>): Member<Info> => ({
  id,
  // CAST: the caller has seen that the id is a key; Info itself may include undefined.
  info: members[id] as Info,
});
