// What was read on one device, so that the others are left alone (docs/push/away.md).
import type { AppRoute } from '@sockudo/server/plugins';
import { z } from 'zod';
import { invalid, MAX_CHANNEL_BYTES, parseInput, requireBytes, requireId } from '../refusal.ts';
import type { PushService } from '../service.ts';
import { answer, guarded, jsonBody, pathId } from './answers.ts';
import { requireAdmin } from './caller.ts';

const MAX_COLLAPSE_KEY_BYTES = 1024;

const text = z.string().nullish();
const reader = z.object({ client_id: text, clientId: text, device_id: text, deviceId: text });
const keyReader = reader.extend({ collapse_key: text, collapseKey: text });

export const readRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/publish/:publishId/read',
    methods: {
      POST: guarded(async (call) => {
        requireAdmin(call.request);
        const publishId = pathId(call, 'publishId');
        const given = call.request.body.length === 0 ? {} : parseInput(reader, jsonBody(call));
        const withdrawn = await service().withdrawals.readPublish(call.app.id, publishId, readerOf(given));
        return answer(200, { publishId, withdrawn });
      }),
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/read',
    methods: {
      POST: guarded(async (call) => {
        requireAdmin(call.request);
        const given = parseInput(keyReader, jsonBody(call));
        const { clientId, deviceId } = readerOf(given);
        const collapseKey = given.collapse_key ?? given.collapseKey ?? '';
        if (clientId === undefined) throw invalid('client_id must not be empty');
        if (collapseKey === '') throw invalid('collapse_key must not be empty');
        requireBytes('collapse_key', collapseKey, MAX_COLLAPSE_KEY_BYTES);
        const withdrawn = await service().withdrawals.readKey(call.app.id, {
          clientId,
          collapseKey,
          deviceId,
        });
        return answer(200, { withdrawn });
      }),
    },
  },
];

function readerOf(given: z.output<typeof reader>): {
  readonly clientId?: string;
  readonly deviceId?: string;
} {
  const clientId = given.client_id ?? given.clientId ?? undefined;
  const deviceId = given.device_id ?? given.deviceId ?? undefined;
  if (clientId !== undefined) requireId('client_id', clientId);
  if (deviceId !== undefined) requireId('device_id', deviceId, MAX_CHANNEL_BYTES);
  return { ...(clientId !== undefined && { clientId }), ...(deviceId !== undefined && { deviceId }) };
}
