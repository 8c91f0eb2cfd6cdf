// Read on one device, taken back on the others: what is not sent yet to the client's devices is not sent any more, and devices that
// got it are sent a push without a notification that says which to remove. Saying it again changes nothing.
import { createHash } from 'node:crypto';
import { httpError, utf8Length } from '@sockudo/protocol';
import type { KeyedStore } from '@sockudo/server/ports';
import type { AcceptedPublish, JsonObject, ProviderName } from '../contracts.ts';
import type { Devices } from '../devices/devices.ts';
import type { Admission } from '../publish/admission.ts';
import type { Publishes } from '../publish/publishes.ts';
import { invalid } from '../refusal.ts';
import { keys } from '../store/keys.ts';
import { recordOf } from '../store/records.ts';
import type { Override } from '../templates/template.ts';
import { collapseHashOf, type Reads } from './reads.ts';

/** Publishes that take others back are told by it: there is nothing in them to take back. */
const WITHDRAW_PREFIX = '__sockudo_withdraw__:';
/** Devices of one client that are looked at. */
const MAX_DEVICES = 1000;
/** Longer ones, which only placeholders can make, do not fit every provider. */
const MAX_KEY_BYTES = 1024;

export interface WithdrawalsParts {
  readonly store: KeyedStore;
  readonly devices: Devices;
  readonly publishes: Publishes;
  readonly reads: Reads;
  readonly admission: Admission;
}

export class Withdrawals {
  readonly #parts: WithdrawalsParts;

  constructor(parts: WithdrawalsParts) {
    this.#parts = parts;
  }

  /**
   * A publish was read. Answers how many devices are told.
   * @param reader `clientId` absent: all clients that the publish names; `deviceId`: where it was read, told nothing
   * @throws ProtocolError 404 for an unknown publish; 400 without a client for one to a channel
   */
  async readPublish(
    appId: string,
    publishId: string,
    {
      clientId,
      deviceId,
    }: { readonly clientId?: string | undefined; readonly deviceId?: string | undefined },
  ): Promise<number> {
    const publish = await this.#parts.publishes.get(appId, publishId);
    if (publish === null) throw httpError('not_found', 'publish not found');
    const clients = clientId === undefined ? await this.#clientsOf(publish) : [clientId];
    const { collapseKey } = publish;
    let told = 0;
    for (const client of clients) {
      await this.#parts.reads.markPublish(appId, client, publishId);
      if (collapseKey !== undefined) {
        told += await this.#withdraw({ appId, clientId: client, collapseKey, publishId, deviceId });
      }
    }
    return told;
  }

  /** All that was published to a client with the key was read. */
  async readKey(
    appId: string,
    {
      clientId,
      collapseKey,
      deviceId,
    }: { clientId: string; collapseKey: string; deviceId?: string | undefined },
  ): Promise<number> {
    await this.#parts.reads.markKey(appId, clientId, collapseKey);
    return this.#withdraw({ appId, clientId, collapseKey, deviceId });
  }

  /** At most as many as the publish has recipients. */
  async #clientsOf({ appId, targets }: AcceptedPublish): Promise<readonly string[]> {
    const clients = new Set<string>();
    const named: string[] = [];
    for (const target of targets) {
      if (target.type === 'channel') throw invalid('client_id is required: the publish went to a channel');
      if (target.type === 'client') clients.add(target.clientId);
      if (target.type === 'device') named.push(target.deviceId);
    }
    for (let from = 0; from < named.length; from += MAX_DEVICES) {
      const devices = await this.#parts.devices.getMany(appId, named.slice(from, from + MAX_DEVICES));
      for (const device of devices) if (device?.clientId !== undefined) clients.add(device.clientId);
    }
    return [...clients];
  }

  async #withdraw(wanted: Wanted): Promise<number> {
    const { appId, clientId, collapseKey } = wanted;
    if (utf8Length(collapseKey) > MAX_KEY_BYTES) return 0;
    const shown = await this.#shown(wanted);
    if (shown.length === 0) return 0;
    // Of the same pushes on the same devices: the same id, so that it is accepted once.
    const facts = JSON.stringify([clientId, collapseKey, shown]);
    const publishId = WITHDRAW_PREFIX + createHash('sha256').update(facts).digest('base64url');
    const intent = {
      publishId,
      targets: shown.map(([deviceId]) => ({ type: 'device', deviceId }) as const),
      // By a placeholder: in the key itself nothing is to be filled in.
      payload: { collapseKey: '{{ data.key }}', templateData: { key: collapseKey } },
      overrides: overridesOf(collapseKey),
      sync: false,
    };
    await this.#parts.admission.accept(appId, [intent], { isLimited: false, overridesQuota: false });
    return shown.length;
  }

  /** Devices with the publish whose notification they show, as far as is known. */
  async #shown({ appId, clientId, collapseKey, publishId, deviceId }: Wanted): Promise<[string, string][]> {
    const { devices, store } = this.#parts;
    const page = await devices.ofClient(appId, clientId, { limit: MAX_DEVICES });
    const ids = page.devices.map(({ id }) => id).filter((id) => id !== deviceId);
    if (ids.length === 0) return [];
    const hash = collapseHashOf(collapseKey);
    const newest = await store.getMany(ids.map((id) => keys.collapse(appId, hash, `d:${id}`)));
    const sent = ids.flatMap((id, index): [string, string][] => {
      const entry = newest[index] ?? null;
      if (entry === null) return [];
      const last = recordOf<{ readonly publishId: string }>(entry).publishId;
      const isOther = publishId !== undefined && last !== publishId;
      return isOther || last.startsWith(WITHDRAW_PREFIX) ? [] : [[id, last]];
    });
    if (sent.length === 0) return [];
    const results = await store.getMany(sent.map(([id, last]) => keys.result(appId, last, `d:${id}`)));
    return sent.filter((_, index) => {
      const result = results[index] ?? null;
      return result !== null && recordOf<number>(result) === 1;
    });
  }
}

interface Wanted {
  readonly appId: string;
  readonly clientId: string;
  readonly collapseKey: string;
  /** Only this publish; absent: whichever was the last. */
  readonly publishId?: string;
  readonly deviceId?: string | undefined;
}

/** Data without a notification, in the form of each provider. */
function overridesOf(collapseKey: string): readonly Override[] {
  const data = { withdraw: collapseKey };
  const payloads: Readonly<Record<ProviderName, JsonObject>> = {
    webPush: { headers: { urgency: 'normal', topic: collapseKey }, data },
    fcm: { message: { data, android: { collapse_key: collapseKey } } },
    apns: {
      headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
      aps: { 'content-available': 1 },
      data,
    },
    hms: { message: { data: JSON.stringify(data) } },
    wns: { type: 'raw', data },
    realtime: { data },
  };
  // CAST: the names of the record.
  return Object.entries(payloads).map(([provider, payload]) => ({
    provider: provider as ProviderName,
    payload,
  }));
}
