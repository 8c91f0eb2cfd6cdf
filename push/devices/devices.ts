// Devices in the store: registered, found by id and client, removed with their subscriptions.
import { httpError } from '@sockudo/protocol';
import { type KeyedEntry, type KeyedOperation, type KeyedStore, keyParts } from '@sockudo/server/ports';
import { tokenHashOf } from '../contracts.ts';
import { keys, prefixes } from '../store/keys.ts';
import { type Change, change, list, pages, putOf, recordOf, unchanged } from '../store/records.ts';
import type { Device, DevicePushState, StoredDevice } from './device.ts';
import { issueToken } from './identity-token.ts';

export type Registration =
  | { readonly change: 'inserted'; readonly device: Device; readonly token: string }
  | { readonly change: 'updated'; readonly device: Device; readonly token: string | null }
  | { readonly change: 'unchanged'; readonly device: Device; readonly token: null };

export interface RegisterOptions {
  /** A new identity token in place of the one there is. */
  readonly rotate: boolean;
  /** The device itself asks: it exists, and says nothing about whose it is. */
  readonly self: boolean;
}

export interface StateChange {
  readonly from: DevicePushState;
  readonly to: DevicePushState;
}

/** A page of devices; `next`: key to go on behind. */
export interface DevicePage {
  readonly devices: readonly StoredDevice[];
  readonly next: string | null;
}

/** Subscriptions that leave in one step with their two keys each. */
const REMOVED_AT_ONCE = 400;

export class Devices {
  readonly #store: KeyedStore;

  constructor(store: KeyedStore) {
    this.#store = store;
  }

  async get(appId: string, deviceId: string): Promise<StoredDevice | null> {
    const entry = await this.#store.get(keys.device(appId, deviceId));
    return entry === null ? null : recordOf<StoredDevice>(entry);
  }

  /** In the order asked for, at most 1,000; null: there is none. */
  async getMany(appId: string, deviceIds: readonly string[]): Promise<readonly (StoredDevice | null)[]> {
    const entries = await this.#store.getMany(deviceIds.map((id) => keys.device(appId, id)));
    return entries.map((entry) => (entry === null ? null : recordOf<StoredDevice>(entry)));
  }

