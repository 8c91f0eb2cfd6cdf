// Parameters of a route's path, checked. They arrive percent-decoded.
import { httpError, isSerialText } from '@sockudo/protocol';
import type { AppCall } from './exchange-types.ts';
import type { HttpDeps } from './http-deps.ts';

/**
 * The `:channel` of the path.
 * @throws ProtocolError 400 `invalid_input` for a name that no channel can have
 */
export function channelParameter({ app, request }: AppCall, deps: HttpDeps): string {
  const channel = request.params.channel ?? '';
  const refusal = deps.validateChannelName(app, channel);
  if (refusal !== null) throw refusal;
  return channel;
}

/**
 * The serial of a message, or of an annotation, in the path.
 * @throws ProtocolError 400 `invalid_input` for what no serial can be
 */
export function serialParameter(
  { request }: AppCall,
  name: 'serial' | 'annotationSerial' = 'serial',
): string {
  const serial = request.params[name] ?? '';
  if (isSerialText(serial)) return serial;
  throw httpError(
    'invalid_input',
    `Invalid ${name === 'serial' ? 'message' : 'annotation'} serial: 1-128 bytes without whitespace`,
  );
}

/** The `:userId` of the path; any text but the empty one. */
export function userParameter({ request }: AppCall): string {
  const userId = request.params.userId ?? '';
  if (userId === '') throw httpError('invalid_input', 'User id must not be empty');
  return userId;
}
