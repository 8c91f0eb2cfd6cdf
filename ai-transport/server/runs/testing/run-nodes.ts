// For tests: nodes that share one log in memory, each with the runs and the rules of streams, asked through their routes without HTTP.
// Time is vitest's: a test that fakes timers moves it.
import { ProtocolError, parseAppend, parsePublish } from '@sockudo/protocol';
import type { AppCall, AppRoute, HttpDeps } from '@sockudo/server/plugins';
import type { Cache, DurableLog } from '@sockudo/server/ports';
import { load, withApps } from '../../../../core/server/config/load-fixture.ts';
import { createMemoryChannelLog } from '../../../../core/server/memory/channel-log.ts';
import { PluginStages } from '../../../../core/server/plugins/stages.ts';
import { type TestRealtime, testRealtime } from '../../../../core/server/realtime/testing/test-realtime.ts';
import { AiChannels } from '../../channels.ts';
import { StreamRules } from '../../streams/stream-rules.ts';
import { createRuns } from '../runs.ts';
import type { Reply, Say } from './runs-server.ts';

export const CHANNEL = 'private-ai-s1';

export interface RunNode extends Pick<TestRealtime, 'context' | 'errors'> {
  readonly log: DurableLog;
  /** `isGone`: whether whoever asked waits no more. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown, isGone?: () => boolean): Promise<Reply>;
  say(event: string, runId: string, more?: Say): Promise<Reply>;
  append(messageSerial: string, fence?: string): Promise<Reply>;
  close(): Promise<void>;
}

export interface RunNodeOptions {
  readonly log?: DurableLog;
  /** Default: one of its own. */
  readonly cache?: Cache;
  /** Default: others have the log, too. */
  readonly isAlone?: boolean;
}

const CONFIG = {
  history: { enabled: true, backend: 'memory' },
  versioned_messages: { enabled: true },
  ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] },
};

export function runNode({
  log = createMemoryChannelLog(),
  cache,
  isAlone = false,
}: RunNodeOptions = {}): RunNode {
  const { settings } = load({
    ...withApps({ id: 'app', key: 'key', secret: 'secret', enabled: true }),
    ...CONFIG,
  });
  const { aiTransport } = settings;
  if (aiTransport === null) throw new Error('AI Transport is off');
  const channels = new AiChannels(aiTransport.prefixes);
  const drivers = { ...settings.drivers, fanout: isAlone ? 'local' : 'redis', channelLog: 'memory' };
  const runs = createRuns({ channels, orphanTtlMs: aiTransport.orphanTtlMs, drivers });
  const stages = new PluginStages([runs, new StreamRules(channels, aiTransport)]);
  const realtime = testRealtime({
    config: CONFIG,
    stages,
    drivers: { durableLog: log, ...(cache !== undefined && { cache }) },
  });
  const { context, app } = realtime;
  runs.start?.(context);
  const routes = (runs.routes ?? []).filter((route): route is AppRoute => route.kind === 'app');
  // CAST: all that the routes ask of it.
  const deps = { validateChannelName: () => null, isDraining: () => false } as unknown as HttpDeps;

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body: unknown = {},
    isGone = () => false,
  ): Promise<Reply> {
    for (const route of routes) {
      const params = paramsOf(route.path, `/apps/app${path}`);
      const handler = route.methods[method];
      if (params === null || handler === undefined) continue;
      const bytes = Buffer.from(JSON.stringify(body));
      const request = { params, body: bytes, header: () => 'application/json', isGone };
      // CAST: the members that the routes read.
      const call = { app, request, query: new Map() } as unknown as AppCall;
      return replyOf(async () => JSON.parse(String((await handler(call, deps)).body)));
    }
    throw new Error(`no route for ${method} ${path}`);
  }

  return {
    context,
    errors: realtime.errors,
    log,
    ask,
    say: (name, runId, { transport, fence, channel = CHANNEL, data = 'x' } = {}) =>
      replyOf(async () => {
        const extras = { ai: { transport: { 'run-id': runId, ...transport } } };
        const body = { name, channel, data, extras, info: '', ...(fence !== undefined && { fence }) };
        return JSON.parse(await context.publisher.publishEvent(app, parsePublish(body)));
      }),
    append: (serial, fence) =>
      replyOf(async () => {
        const request = parseAppend({ data: '+', ...(fence !== undefined && { fence }) });
        return JSON.parse(await context.mutations.change(app, CHANNEL, serial, request));
      }),
    async close() {
      await runs.close?.();
      await realtime.close();
    },
  };
}

async function replyOf(act: () => Promise<unknown>): Promise<Reply> {
  try {
    return { status: 200, body: await act() };
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    return { status: error.httpStatus, body: { code: error.code } };
  }
}

function paramsOf(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = text;
    else if (part !== text) return null;
  }
  return params;
}