  /** @throws ProtocolError 403 where a device that is not known registers itself, or would change its client */
  async register(appId: string, device: Device, options: RegisterOptions): Promise<Registration> {
    // Made outside of the step: it takes long, and one is enough whatever comes in between.
    const known = await this.#store.get(keys.device(appId, device.id));
    const issued = options.rotate || (known === null && !options.self) ? await issueToken() : null;
    return change(this.#store, async (): Promise<Change<Registration>> => {
      const entry = await this.#store.get(keys.device(appId, device.id));
      return planRegistration(appId, device, entry, options, issued ?? (await issueIfNew(entry, options)));
    });
  }

  /** By id, at most 1,000. */
  async list(
    appId: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<DevicePage> {
    const { entries, next } = await list(this.#store, prefixes.devices(appId), page);
    return { devices: entries.map((entry) => recordOf<StoredDevice>(entry)), next };
  }

  /** Of one client, by id; devices that were removed in between are left out. */
  async ofClient(
    appId: string,
    clientId: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<DevicePage> {
    const { entries, next } = await list(this.#store, prefixes.clientDevices(appId, clientId), page);
    const ids = entries.map(({ key }) => keyParts(key).at(-1) ?? '');
    const devices = await this.getMany(appId, ids);
    const ofIt = devices.filter((device) => device !== null).filter((device) => device.clientId === clientId);
    return { devices: ofIt, next };
  }

  /** With all its subscriptions. False: there was none. `tokenHash`: only while it still has that recipient. */
  async remove(appId: string, deviceId: string, tokenHash?: string): Promise<boolean> {
    if (tokenHash !== undefined) {
      const device = await this.get(appId, deviceId);
      if (device === null || tokenHashOf(device.recipient) !== tokenHash) return false;
    }
    for await (const entries of pages(
      this.#store,
      prefixes.deviceSubscriptions(appId, deviceId),
      REMOVED_AT_ONCE,
    )) {
      await this.#store.write(entries.flatMap((entry) => subscriptionRemoval(appId, deviceId, entry)));
    }
    return change(this.#store, async () => {
      const entry = await this.#store.get(keys.device(appId, deviceId));
      if (entry === null) return { operations: null, answer: false };
      const device = recordOf<StoredDevice>(entry);
      if (tokenHash !== undefined && tokenHashOf(device.recipient) !== tokenHash) {
        return { operations: null, answer: false };
      }
      const operations: KeyedOperation[] = [
        { kind: 'delete', key: keys.device(appId, deviceId), ifRevision: entry.revision },
      ];
      if (device.clientId !== undefined) {
        operations.push({ kind: 'delete', key: keys.clientDevice(appId, device.clientId, deviceId) });
      }
      return { operations, answer: true };
    });
  }

  /** All devices of a client. Answers how many there were. */
  async removeOfClient(appId: string, clientId: string): Promise<number> {
    let removed = 0;
    for await (const entries of pages(this.#store, prefixes.clientDevices(appId, clientId))) {
      for (const { key } of entries) {
        if (await this.remove(appId, keyParts(key).at(-1) ?? '')) removed += 1;
      }
    }
    return removed;
  }

  /** A push did not arrive for reasons of the device. Answers the change of its state, if there was one. */
  noteFailure(appId: string, deviceId: string, tokenHash: string): Promise<StateChange | null> {
    return change(this.#store, async () => {
      const entry = await this.#store.get(keys.device(appId, deviceId));
      if (entry === null) return { operations: null, answer: null };
      const device = recordOf<StoredDevice>(entry);
      if (tokenHashOf(device.recipient) !== tokenHash) return { operations: null, answer: null };
      const next = failed(device);
      const answer = next.state === device.state ? null : { from: device.state, to: next.state };
      return { operations: [putOf(entry.key, next, unchanged(entry))], answer };
    });
  }

  /**
   * Pushes arrived, at most 500. Devices with another recipient by now stay as they are, and all do where somebody changes one of
   * them at the same moment: the next push says the same.
   */
  async noteDeliveries(
    appId: string,
    arrived: readonly { readonly deviceId: string; readonly tokenHash: string }[],
  ): Promise<readonly StateChange[]> {
    if (arrived.length === 0) return [];
    const entries = await this.#store.getMany(arrived.map(({ deviceId }) => keys.device(appId, deviceId)));
    const nowMs = Date.now();
    const changes: StateChange[] = [];
    const operations = entries.flatMap((entry, index): KeyedOperation[] => {
      if (entry === null) return [];
      const device = recordOf<StoredDevice>(entry);
      if (tokenHashOf(device.recipient) !== arrived[index]?.tokenHash) return [];
      const next = delivered(device, nowMs);
      if (next === null) return [];
      if (next.state !== device.state) changes.push({ from: device.state, to: next.state });
      return [putOf(entry.key, next, unchanged(entry))];
    });
    if (operations.length === 0) return [];
    const { kind } = await this.#store.write(operations, { durability: 'process' });
    return kind === 'written' ? changes : [];
  }
}

function planRegistration(
  appId: string,
  given: Device,
  entry: KeyedEntry | null,
  { rotate, self }: RegisterOptions,
  issued: Awaited<ReturnType<typeof issueToken>> | null,
): Change<Registration> {
  const key = keys.device(appId, given.id);
  const index = (clientId: string): string => keys.clientDevice(appId, clientId, given.id);
  if (entry === null) {
    if (self || issued === null) throw unknownDevice();
    const stored: StoredDevice = { ...given, identity: issued.record };
    const operations = [putOf(key, stored, { ifAbsent: true })];
    if (given.clientId !== undefined) operations.push(putOf(index(given.clientId), 1));
    return { operations, answer: { change: 'inserted', device: given, token: issued.token } };
  }
  const before = recordOf<StoredDevice>(entry);
  const device = self ? asItself(given, before) : given;
  const isRotated = rotate && issued !== null;
  const after: StoredDevice = { ...device, identity: isRotated ? issued.record : before.identity };
  if (JSON.stringify(after) === JSON.stringify(before)) {
    return { operations: null, answer: { change: 'unchanged', device, token: null } };
  }
  const operations = [putOf(key, after, { ifRevision: entry.revision })];
  if (before.clientId !== after.clientId) {
    if (before.clientId !== undefined) operations.push({ kind: 'delete', key: index(before.clientId) });
    if (after.clientId !== undefined) operations.push(putOf(index(after.clientId), 1));
  }
  return { operations, answer: { change: 'updated', device, token: isRotated ? issued.token : null } };
}

/** Whose a device is and how much it may be sent is for trusted callers to say, or it would get the pushes of others. */
function asItself(given: Device, { clientId, pushRatePolicy }: StoredDevice): Device {
  if (given.clientId !== undefined && given.clientId !== clientId) {
    throw httpError('forbidden', 'push-admin capability is required to change clientId');
  }
  const { clientId: _, pushRatePolicy: __, ...own } = given;
  const { id, ...others } = own;
  return {
    id,
    ...(clientId !== undefined && { clientId }),
    ...others,
    ...(pushRatePolicy !== undefined && { pushRatePolicy }),
  };
}

const unknownDevice = () => httpError('forbidden', 'device token registration requires an existing device');

/** A device that vanished since the first look gets its token now. */
const issueIfNew = (entry: KeyedEntry | null, { self }: RegisterOptions) =>
  entry === null && !self ? issueToken() : null;

function subscriptionRemoval(appId: string, deviceId: string, { key }: KeyedEntry): KeyedOperation[] {
  const channel = keyParts(key).at(-1) ?? '';
  return [
    { kind: 'delete', key },
    { kind: 'delete', key: keys.subscription(appId, channel, deviceId) },
  ];
}

/** Devices that are used all the time need not be written all the time. */
const ACTIVITY_RESOLUTION_MS = 60_000;
const FAILURES_UNTIL_FAILED = 3;

function delivered(device: StoredDevice, nowMs: number): StoredDevice | null {
  const isFailing = device.state === 'FAILING';
  if (!isFailing && nowMs - device.lastActiveAtMs < ACTIVITY_RESOLUTION_MS) return null;
  return { ...device, lastActiveAtMs: nowMs, ...(isFailing && { state: 'ACTIVE', failureCount: 0 }) };
}

function failed(device: StoredDevice): StoredDevice {
  const failureCount = device.failureCount + 1;
  return { ...device, failureCount, state: failureCount >= FAILURES_UNTIL_FAILED ? 'FAILED' : 'FAILING' };
}
