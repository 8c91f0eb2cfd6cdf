// Where push keeps what: every key that it has in the KeyedStore. Nothing else of push writes a key by hand.
import { entryKey, keyPrefix, numberPart } from '@sockudo/server/ports';

const OWNER = 'push';

export const keys = {
  device: (appId: string, deviceId: string) => entryKey(OWNER, 'dev', appId, deviceId),
  /** Devices by client, the value says nothing. */
  clientDevice: (appId: string, clientId: string, deviceId: string) =>
    entryKey(OWNER, 'cli', appId, clientId, deviceId),
  subscription: (appId: string, channel: string, deviceId: string) =>
    entryKey(OWNER, 'sub', appId, channel, deviceId),
  /** Subscriptions by device, the value says nothing. */
  deviceSubscription: (appId: string, deviceId: string, channel: string) =>
    entryKey(OWNER, 'sbd', appId, deviceId, channel),
  credential: (appId: string, credentialId: string) => entryKey(OWNER, 'crd', appId, credentialId),
  template: (appId: string, templateId: string) => entryKey(OWNER, 'tpl', appId, templateId),
  publish: (appId: string, publishId: string) => entryKey(OWNER, 'pub', appId, publishId),
  /** Recipients of a publish, in parts that fit the store. */
  publishTargets: (appId: string, publishId: string, part: number) =>
    entryKey(OWNER, 'tgt', appId, publishId, numberPart(part)),
  status: (appId: string, publishId: string) => entryKey(OWNER, 'sta', appId, publishId),
  /** Accepted, and not yet known to be in the queue. */
  outbox: (appId: string, publishId: string) => entryKey(OWNER, 'out', appId, publishId),
  /** One target has its result: 1 where the provider took the push, else 0. */
  result: (appId: string, publishId: string, target: string) =>
    entryKey(OWNER, 'res', appId, publishId, target),
  /** The newest publish with a collapse key, by target. */
  collapse: (appId: string, collapseHash: string, target: string) =>
    entryKey(OWNER, 'col', appId, collapseHash, target),
  /** A node sees a client; the value says nothing. */
  visible: (appId: string, clientId: string, nodeId: string) =>
    entryKey(OWNER, 'visible', appId, clientId, nodeId),
  /** A node that keeps such entries. */
  viewingNode: (nodeId: string) => entryKey(OWNER, 'vnode', nodeId),
  /** When a client read something: a publish (`p:ID`), or what has a collapse key (`k:HASH`). */
  readMark: (appId: string, clientId: string, what: string) => entryKey(OWNER, 'read', appId, clientId, what),
  /** The device of a client that a publish went to first. */
  firstDevice: (appId: string, publishId: string, clientId: string) =>
    entryKey(OWNER, 'first', appId, publishId, clientId),
  deadLetter: (appId: string, deadLetterId: string) => entryKey(OWNER, 'ded', appId, deadLetterId),
  deliveryEvent: (appId: string, publishId: string, eventId: string) =>
    entryKey(OWNER, 'evt', appId, publishId, eventId),
  dailyDeliveries: (appId: string, day: string) => entryKey(OWNER, 'day', appId, day),
} as const;

export const prefixes = {
  devices: (appId: string) => keyPrefix(OWNER, 'dev', appId),
  clientDevices: (appId: string, clientId: string) => keyPrefix(OWNER, 'cli', appId, clientId),
  subscriptions: (appId: string) => keyPrefix(OWNER, 'sub', appId),
  channelSubscriptions: (appId: string, channel: string) => keyPrefix(OWNER, 'sub', appId, channel),
  deviceSubscriptions: (appId: string, deviceId: string) => keyPrefix(OWNER, 'sbd', appId, deviceId),
  credentials: (appId: string) => keyPrefix(OWNER, 'crd', appId),
  templates: (appId: string) => keyPrefix(OWNER, 'tpl', appId),
  viewingNodes: () => keyPrefix(OWNER, 'vnode'),
  outbox: () => keyPrefix(OWNER, 'out'),
  deadLetters: (appId: string) => keyPrefix(OWNER, 'ded', appId),
} as const;
