// Channel subscriptions (push.md section 4.3, divergence D73): channel and device together mean exactly that pair, and a device
// never reaches beyond itself.
import { httpError } from '@sockudo/protocol';
import type { AppCall, AppRoute } from '@sockudo/server/plugins';
import { invalid } from '../refusal.ts';
import type { PushService } from '../service.ts';
import { parseSubscription, subscriptionView } from '../subscriptions/subscription.ts';
import { answer, guarded, jsonBody, queryId } from './answers.ts';
import { adminRequired, capabilityOf, requireAdmin, requireDevice } from './caller.ts';
import { listAnswer, listRequest } from './lists.ts';

const KIND = 'channelSubscription';

export const subscriptionRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/channelSubscriptions',
    methods: {
      POST: guarded(async (call) => {
        const isDevice = capabilityOf(call.request) === 'push-subscribe';
        const subscription = parseSubscription(jsonBody(call));
        if (isDevice) await requireOwn(call, service(), subscription.deviceId);
        await service().subscriptions.put(call.app.id, subscription);
        return answer(201, subscriptionView(call.app.id, subscription));
      }),
      GET: (call) => listSubscriptions(call, service()),
      DELETE: async (call) => answer(200, { deleted: await removeSubscriptions(call, service()) }),
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/channelSubscriptions/channels',
    methods: {
      GET: async (call) => {
        requireAdmin(call.request);
        const page = listRequest(call, KIND);
        const { channels, next } = await service().subscriptions.channels(call.app.id, page);
        return listAnswer(call, KIND, channels, next);
      },
    },
  },
];

async function listSubscriptions(call: AppCall, { subscriptions, ...service }: PushService) {
  const { channel, deviceId } = await allowedPair(call, service);
  const page = listRequest(call, KIND);
  const { id } = call.app;
  if (channel !== undefined && deviceId !== undefined) {
    const found = await subscriptions.get(id, channel, deviceId);
    return listAnswer(call, KIND, found === null ? [] : [subscriptionView(id, found)], null);
  }
  const found =
    channel !== undefined
      ? await subscriptions.ofChannel(id, channel, page)
      : deviceId !== undefined
        ? await subscriptions.ofDevice(id, deviceId, page)
        : await subscriptions.all(id, page);
  const items = found.subscriptions.map((subscription) => subscriptionView(id, subscription));
  return listAnswer(call, KIND, items, found.next);
}

async function removeSubscriptions(
  call: AppCall,
  { subscriptions, ...service }: PushService,
): Promise<number> {
  const { channel, deviceId } = await allowedPair(call, service);
  const { id } = call.app;
  if (channel !== undefined && deviceId !== undefined) {
    return (await subscriptions.remove(id, channel, deviceId)) ? 1 : 0;
  }
  if (channel !== undefined) return subscriptions.removeOfChannel(id, channel);
  if (deviceId !== undefined) return subscriptions.removeOfDevice(id, deviceId);
  throw invalid('delete requires channel or deviceId');
}

/** What the query names. @throws ProtocolError 401, 403, 404 unless the caller may reach all of it */
async function allowedPair(
  call: AppCall,
  service: Pick<PushService, 'devices'>,
): Promise<{ readonly channel: string | undefined; readonly deviceId: string | undefined }> {
  const channel = queryId(call, 'channel');
  const deviceId = queryId(call, 'deviceId');
  if (capabilityOf(call.request) === 'push-subscribe') {
    if (deviceId === undefined) throw adminRequired();
    await requireOwn(call, service, deviceId);
  }
  return { channel, deviceId };
}

async function requireOwn(
  { app, request }: AppCall,
  { devices }: Pick<PushService, 'devices'>,
  deviceId: string,
): Promise<void> {
  const device = await devices.get(app.id, deviceId);
  if (device === null) throw httpError('not_found', 'device not found');
  await requireDevice(request, device);
}
