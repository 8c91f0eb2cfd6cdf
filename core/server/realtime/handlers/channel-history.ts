// channel_history: a page of a subscribed channel's history over the socket (realtime.md section 6.5). Frames of one connection
// are handled one after the other, so answers come in the order of the requests and no more than one is in the making.
import {
  CHANNEL_HISTORY_LIMIT_MAX,
  type ChannelHistoryRequest,
  type ClientFrame,
  channelError,
  channelHistoryFrame,
  clientEventError,
  historyQueryOf,
  invalidMessage,
  parseChannelHistory,
  protocolError,
} from '@sockudo/protocol';
import { keepsHistory } from '../../apps/durability.ts';
import { historyDisabled } from '../../messages/features.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { requireCapability } from '../permissions.ts';
import { withoutRollup } from '../rollup/without-rollup.ts';
import type { Subscription } from '../subscription.ts';

export function handleChannelHistory(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  if (connection.protocol === 1) throw protocolError('channel_history is only supported on protocol V2');
  const request = parseChannelHistory(frame.data);
  const { channel } = request;
  const subscription = connection.subscriptions.get(channel);
  if (subscription === undefined) {
    throw clientEventError(`Socket ${connection.socketId} is not subscribed to channel ${channel}`);
  }
  if (!keepsHistory(connection.app, channel)) throw channelError(historyDisabled(channel));
  requireCapability(connection, 'history', channel);
  return sendPage(subscription, request, context);
}

async function sendPage(
  subscription: Subscription,
  request: ChannelHistoryRequest,
  context: RealtimeContext,
): Promise<void> {
  const { connection } = subscription;
  const { app } = connection;
  const { channel, bounds } = request;
  const attachSerial = request.untilAttach ? await attachSerialOf(subscription, context) : null;
  const end_serial = attachSerial === null ? bounds.end_serial : earlier(attachSerial, bounds.end_serial);
  const query = historyQueryOf(
    { ...request, bounds: { ...bounds, end_serial } },
    {
      appId: app.id,
      channel,
      maxLimit: Math.min(context.history.pageSize, CHANNEL_HISTORY_LIMIT_MAX),
      noun: 'History',
      refuse: invalidMessage,
    },
  );
  const page = await withoutRollup(
    subscription,
    () => context.history.frameData(app, channel, query, attachSerial),
    () => context.logs.head(app, channel),
  );
  connection.sendText(channelHistoryFrame(channel, page, connection.messageId()));
}

/** Serials of a stream that was reset say nothing about the one that came after (divergence D41). */
async function attachSerialOf(
  { connection, channel, attachedAt }: Subscription,
  context: RealtimeContext,
): Promise<number> {
  const head = await context.logs.head(connection.app, channel.name);
  if (attachedAt === null || attachedAt.streamId !== head?.streamId) {
    throw invalidMessage(`No attach_serial is recorded for channel '${channel.name}'`);
  }
  return attachedAt.serial;
}

const earlier = (attachSerial: number, endSerial: number | null): number =>
  endSerial === null ? attachSerial : Math.min(attachSerial, endSerial);
