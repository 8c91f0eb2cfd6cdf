import { describe, expect, it } from 'vitest';
import type { SockudoOptions } from './options.ts';
import manifest from './package.json' with { type: 'json' };
import { settingsFrom } from './settings.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { VERSION } from './version.ts';

const settings = (options: SockudoOptions, key = 'app-key', runtime = new FakeRuntime()) =>
  settingsFrom(key, options, runtime);

const tail = `protocol=7&client=js&version=${VERSION}&flash=false`;

describe('settings', () => {
  it('build the URL as Pusher clients do', () => {
    expect(settings({ wsHost: 'h' }).url).toBe(`wss://h:443/app/app-key?${tail}`);
    expect(settings({ wsHost: 'h', forceTLS: false }).url).toBe(`ws://h:80/app/app-key?${tail}`);
    expect(settings({ wsHost: 'h', forceTLS: false, wsPort: 6001, wsPath: '/rt' }).url).toBe(
      `ws://h:6001/rt/app/app-key?${tail}`,
    );
    expect(settings({ wsHost: 'h', wssPort: 6002 }, 'ä/b').url).toBe(`wss://h:6002/app/%C3%A4%2Fb?${tail}`);
    expect(settings({ cluster: 'eu' }).url).toBe(`wss://ws-eu.pusher.com:443/app/app-key?${tail}`);
    expect(settings({ wsHost: '::1', forceTLS: false }).url).toContain('ws://[::1]:80/');
  });

  it('use TLS on https pages, whatever the options say', () => {
    const runtime = new FakeRuntime();
    runtime.isSecure = true;
    expect(settings({ wsHost: 'h', forceTLS: false }, 'k', runtime).url).toMatch(/^wss:/);
    expect(settings({ wsHost: 'h', forceTLS: false, enabledTransports: ['wss'] }).url).toMatch(/^wss:/);
    expect(settings({ wsHost: 'h', forceTLS: false, enabledTransports: ['ws', 'wss'] }).url).toMatch(/^ws:/);
  });

  it('add the parameters of protocol 2, there only', () => {
    const options = { wsHost: 'h', echoMessages: false, appendMode: 'full' } as const;
    const query = new URL(settings({ ...options, protocolVersion: 2 }).url).searchParams;
    expect(Object.fromEntries(query)).toEqual({
      protocol: '2',
      client: 'js',
      version: VERSION,
      flash: 'false',
      echo_messages: 'false',
      append_mode: 'full',
    });
    expect(settings(options).url).toContain(tail);
  });

  it('have Pusher’s defaults', () => {
    expect(settings({ wsHost: 'h' })).toMatchObject({
      protocolVersion: 7,
      activityTimeoutMs: 120_000,
      pongTimeoutMs: 30_000,
      unavailableTimeoutMs: 10_000,
      connectionRecovery: false,
      deltaAlgorithms: undefined,
      deduplicationCapacity: 1000,
      token: undefined,
    });
    expect(settings({ wsHost: 'h', messageDeduplication: false }).deduplicationCapacity).toBe(0);
  });

  it('ask for deltas where they are wanted and protocol 2 is spoken', () => {
    const asked = (deltaCompression: SockudoOptions['deltaCompression'], protocolVersion: 2 | 7 = 2) =>
      settings({ wsHost: 'h', protocolVersion, ...(deltaCompression && { deltaCompression }) })
        .deltaAlgorithms;
    expect(asked({ enabled: true })).toEqual(['fossil', 'xdelta3']);
    expect(asked({ enabled: true, algorithms: ['xdelta3'] })).toEqual(['xdelta3']);
    expect(asked({})).toBeUndefined();
    expect(asked(undefined)).toBeUndefined();
    expect(asked({ enabled: true }, 7)).toBeUndefined();
    // CAST: what JavaScript callers may pass.
    expect(() => asked({ algorithms: ['zstd' as never] })).toThrow('deltaCompression.algorithms');
    expect(() => asked({ algorithms: [] })).toThrow('deltaCompression.algorithms');
  });

  it('refuse what cannot work, naming the option', () => {
    expect(() => settings({})).toThrow('wsHost');
    expect(() => settings({ wsHost: 'wss://h' })).toThrow('wsHost');
    expect(() => settings({ wsHost: 'h' }, '')).toThrow('app key');
    expect(() => settings({ wsHost: 'h', pongTimeout: -1 })).toThrow('pongTimeout');
    // CAST: what JavaScript callers may pass.
    expect(() => settings({ wsHost: 'h', protocolVersion: 3 as never })).toThrow('protocolVersion');
  });

  it('carry the package’s version', () => {
    expect(VERSION).toBe(manifest.version);
  });
});
