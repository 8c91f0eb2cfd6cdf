// A user's devices. A device belongs to whoever registered it; it proves itself by its identity token, its user by signing in. Each
// call here needs the user, and nothing of another user's device is told or touched.
import { SockudoRequestError } from '../errors.ts';
import type { PostRequest, RouteRequest } from '../sockudo.ts';
import { forbidden, invalid, type JsonObject, notFound, objectOf, ProxyRefusal, textOf } from './answers.ts';

/** What the proxy needs of a `Sockudo`. */
export interface SignedApi {
  get(request: RouteRequest): Promise<Response>;
  post(request: PostRequest): Promise<Response>;
  delete(request: RouteRequest): Promise<Response>;
}

/** Who asks, and the identity token of the device that they ask from. */
export interface DeviceCaller {
  readonly userId: string;
  readonly token: string | null;
}

const CAPABILITY = 'x-sockudo-push-capability';
const TOKEN = 'x-sockudo-device-identity-token';
const ADMIN = { [CAPABILITY]: 'push-admin' };
/** A browser has as few members to say as this; what may be sent to it, and how often, is for the backend to say. */
const DEVICE_MEMBERS = ['id', 'formFactor', 'platform', 'metadata', 'timezone', 'locale', 'lastActiveAtMs'];
const RECIPIENT_MEMBERS = ['endpoint', 'p256dh', 'auth'];
const MAX_ID_CHARS = 128;

export class ProxyDevices {
  readonly #api: SignedApi;

  constructor(api: SignedApi) {
    this.#api = api;
  }

  /**
   * First registration of a device, a new one of the same, or that of a device that changed hands.
   * @throws ProxyRefusal 400, 403 where the device is another user's; SockudoRequestError
   */
  async register(caller: DeviceCaller, body: JsonObject): Promise<Response> {
    const device = deviceOf(body, caller.userId);
    const known = await this.#get(device.id, ADMIN);
    if (known === null) return this.#registerBy(device, ADMIN);
    if (known.clientId === caller.userId) {
      if (caller.token !== null) return this.#registerBy(device, asDevice(caller.token));
      // The answer with its token was lost: the user is who registered it, and gets another one.
      return this.#registerBy(device, { ...ADMIN, 'x-sockudo-rotate-device-identity-token': '1' });
    }
    await this.#requireToken(device.id, caller);
    // Another user signed in on the same browser. What the one before had subscribed must not reach them.
    await this.#api.delete({ path: pathOf(device.id), headers: ADMIN });
    return this.#registerBy(device, ADMIN);
  }

  /** @throws ProxyRefusal 404 unless it is the caller's */
  async get(caller: DeviceCaller, deviceId: string): Promise<JsonObject> {
    const device = await this.#get(deviceId, ADMIN);
    if (device === null || device.clientId !== caller.userId) throw notFound();
    return device;
  }

  async remove(caller: DeviceCaller, deviceId: string): Promise<void> {
    await this.get(caller, deviceId);
    await this.#api.delete({ path: pathOf(deviceId), headers: ADMIN });
  }

  /** All devices of the user, on whatever browser or phone. */
  removeAll({ userId }: DeviceCaller): Promise<Response> {
    return this.#api.delete({ path: DEVICES, params: { clientId: userId }, headers: ADMIN });
  }

  /**
   * Headers with which the server does what this device may do and no more.
   * @throws ProxyRefusal 401, 404 unless the device is the caller's
   */
  async own(caller: DeviceCaller, deviceId: string | undefined): Promise<Readonly<Record<string, string>>> {
    if (deviceId === undefined || deviceId === '') throw invalid('deviceId is required');
    if (caller.token === null) throw new ProxyRefusal(401, 'auth_failed', 'deviceIdentityToken is required');
    const device = await this.#get(deviceId, asDevice(caller.token));
    if (device === null || device.clientId !== caller.userId) throw notFound();
    return asDevice(caller.token);
  }

  async #requireToken(deviceId: string, { token }: DeviceCaller): Promise<void> {
    const refused = forbidden('the device is registered by another user');
    if (token === null) throw refused;
    try {
      if ((await this.#get(deviceId, asDevice(token))) !== null) return;
    } catch (error) {
      if (!(error instanceof SockudoRequestError) || error.status !== 401) throw error;
    }
    throw refused;
  }

  async #get(deviceId: string, headers: Readonly<Record<string, string>>): Promise<JsonObject | null> {
    try {
      const response = await this.#api.get({ path: pathOf(deviceId), headers });
      return objectOf(await response.json()) ?? null;
    } catch (error) {
      if (error instanceof SockudoRequestError && error.status === 404) return null;
      throw error;
    }
  }

  #registerBy(body: object, headers: Readonly<Record<string, string>>): Promise<Response> {
    return this.#api.post({ path: DEVICES, body, headers });
  }
}

const DEVICES = '/push/deviceRegistrations';

const asDevice = (token: string): Record<string, string> => ({
  [CAPABILITY]: 'push-subscribe',
  [TOKEN]: token,
});

const pathOf = (deviceId: string): string => `${DEVICES}/${encodeURIComponent(checkedId(deviceId))}`;

/** The server's own rule, applied before an id stands in a path. */
function checkedId(id: string): string {
  if (id === '' || id === '.' || id === '..' || id.length > MAX_ID_CHARS) throw invalid('id is invalid');
  return id;
}

/** A browser registers itself and nothing else, for the user who is signed in, whomever it names. */
function deviceOf(body: JsonObject, userId: string): JsonObject & { readonly id: string } {
  const recipient = objectOf(objectOf(body.push)?.recipient);
  if (recipient?.transportType !== 'web') throw invalid('push.recipient must be of transportType web');
  return {
    ...picked(body, DEVICE_MEMBERS),
    id: checkedId(textOf(body.id) ?? ''),
    clientId: userId,
    push: { recipient: { transportType: 'web', ...picked(recipient, RECIPIENT_MEMBERS) } },
  };
}

const picked = (object: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
