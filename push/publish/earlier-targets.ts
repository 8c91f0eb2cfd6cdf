// Which devices of a target were reached by one before it. Asked of the store, so that nothing has to be remembered.
import { type PublishTarget, tokenHashOf } from '../contracts.ts';
import type { StoredDevice } from '../devices/device.ts';
import { scopeOf } from '../subscriptions/subscription.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';

/** With more channels before it, a device's own subscriptions are looked through instead of asking for each of them. */
const MAX_PAIRS_PER_DEVICE = 16;
const PAIRS_AT_ONCE = 1000;
const PAGE = 1000;

interface Pair {
  readonly device: string;
  readonly channel: string;
  readonly deviceId: string;
}

export class EarlierTargets {
  readonly #appId: string;
  readonly #targets: readonly PublishTarget[];
  readonly #subscriptions: Subscriptions;
  /** Places of the first target of each kind and name. */
  readonly #devices: ReadonlyMap<string, number>;
  readonly #clients: ReadonlyMap<string, number>;
  readonly #channels: ReadonlyMap<string, number>;
  readonly #recipients: ReadonlyMap<string, number>;

  constructor(appId: string, targets: readonly PublishTarget[], subscriptions: Subscriptions) {
    this.#appId = appId;
    this.#targets = targets;
    this.#subscriptions = subscriptions;
    this.#devices = firstPlaces(targets, (target) => (target.type === 'device' ? target.deviceId : null));
    this.#clients = firstPlaces(targets, (target) => (target.type === 'client' ? target.clientId : null));
    this.#channels = firstPlaces(targets, (target) => (target.type === 'channel' ? target.channel : null));
    this.#recipients = firstPlaces(targets, (target) =>
      target.type === 'recipient' ? tokenHashOf(target.recipient) : null,
    );
  }

  isFirstRecipient(place: number, tokenHash: string): boolean {
    return this.#recipients.get(tokenHash) === place;
  }

  /**
   * Those that no target before this place reaches.
   * @param isScope they are devices of a subscribed client: those that are subscribed to the channel themselves have their own turn
   */
  async notReached(
    devices: readonly StoredDevice[],
    place: number,
    isScope: boolean,
  ): Promise<readonly StoredDevice[]> {
    const rest = devices.filter((device) => !this.#isNamedBefore(device, place));
    const channels = this.#channelsBefore(place);
    const target = this.#targets[place];
    const own = isScope && target?.type === 'channel' ? target.channel : null;
    if (rest.length === 0 || (channels.size === 0 && own === null)) return rest;
    const reached =
      channels.size * 2 <= MAX_PAIRS_PER_DEVICE
        ? await this.#reachedByPairs(rest, channels, own)
        : await this.#reachedByLists(rest, channels, own);
    return rest.filter(({ id }) => !reached.has(id));
  }

  #isNamedBefore({ id, clientId }: StoredDevice, place: number): boolean {
    const isBefore = (first: number | undefined): boolean => first !== undefined && first < place;
    // Device targets in a row come in one portion, of which the first place counts.
    if (isBefore(this.#devices.get(id))) return true;
    return clientId !== undefined && isBefore(this.#clients.get(clientId));
  }

  #channelsBefore(place: number): ReadonlySet<string> {
    return new Set([...this.#channels].filter(([, first]) => first < place).map(([channel]) => channel));
  }

  async #reachedByPairs(
    devices: readonly StoredDevice[],
    channels: ReadonlySet<string>,
    own: string | null,
  ): Promise<ReadonlySet<string>> {
    const pairs = devices.flatMap(({ id, clientId }): Pair[] => [
      ...[...channels].flatMap((channel) => [
        { device: id, channel, deviceId: id },
        ...(clientId === undefined ? [] : [{ device: id, channel, deviceId: scopeOf(clientId) }]),
      ]),
      ...(own === null ? [] : [{ device: id, channel: own, deviceId: id }]),
    ]);
    const reached = new Set<string>();
    for (let from = 0; from < pairs.length; from += PAIRS_AT_ONCE) {
      const portion = pairs.slice(from, from + PAIRS_AT_ONCE);
      const have = await this.#subscriptions.have(this.#appId, portion);
      for (const [index, pair] of portion.entries()) if (have[index] === true) reached.add(pair.device);
    }
    return reached;
  }

  async #reachedByLists(
    devices: readonly StoredDevice[],
    channels: ReadonlySet<string>,
    own: string | null,
  ): Promise<ReadonlySet<string>> {
    const reached = new Set<string>();
    for (const { id, clientId } of devices) {
      const isOwn = await this.#isSubscribed(id, (channel) => channels.has(channel) || channel === own);
      const isScoped =
        !isOwn &&
        clientId !== undefined &&
        (await this.#isSubscribed(scopeOf(clientId), (channel) => channels.has(channel)));
      if (isOwn || isScoped) reached.add(id);
    }
    return reached;
  }

  async #isSubscribed(deviceId: string, counts: (channel: string) => boolean): Promise<boolean> {
    let after: string | undefined;
    do {
      const page = await this.#subscriptions.ofDevice(this.#appId, deviceId, { after, limit: PAGE });
      if (page.subscriptions.some(({ channel }) => counts(channel))) return true;
      after = page.next ?? undefined;
    } while (after !== undefined);
    return false;
  }
}

function firstPlaces(
  targets: readonly PublishTarget[],
  nameOf: (target: PublishTarget) => string | null,
): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [place, target] of targets.entries()) {
    const name = nameOf(target);
    if (name !== null && !places.has(name)) places.set(name, place);
  }
  return places;
}
