// `sockudo:visibility`: a page says whether it can be seen. Answered with nothing.
import {
  type ClientFrame,
  invalidMessage,
  isJsonObject,
  protocolError,
  tryParseJson,
} from '@sockudo/protocol';
import { countEvent, type Handler } from '@sockudo/server/plugins';
import type { Visibility } from './visibility.ts';

export const visibilityRequests = (visibility: () => Visibility): ReadonlyMap<string, Handler> =>
  new Map<string, Handler>([
    [
      'visibility',
      (connection, frame) => {
        if (connection.protocol === 1) throw protocolError('visibility is only supported on protocol V2');
        const isVisible = visibleIn(frame);
        if (connection.isOpen && countEvent(connection)) visibility().report(connection, isVisible);
      },
    ],
  ]);

/** @throws ProtocolError 4000 */
function visibleIn({ data }: ClientFrame): boolean {
  const value = typeof data === 'string' ? tryParseJson(data) : data;
  if (isJsonObject(value) && typeof value.visible === 'boolean') return value.visible;
  throw invalidMessage('visible must be true or false in visibility message');
}
