// The methods about push, which `Sockudo` inherits. Names are those of the Sockudo SDK; templates and dead letters, for which it
// has none, are named alike. A token of a device in a call makes it one of that device: it then reaches nothing else.
import { randomUUID } from 'node:crypto';
import { DurableChannels } from './durable-channels.ts';
import { pathSegment } from './names.ts';
import type { KeySource } from './publishing.ts';
import * as types from './push-types.ts';
import { nextCursorOf, type Requester, readPage } from './requester.ts';

const DEVICES = '/push/deviceRegistrations';
const SUBSCRIPTIONS = '/push/channelSubscriptions';

const devicePath = (id: string): string => `${DEVICES}/${pathSegment(id, 'device id')}`;
const templatePath = (id: string): string => `/push/templates/${pathSegment(id, 'template id')}`;

const CAPABILITY = 'x-sockudo-push-capability';
const asAdmin = { [CAPABILITY]: 'push-admin' } as const;
const as = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined
    ? asAdmin
    : { [CAPABILITY]: 'push-subscribe', 'x-sockudo-device-identity-token': token };

export class PushMethods extends DurableChannels {
  readonly #requester: Requester;
  readonly #makesIds: boolean;

  protected constructor(requester: Requester, opIds: KeySource | null) {
    super(requester, opIds);
    this.#requester = requester;
    this.#makesIds = opIds !== null;
  }

  /**
   * Registers a device. A new one gets an identity token, told this once; `rotateDeviceIdentityToken`: a known one gets another.
   * Not repeated but for a 429: the token would be lost.
   */
  activateDevice(
    device: types.PushRegistration,
    options: { readonly rotateDeviceIdentityToken?: boolean } = {},
  ): Promise<types.PushRegistrationResult> {
    const isRotated = options.rotateDeviceIdentityToken === true;
    const headers = isRotated ? { ...asAdmin, 'x-sockudo-rotate-device-identity-token': 'true' } : asAdmin;
    const isAnswer = types.isRegistrationResult;
    return this.#requester.change({ path: DEVICES, headers, body: device, isIdempotent: false, isAnswer });
  }

  /** The same as `activateDevice`. */
  createDeviceActivation(
    device: types.PushRegistration,
    options: { readonly rotateDeviceIdentityToken?: boolean } = {},
  ): Promise<types.PushRegistrationResult> {
    return this.activateDevice(device, options);
  }

