/**
 * Channels that show who is there. Keeps the members; must not know how they are rendered or stored.
 * Source: Pusher protocol, "presence channels"; Sockudo protocol 2, presence_update.
 */
import {
  isJsonObject,
  isPresenceHistoryAnswer,
  isPresenceSnapshotAnswer,
  member,
  type Page,
  type PresenceHistoryAnswer,
  type PresenceHistoryItem,
  type PresenceSnapshotAnswer,
  pageOf,
  tryParseJson,
} from '@sockudo/protocol';
import { checked } from './application-endpoint.ts';
import { metadataOf } from './channel.ts';
import type { Undeclared } from './emitter.ts';
import type { Frame } from './frame.ts';
import { type Member, Members, memberId } from './members.ts';
import type { ChannelAuthorizationData } from './options.ts';
import { PrivateChannel } from './private-channel.ts';

/** What to read of a presence history; bounds are inclusive. Member names are those of the HTTP API, which the backend asks. */
export interface PresenceHistoryParams {
  readonly limit?: number;
  /** Default `newest_first`. */
  readonly direction?: 'newest_first' | 'oldest_first';
  readonly cursor?: string;
  readonly start_serial?: number;
  readonly end_serial?: number;
  /** Milliseconds since the epoch. */
  readonly start_time_ms?: number;
  readonly end_time_ms?: number;
}

export type PresenceHistoryPage = Page<PresenceHistoryAnswer, PresenceHistoryItem>;

interface PresenceEventData<Info> {
  subscription_succeeded: Members<Info>;
  member_added: Member<Info>;
  member_removed: Member<Info>;
}

/** Events of presence channels; both prefixes as for every channel. */
export type PresenceEvents<Info = unknown> = {
  [Name in keyof PresenceEventData<Info> as
    | `pusher:${Name}`
    | `sockudo:${Name}`]: PresenceEventData<Info>[Name];
};

export class PresenceChannel<Events extends object = Undeclared, Info = unknown> extends PrivateChannel<
  PresenceEvents<Info> & Events
> {
  readonly members: Members<Info> = new Members<Info>();
  #signedInId: string | null = null;

  /** Replaces this member's `user_info` for everybody (protocol 2). False when not connected. */
  update(userInfo: unknown): boolean {
    // Text, because Sockudo itself refuses an object that has a `channel`.
    const data = JSON.stringify({ channel: this.name, data: userInfo });
    return this.host.send(this.host.names.platform('presence_update'), data);
  }

  /** A page of who came, changed and left. This and `presenceSnapshot` are asked through `presenceHistory.endpoint`. */
  async presenceHistory(params: PresenceHistoryParams = {}): Promise<PresenceHistoryPage> {
    const question = { channel: this.name, params, action: 'history' };
    const answer = await checked(this.host.askAboutPresence(question), isPresenceHistoryAnswer);
    const { has_more: hasMore, next_cursor: cursor } = answer;
    if (!hasMore || cursor === null) return pageOf<PresenceHistoryAnswer, PresenceHistoryItem>(answer, null);
    return pageOf<PresenceHistoryAnswer, PresenceHistoryItem>(answer, () =>
      this.presenceHistory({ ...params, cursor }),
    );
  }

  /** Who was there at a serial or a time (milliseconds since the epoch); default: now. */
  presenceSnapshot(
    params: { readonly at_serial?: number; readonly at_time_ms?: number } = {},
  ): Promise<PresenceSnapshotAnswer> {
    const question = { channel: this.name, params, action: 'snapshot' };
    return checked(this.host.askAboutPresence(question), isPresenceSnapshotAnswer);
  }

  override connectionLost(): void {
    this.members.reset();
    super.connectionLost();
  }

  override handleFrame(frame: Frame): void {
    const { names } = this.host;
    switch (frame.event) {
      case names.internal('member_added'):
        this.#announce('member_added', this.members.addMember(frame.data), frame);
        break;
      case names.internal('member_removed'):
        this.#announce('member_removed', this.members.removeMember(frame.data), frame);
        break;
      case names.internal('presence_update'):
        this.members.addMember(frame.data);
        super.handleFrame(frame);
        break;
      default:
        super.handleFrame(frame);
    }
  }

  /** Without `channel_data` the signed-in user joins; a sign-in under way is waited for. */
  protected override async authorization(): Promise<ChannelAuthorizationData> {
    const data = await super.authorization();
    if (data.channel_data !== undefined) return data;
    this.#signedInId = await this.host.signedInUser();
    if (this.#signedInId === null) {
      throw new Error(`The authorisation of ${this.name} has no channel_data, and nobody is signed in`);
    }
    return data;
  }

  protected override accepted({ channel_data }: ChannelAuthorizationData): void {
    const id = channel_data === undefined ? this.#signedInId : memberId(tryParseJson(channel_data));
    if (id === undefined || id === null) throw new Error(`The channel_data of ${this.name} has no user_id`);
    this.members.setMyID(id);
  }

  /** Presence by name only (Sockudo's presence-cache- channels) acknowledges without a list: then the room looks empty. */
  protected override acknowledgement(frame: Frame): unknown {
    if (isJsonObject(frame.data) && member(frame.data, 'presence') === undefined) {
      this.host.logger.debug(`${this.name} was acknowledged without members`);
    }
    this.members.onSubscription(frame.data);
    return this.members;
  }

  #announce(name: keyof PresenceEventData<Info>, about: Member<Info> | null, frame: Frame): void {
    if (about !== null) this.emit(this.host.names.platform(name), about, metadataOf(frame));
  }
}
