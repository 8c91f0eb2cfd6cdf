// For tests: the realtime side of a server on memory drivers, with the plug-in, and what can be done to an AI channel of it.
import { parseAppend, parseDelete, parsePublish, parseUpdate } from '@sockudo/protocol';
import type { PluginEvent } from '@sockudo/server/plugins';
import type { DurableLog } from '@sockudo/server/ports';
import { vi } from 'vitest';
import { load, withApps } from '../../../core/server/config/load-fixture.ts';
import { createMemoryChannelLog } from '../../../core/server/memory/channel-log.ts';
import { PluginStages } from '../../../core/server/plugins/stages.ts';
import {
  type TestRealtime,
  type TestRealtimeOptions,
  testRealtime,
} from '../../../core/server/realtime/testing/test-realtime.ts';
import { createPlugins } from '../plugin.ts';

export const CHANNEL = 'private-ai-s1';

export interface AiRealtimeOptions extends Pick<TestRealtimeOptions, 'app'> {
  /** Members of the section `ai_transport`. */
  readonly ai?: Readonly<Record<string, unknown>>;
  /** Where several contexts work on one log. */
  readonly log?: DurableLog;
}

export interface AiRealtime extends TestRealtime {
  readonly log: DurableLog;
  /** AI events that webhooks were told of. */
  readonly told: readonly PluginEvent[];
  /** Publishes over the API and answers the message serial. */
  publish(event: string, transport?: Record<string, string>, more?: object): Promise<string>;
  append(messageSerial: string, body: object): Promise<string>;
  update(messageSerial: string, body: object): Promise<string>;
  remove(messageSerial: string): Promise<string>;
  facts(channel?: string): Promise<unknown>;
}

export const transport = (headers: Record<string, string>) => ({ extras: { ai: { transport: headers } } });

export function aiRealtime({ app, ai, log = createMemoryChannelLog() }: AiRealtimeOptions = {}): AiRealtime {
  const config = {
    history: { enabled: true, backend: 'memory' },
    versioned_messages: { enabled: true },
    ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }], ...ai },
  };
  const endpoint = { url: 'http://127.0.0.1:1', event_types: ['ai_run_started'] };
  const members = { webhooks: [endpoint], ...app };
  const { settings } = load({
    ...withApps({ id: 'app', key: 'key', secret: 'secret', enabled: true }),
    ...config,
  });
  const plugins = createPlugins(settings);
  const stages = new PluginStages(plugins);
  const realtime = testRealtime({ app: members, config, stages, drivers: { durableLog: log } });
  const { context } = realtime;
  const told: PluginEvent[] = [];
  vi.spyOn(context.webhooks, 'emit').mockImplementation((_app, event) => {
    if (event.name.startsWith('ai_')) told.push(event as PluginEvent);
  });
  for (const plugin of plugins) plugin.start?.(context);
  return {
    ...realtime,
    log,
    told,
    async publish(event, headers, more = {}) {
      const extras = headers === undefined ? {} : transport(headers);
      const request = parsePublish({
        name: event,
        channel: CHANNEL,
        data: 'x',
        info: '',
        ...extras,
        ...more,
      });
      const answer = JSON.parse(await context.publisher.publishEvent(realtime.app, request));
      return answer.channels[CHANNEL].message_serial;
    },
    append: (serial, body) => context.mutations.change(realtime.app, CHANNEL, serial, parseAppend(body)),
    update: (serial, body) => context.mutations.change(realtime.app, CHANNEL, serial, parseUpdate(body)),
    remove: (serial) => context.mutations.change(realtime.app, CHANNEL, serial, parseDelete({})),
    facts: (channel = CHANNEL) => stages.channelFacts(realtime.app, channel),
    async close() {
      for (const plugin of plugins) await plugin.close?.();
      await realtime.close();
    },
  };
}
