// Whom a publish reaches: page by page, each device once (divergence D77). Nothing is remembered between pages: whether a device
// had its turn already is asked of the store, so an audience of any size needs the memory of one page.
import type { AcceptedPublish, AudienceMember, AudiencePage, PublishTarget } from '../contracts.ts';
import { tokenHashOf } from '../contracts.ts';
import type { StoredDevice } from '../devices/device.ts';
import type { Devices } from '../devices/devices.ts';
import { clientOf, type Subscription } from '../subscriptions/subscription.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import { EarlierTargets } from './earlier-targets.ts';

/** Where a page begins: a target, and how far it was gone through. */
interface Place {
  readonly target: number;
  /** Key of the last entry of the target's list. */
  readonly after?: string;
  /** In the middle of the devices of a client that is subscribed as a whole. */
  readonly scope?: { readonly clientId: string; readonly after?: string };
}

/** Devices in the order of the store, with the place behind them; null: the audience ends there. */
interface Portion {
  readonly devices: readonly StoredDevice[];
  readonly next: Place | null;
  /** Reached through their client, on a channel that some may be subscribed to themselves. */
  readonly isScope?: true;
}

export class Audience {
  readonly #devices: Devices;
  readonly #subscriptions: Subscriptions;

  constructor(devices: Devices, subscriptions: Subscriptions) {
    this.#devices = devices;
    this.#subscriptions = subscriptions;
  }

  /** @param select picks from devices of one page those that are wanted; default: all are */
  async page(
    publish: AcceptedPublish,
    cursor: string | null,
    limit: number,
    select: (devices: readonly StoredDevice[]) => Promise<readonly StoredDevice[]> = async (all) => all,
  ): Promise<AudiencePage> {
    const { appId, targets } = publish;
    const earlier = new EarlierTargets(appId, targets, this.#subscriptions);
    const members: AudienceMember[] = [];
    // CAST: cursors are made below and nowhere else.
    let place: Place | null = cursor === null ? { target: 0 } : (JSON.parse(cursor) as Place);
    while (place !== null && members.length < limit) {
      const target = targets[place.target];
      if (target === undefined) return { members, next: null };
      if (target.type === 'recipient') {
        const hash = tokenHashOf(target.recipient);
        if (earlier.isFirstRecipient(place.target, hash)) {
          members.push({ ref: { kind: 'recipient', index: place.target }, recipient: target.recipient });
        }
        place = following(targets, place.target);
        continue;
      }
      const portion = await this.#portion(appId, targets, place, limit - members.length);
      const fresh = await earlier.notReached(portion.devices, place.target, portion.isScope === true);
      for (const { id, recipient } of await select(fresh))
        members.push({ ref: { kind: 'device', deviceId: id }, recipient });
      place = portion.next;
    }
    return { members, next: place === null ? null : JSON.stringify(place) };
  }

  #portion(appId: string, targets: readonly PublishTarget[], place: Place, limit: number): Promise<Portion> {
    const target = targets[place.target];
    switch (target?.type) {
      case 'device':
        return this.#singleDevices(appId, targets, place.target, limit);
      case 'client':
        return this.#clientDevices(appId, target.clientId, place, limit, following(targets, place.target));
      case 'channel':
        return this.#channelDevices(appId, target.channel, place, limit, following(targets, place.target));
      default:
        return Promise.resolve({ devices: [], next: null });
    }
  }

  /** As many device targets as follow each other. */
  async #singleDevices(
    appId: string,
    targets: readonly PublishTarget[],
    from: number,
    limit: number,
  ): Promise<Portion> {
    const ids = new Set<string>();
    let index = from;
    for (; index < targets.length && index - from < limit; index += 1) {
      const target = targets[index];
      if (target?.type !== 'device') break;
      ids.add(target.deviceId);
    }
    const devices = await this.#devices.getMany(appId, [...ids]);
    return {
      devices: devices.filter((device) => device !== null),
      next: following(targets, index - 1),
    };
  }

  async #clientDevices(
    appId: string,
    clientId: string,
    { target, after }: Place,
    limit: number,
    behind: Place | null,
  ): Promise<Portion> {
    const { devices, next } = await this.#devices.ofClient(appId, clientId, { after, limit });
    return { devices, next: next === null ? behind : { target, after: next } };
  }

  async #channelDevices(
    appId: string,
    channel: string,
    place: Place,
    limit: number,
    behind: Place | null,
  ): Promise<Portion> {
    const { target, after, scope } = place;
    const here = after === undefined ? { target } : { target, after };
    if (scope !== undefined) {
      const page = { after: scope.after, limit };
      const { devices, next } = await this.#devices.ofClient(appId, scope.clientId, page);
      const inside = next === null ? here : { ...here, scope: { clientId: scope.clientId, after: next } };
      return { devices, next: inside, isScope: true };
    }
    const page = await this.#subscriptions.ofChannel(appId, channel, { after, limit });
    const { plain, scoped } = untilScope(page.subscriptions);
    const found = await this.#devices.getMany(
      appId,
      plain.map(({ deviceId }) => deviceId),
    );
    const devices = found.filter((device) => device !== null);
    if (scoped === null) return { devices, next: page.next === null ? behind : { target, after: page.next } };
    const clientId = clientOf(scoped) ?? '';
    const afterScope = this.#subscriptions.keyOf(appId, scoped);
    return { devices, next: { target, after: afterScope, scope: { clientId } } };
  }
}

/** Subscriptions up to the first that is for a whole client. */
function untilScope(subscriptions: readonly Subscription[]): {
  readonly plain: readonly Subscription[];
  readonly scoped: Subscription | null;
} {
  const at = subscriptions.findIndex((subscription) => clientOf(subscription) !== null);
  if (at === -1) return { plain: subscriptions, scoped: null };
  return { plain: subscriptions.slice(0, at), scoped: subscriptions[at] ?? null };
}

const following = (targets: readonly PublishTarget[], target: number): Place | null =>
  target + 1 < targets.length ? { target: target + 1 } : null;
