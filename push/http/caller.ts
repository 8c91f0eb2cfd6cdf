// Who asks: the capability that a request claims, and the device that it proves to be (push.md section 2).
import { httpError, type ProtocolError } from '@sockudo/protocol';
import type { AppCall } from '@sockudo/server/plugins';
import type { StoredDevice } from '../devices/device.ts';
import { verifiesToken } from '../devices/identity-token.ts';

export type Capability = 'push-admin' | 'push-subscribe';

const CAPABILITY_HEADER = 'x-sockudo-push-capability';
const TOKEN_HEADER = 'x-sockudo-device-identity-token';

type Request = AppCall['request'];

/** The key that signs may do everything; the header lets a proxy of browsers do with less. @throws ProtocolError 403 */
export function capabilityOf(request: Request): Capability {
  const given = request.header(CAPABILITY_HEADER);
  if (given === undefined || given === 'push-admin') return 'push-admin';
  if (given === 'push-subscribe') return given;
  throw httpError('forbidden', 'unknown push capability requested');
}

/** @throws ProtocolError 403 */
export function requireAdmin(request: Request): void {
  if (capabilityOf(request) !== 'push-admin') throw adminRequired();
}

export const adminRequired = (): ProtocolError => httpError('forbidden', 'push-admin capability is required');

/** @throws ProtocolError 401 unless the request carries the identity token of the device */
export async function requireDevice(request: Request, device: Pick<StoredDevice, 'identity'>): Promise<void> {
  const token = tokenOf(request);
  if (!(await verifiesToken(device.identity, token))) {
    throw httpError('auth_failed', 'invalid deviceIdentityToken');
  }
}

/** @throws ProtocolError 401 where there is none */
export function tokenOf(request: Request): string {
  const own = request.header(TOKEN_HEADER);
  if (own !== undefined && own !== '') return own;
  const authorization = request.header('authorization');
  if (authorization === undefined) throw httpError('auth_failed', 'deviceIdentityToken is required');
  const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined)
    throw httpError('auth_failed', 'Authorization must be a bearer deviceIdentityToken');
  return token;
}
