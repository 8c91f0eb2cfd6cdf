// Device registrations (push.md section 4.2).
import { httpError } from '@sockudo/protocol';
import type { AppCall, AppRoute } from '@sockudo/server/plugins';
import { tokenHashOf } from '../contracts.ts';
import { deviceView, parseDevice } from '../devices/device.ts';
import type { Registration } from '../devices/devices.ts';
import { invalid } from '../refusal.ts';
import type { PushService } from '../service.ts';
import { answer, guarded, jsonBody, NOTHING, pathId, queryId } from './answers.ts';
import { capabilityOf, requireAdmin, requireDevice } from './caller.ts';
import { listAnswer, listRequest } from './lists.ts';

const ROTATE_HEADER = 'x-sockudo-rotate-device-identity-token';
const YES: readonly (string | undefined)[] = ['1', 'true', 'TRUE', 'yes'];

const deviceNotFound = () => httpError('not_found', 'device not found');

export const deviceRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/deviceRegistrations',
    methods: {
      POST: guarded((call) => register(call, service())),
      GET: async (call) => {
        requireAdmin(call.request);
        const page = listRequest(call, 'device');
        const { devices, next } = await service().devices.list(call.app.id, page);
        const items = devices.map((device) => deviceView(call.app.id, device));
        return listAnswer(call, 'device', items, next);
      },
      DELETE: async (call) => {
        requireAdmin(call.request);
        const clientId = queryId(call, 'clientId');
        if (clientId === undefined) throw invalid('removeWhere requires clientId');
        const deleted = await service().devices.removeOfClient(call.app.id, clientId);
        return answer(200, { deleted, consistency: 'eventual' });
      },
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/deviceRegistrations/:deviceId',
    methods: {
      GET: async (call) => {
        const device = await service().devices.get(call.app.id, pathId(call, 'deviceId'));
        if (device === null) throw deviceNotFound();
        if (capabilityOf(call.request) === 'push-subscribe') await requireDevice(call.request, device);
        return answer(200, deviceView(call.app.id, device));
      },
      DELETE: async (call) => {
        const deviceId = pathId(call, 'deviceId');
        if (capabilityOf(call.request) === 'push-subscribe') {
          const device = await service().devices.get(call.app.id, deviceId);
          if (device === null) throw deviceNotFound();
          await requireDevice(call.request, device);
        }
        await service().devices.remove(call.app.id, deviceId);
        return NOTHING;
      },
    },
  },
];

async function register(call: AppCall, { devices, checkRecipient }: PushService) {
  const { app, request } = call;
  const self = capabilityOf(request) === 'push-subscribe';
  const device = parseDevice(jsonBody(call), checkRecipient);
  if (self) {
    const known = await devices.get(app.id, device.id);
    if (known === null) throw httpError('forbidden', 'device token registration requires an existing device');
    await requireDevice(request, known);
  }
  const rotate = !self && YES.includes(request.header(ROTATE_HEADER));
  return registered(app.id, await devices.register(app.id, device, { rotate, self }));
}

function registered(appId: string, { change, device, token }: Registration) {
  return answer(201, {
    change,
    tokenHash: tokenHashOf(device.recipient),
    device: deviceView(appId, device),
    ...(token !== null && { deviceIdentityToken: token }),
  });
}