  /** What a device that is known says of itself. */
  updateDeviceRegistration(
    device: types.PushRegistration,
    token: string,
  ): Promise<types.PushRegistrationResult> {
    const isAnswer = types.isRegistrationResult;
    return this.#requester.change({
      path: DEVICES,
      headers: as(token),
      body: device,
      isIdempotent: true,
      isAnswer,
    });
  }

  listDeviceRegistrations(params: types.PushListParams = {}): Promise<types.PushList<types.PushDevice>> {
    return this.#list(DEVICES, params);
  }

  getDeviceRegistration(id: string, token?: string): Promise<types.PushDevice> {
    return this.#requester.read({ path: devicePath(id), headers: as(token), isAnswer: types.isDevice });
  }

  /** With its subscriptions. */
  deleteDeviceRegistration(id: string, token?: string): Promise<void> {
    return this.#requester.discard({ path: devicePath(id), headers: as(token) });
  }

  removeDeviceRegistrationsByClient(clientId: string): Promise<{ readonly deleted: number }> {
    const call = { path: DEVICES, params: { clientId }, headers: asAdmin };
    return this.#requester.remove({ ...call, isAnswer: types.isDeleted });
  }

  upsertChannelPushSubscription(
    subscription: types.PushSubscription,
    token?: string,
  ): Promise<types.PushSubscription> {
    const call = { path: SUBSCRIPTIONS, headers: as(token), body: subscription };
    return this.#requester.change({ ...call, isIdempotent: true, isAnswer: types.isSubscription });
  }

  /** Of a channel, of a device, or exactly the pair of both. */
  listChannelPushSubscriptions(
    params: types.PushListParams & { readonly channel?: string; readonly deviceId?: string } = {},
    token?: string,
  ): Promise<types.PushList<types.PushSubscription>> {
    return this.#list(SUBSCRIPTIONS, params, token);
  }

  deleteChannelPushSubscriptions(
    params: { readonly channel?: string; readonly deviceId?: string },
    token?: string,
  ): Promise<{ readonly deleted: number }> {
    const call = { path: SUBSCRIPTIONS, params, headers: as(token) };
    return this.#requester.remove({ ...call, isAnswer: types.isDeleted });
  }

  /** Names of channels that have subscriptions. */
  listChannelPushSubscriptionChannels(params: types.PushListParams = {}): Promise<types.PushList<string>> {
    return this.#list(`${SUBSCRIPTIONS}/channels`, params);
  }

  listPushCredentials(params: types.PushListParams = {}): Promise<types.PushList<types.PushCredential>> {
    return this.#list('/push/credentials', params);
  }

  /** Stores a credential of the app, encrypted. It can be replaced and not be read. */
  putPushCredential(
    provider: 'fcm' | 'apns' | 'webpush' | 'hms' | 'wns',
    credential: Readonly<Record<string, unknown>>,
  ): Promise<types.PushCredential> {
    const call = { path: `/push/credentials/${provider}`, headers: asAdmin, body: credential };
    return this.#requester.change({ ...call, isIdempotent: true, isAnswer: types.isCredential });
  }

  putPushTemplate(template: types.PushTemplate): Promise<types.PushTemplate> {
    const call = { path: '/push/templates', headers: asAdmin, body: template };
    return this.#requester.change({ ...call, isIdempotent: true, isAnswer: types.isTemplate });
  }

  getPushTemplate(id: string): Promise<types.PushTemplate> {
    return this.#requester.read({ path: templatePath(id), headers: asAdmin, isAnswer: types.isTemplate });
  }

  listPushTemplates(params: types.PushListParams = {}): Promise<types.PushList<types.PushTemplate>> {
    return this.#list('/push/templates', params);
  }

  deletePushTemplate(id: string): Promise<void> {
    return this.#requester.discard({ path: templatePath(id), headers: asAdmin });
  }

  /** Accepts a push; what became of it is told by `getPublishStatus`. Repeated safely: an id is made up where none is given. */
  publishPush(publish: types.PushPublish): Promise<types.PushPublishResult> {
    const body = this.#withId(publish);
    const isIdempotent = body.publishId !== undefined;
    const call = { path: '/push/publish', headers: asAdmin, body, isIdempotent };
    return this.#requester.change({ ...call, isAnswer: types.isPublishResult });
  }

  /** To one recipient that is not registered. */
  publishPushDirect(
    recipient: types.PushRecipient,
    payload: types.PushPublish['payload'],
    more: Omit<types.PushPublish, 'recipients' | 'payload'> = {},
  ): Promise<types.PushPublishResult> {
    return this.publishPush({ ...more, recipients: [{ type: 'recipient', recipient }], payload });
  }

  /** All of them or none. */
  publishPushBatch(
    publishes: readonly types.PushPublish[],
  ): Promise<{ readonly items: readonly types.PushPublishResult[] }> {
    const body = publishes.map((publish) => this.#withId(publish));
    const isIdempotent = body.every(({ publishId }) => publishId !== undefined);
    const call = { path: '/push/batch/publish', headers: asAdmin, body, isIdempotent };
    return this.#requester.change({ ...call, isAnswer: types.isBatchResult });
  }

  /** Not sent before `notBeforeMs`, and not at all when it is cancelled before. */
  schedulePush(
    publish: types.PushPublish & { readonly notBeforeMs: number },
  ): Promise<types.PushPublishResult> {
    return this.publishPush(publish);
  }

  /** Of a publish that nobody has begun; others stay as they are. */
  cancelScheduledPush(publishId: string): Promise<void> {
    const path = `/push/scheduled/${pathSegment(publishId, 'publish id')}`;
    return this.#requester.discard({ path, headers: asAdmin });
  }

  /**
   * A publish was read: what is not sent yet to the client's devices is not sent, and other devices take their notification back.
   * `clientId` may be left out unless it went to a channel; `deviceId`: where it was read.
   */
  readPush(
    publishId: string,
    reader: { readonly clientId?: string; readonly deviceId?: string } = {},
  ): Promise<{ readonly withdrawn: number }> {
    const path = `/push/publish/${pathSegment(publishId, 'publish id')}/read`;
    const call = { path, headers: asAdmin, body: reader, isIdempotent: true };
    return this.#requester.change({ ...call, isAnswer: types.isWithdrawn });
  }

  /** The same for all that was published to a client with a collapse key up to now. */
  readPushes(reader: {
    readonly clientId: string;
    readonly collapseKey: string;
    readonly deviceId?: string;
  }): Promise<{ readonly withdrawn: number }> {
    const call = { path: '/push/read', headers: asAdmin, body: reader, isIdempotent: true };
    return this.#requester.change({ ...call, isAnswer: types.isWithdrawn });
  }

  getPublishStatus(publishId: string): Promise<types.PushPublishStatus> {
    const path = `/push/publish/${pathSegment(publishId, 'publish id')}/status`;
    return this.#requester.read({ path, headers: asAdmin, isAnswer: types.isPublishStatus });
  }

  /** What became of a delivery that was made elsewhere; kept once under its `eventId`. */
  postPushDeliveryStatus(
    event: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const call = { path: '/push/deliveryStatus', headers: asAdmin, body: event };
    return this.#requester.change({ ...call, isIdempotent: true, isAnswer: types.isObject });
  }

  listPushDeadLetters(params: types.PushListParams = {}): Promise<types.PushList<types.PushDeadLetter>> {
    return this.#list('/push/deadLetters', params);
  }

  /** Sends once more. Not repeated but for a 429. */
  replayPushDeadLetter(
    deadLetterId: string,
  ): Promise<{ readonly deadLetterId: string; readonly messageId: string }> {
    const path = `/push/deadLetters/${pathSegment(deadLetterId, 'dead letter id')}/replay`;
    const call = { path, headers: asAdmin, body: {}, isIdempotent: false };
    return this.#requester.change({ ...call, isAnswer: types.isReplay });
  }

  #list<Item>(path: string, params: types.PushListParams, token?: string): Promise<types.PushList<Item>> {
    const call = { path, params, headers: as(token), isAnswer: types.isList<Item> };
    return readPage(this.#requester, call, nextCursorOf);
  }

  #withId(publish: types.PushPublish): types.PushPublish {
    if (publish.publishId !== undefined || !this.#makesIds) return publish;
    return { ...publish, publishId: randomUUID() };
  }
}
