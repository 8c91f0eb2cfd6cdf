import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../core/server/config/index.ts';
import { conformanceConfig } from './conformance-config.ts';

const spec: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'conformance/apps.json'), 'utf8'));

function load(options: Parameters<typeof conformanceConfig>[1]) {
  const result = loadSettings({ config: conformanceConfig(spec, options), env: {}, cwd: '/nowhere' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.settings;
}

describe('conformanceConfig', () => {
  const settings = load({ port: 7001 });
  const app = (id: string) => settings.apps.find((candidate) => candidate.id === `conf-${id}`);

  it('is a configuration the loader accepts, for every app of the suite', () => {
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 7001,
      http: { maxBodyBytes: 1024 * 1024 },
      rateLimits: { api: { enabled: false }, websocket: { enabled: false } },
      metrics: { enabled: false },
      drivers: { channelLog: 'memory', workQueue: 'memory' },
      pages: { history: 10, versions: 10, presenceHistory: 10 },
      filters: { tagsEnabled: true, tagsInFrames: true, maxEvents: 5, maxEventNameBytes: 40 },
      presence: { updatesPerSecond: 3, leaveGraceMs: { v1: 0, v2: 1000 } },
      echo: { defaultEcho: true },
      annotationsEnabled: true,
    });
    expect(settings.apps).toHaveLength(12);
  });

  it('translates what each app is for', () => {
    expect(app('main')).toMatchObject({
      clientMessagesEnabled: true,
      userAuthenticationEnabled: true,
      watchlistEnabled: true,
      annotationsEnabled: true,
      versionsEnabled: true,
      history: { enabled: true, rewindEnabled: true, retention: { messages: 100 } },
      recovery: { enabled: true, windowMs: 120_000, maxMessages: 8 },
      idempotency: { enabled: true, ttlMs: 120_000, maxKeyBytes: 64 },
    });
    expect(app('plain')).toMatchObject({
      clientMessagesEnabled: false,
      history: { enabled: false },
      recovery: { enabled: false },
      idempotency: { enabled: false },
      presenceHistory: { enabled: false },
      versionsEnabled: false,
    });
    expect(app('recovery')).toMatchObject({ history: { enabled: false }, recovery: { enabled: true } });
    expect(app('history')).toMatchObject({
      annotationsEnabled: false,
      history: { rewindEnabled: false, retention: { messages: 5 } },
      recovery: { maxMessages: 40 },
    });
    expect(app('limits')?.limits).toMatchObject({
      maxClientEventsPerWindow: 3,
      clientEventWindowMs: 5000,
      closeOnClientEventLimit: false,
      maxPresenceMembersPerChannel: 2,
      maxPresenceMemberSizeKb: 1,
      maxChannelNameBytes: 60,
      maxEventNameBytes: 30,
      maxEventPayloadBytes: 1024,
      maxEventChannels: 3,
      maxBatchEvents: 3,
    });
    expect(app('strict')?.limits).toMatchObject({ maxConnections: 1, closeOnClientEventLimit: true });
    expect(app('msgrate')?.limits.messageRate).toEqual({ max: 4, windowMs: 10_000, closeOnLimit: true });
    expect(app('disabled')?.enabled).toBe(false);
    expect(app('origin')?.allowedOrigins).toEqual(['https://allowed.example.com', '*.wild.example.com']);
    expect(app('ns')?.namespaces.get('chat')).toMatchObject({
      maxChannelNameBytes: 60,
      allowUserLimitedChannels: true,
    });
    expect(app('ns')?.namespaces.get('readonly')?.allowPublishForClient).toBe(false);
    expect(app('ns')?.namespaces.get('closed')?.allowSubscribeForClient).toBe(false);
    expect(app('ns')?.namespaces.get('nopresence')?.allowPresenceForClient).toBe(false);
  });

  it('can keep state in SQLite', () => {
    const databasePath = join(tmpdir(), 'a.db');
    const durable = load({ port: 0, store: 'sqlite', databasePath });
    expect(durable).toMatchObject({
      databasePath,
      drivers: { channelLog: 'sqlite', workQueue: 'sqlite' },
    });
  });

  it('refuses words it cannot translate', () => {
    const strange = { ...(typeof spec === 'object' ? spec : {}), extra: 1 };
    expect(() => conformanceConfig(strange, { port: 0 })).toThrow('extra');
  });
});
