// What `GET /channels/{channel}` says of an AI channel besides (ai-transport-wire.md section 7).
import type { App, RealtimeContext } from '@sockudo/server/plugins';
import type { AiChannels } from './channels.ts';
import { openStreamCount } from './streams/open-streams.ts';

const NO_FACTS = {};

/** `{ai: {active_streams, last_history_serial, message_count}}`; nothing for other channels, and where nothing is kept. */
export async function channelFacts(
  { logs }: Pick<RealtimeContext, 'logs'>,
  channels: AiChannels,
  app: App,
  channel: string,
): Promise<Readonly<Record<string, unknown>>> {
  const log = channels.has(channel) ? logs.of(app) : null;
  if (log === null) return NO_FACTS;
  const key = { appId: app.id, channel };
  const [active, { newestSerial, messages }] = await Promise.all([openStreamCount(log, key), log.state(key)]);
  return {
    ai: { active_streams: active, last_history_serial: newestSerial ?? 0, message_count: messages },
  };
}
