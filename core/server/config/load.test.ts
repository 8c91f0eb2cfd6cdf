// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the files under test
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LoadResult, loadSettings } from './load.ts';
import { APP, inDirectory, load, withApps } from './load-fixture.ts';
import { formatProblems } from './problem.ts';

function loaded(result: LoadResult) {
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result;
}

function failure(result: LoadResult): string {
  if (result.ok) throw new Error('nothing is wrong with it');
  return formatProblems(result.problems);
}

function write(directory: string, name: string, text: string): void {
  mkdirSync(join(directory, 'config'), { recursive: true });
  writeFileSync(join(directory, name), text);
}

const app = JSON.stringify(withApps(APP));

describe('precedence', () => {
  const file = `{ "port": 1, "max_connections": 1, "activity_timeout": 11, ${app.slice(1)}`;

  it('is defaults < file < environment < flags', () => {
    inDirectory((cwd) => {
      write(cwd, 'config/config.json', file);
      const env = { PORT: '2', SOCKUDO_MAX_CONNECTIONS: '2' };
      const { settings } = loaded(loadSettings({ env, flags: { port: '3' }, cwd }));
      expect(settings).toMatchObject({
        port: 3,
        maxConnections: 2,
        activityTimeoutSeconds: 11,
        shutdownGraceMs: 10_000,
      });
    });
  });

  it('names the layer a bad value came from', () => {
    inDirectory((cwd) => {
      write(cwd, 'config/config.json', '{ "port": -1, "activity_timeout": 0 }');
      const text = failure(loadSettings({ env: { PORT: '70000' }, cwd }));
      expect(text).toContain(
        'port: must be an integer from 0 to 65535, not 70000 (environment variable PORT)',
      );
      expect(text).toContain(
        'activity_timeout: must be an integer from 1 to 86400, not 0 (config/config.json)',
      );
    });
  });

  it('counts empty variables as unset', () => {
    expect(load({ port: 5 }, { env: { PORT: '' } }).settings.port).toBe(5);
  });
});

describe('files', () => {
  it('prefers config/config.toml to config/config.json, and --config to both', () => {
    inDirectory((cwd) => {
      write(cwd, 'config/config.json', '{ "port": 1 }');
      expect(loaded(loadSettings({ env: {}, cwd }))).toMatchObject({ file: 'config/config.json' });
      write(cwd, 'config/config.toml', 'port = 2');
      expect(loaded(loadSettings({ env: {}, cwd })).settings.port).toBe(2);
      write(cwd, 'other.json', '{ "port": 3, "host": null }');
      const result = loaded(loadSettings({ env: {}, cwd, file: 'other.json' }));
      expect(result).toMatchObject({ file: 'other.json', settings: { port: 3, host: '0.0.0.0' } });
    });
  });

  it('reads the same settings from TOML and from JSON', () => {
    const toml = `
mode = "development"
port = 7001
[history]
max_messages_per_channel = 50
[[app_manager.array.apps]]
id = "4242"
key = "k-demo"
secret = "\${SECRET}"
enabled = true
[app_manager.array.apps.policy.limits]
max_event_payload_in_kb = "64"
[[app_manager.array.apps.policy.channels.channel_namespaces]]
name = "chat"
annotations_enabled = true
[[app_manager.array.apps.policy.webhooks]]
url = "https://hooks.example.test/rt"
event_types = ["channel_occupied", "channel_vacated"]
filter = { channel_prefix = "presence-" }
headers = { "X-Env" = "stage" }
[instance]
process_id = "n"
`;
    const json = JSON.stringify({
      mode: 'development',
      port: '7001',
      history: { max_messages_per_channel: 50, max_bytes_per_channel: null },
      app_manager: {
        array: {
          apps: [
            {
              id: '4242',
              key: 'k-demo',
              secret: '${SECRET}',
              enabled: 'true',
              policy: {
                limits: { max_event_payload_in_kb: 64 },
                channels: { channel_namespaces: [{ name: 'chat', annotations_enabled: true }] },
                webhooks: [
                  {
                    url: 'https://hooks.example.test/rt',
                    event_types: ['channel_occupied', 'channel_vacated'],
                    filter: { channel_prefix: 'presence-' },
                    headers: { 'X-Env': 'stage' },
                  },
                ],
              },
            },
          ],
        },
      },
      instance: { process_id: 'n' },
    });
    inDirectory((cwd) => {
      write(cwd, 'a.toml', toml);
      write(cwd, 'a.json', json);
      const env = { SECRET: 'sesame' };
      const first = loaded(loadSettings({ env, cwd, file: 'a.toml' }));
      expect(first.settings).toEqual(loaded(loadSettings({ env, cwd, file: 'a.json' })).settings);
      expect(first.settings.apps[0]).toMatchObject({
        secret: 'sesame',
        limits: { maxEventPayloadBytes: 65_536 },
      });
    });
  });

  it('refuses a file that is missing, malformed or no object, without quoting it', () => {
    inDirectory((cwd) => {
      expect(failure(loadSettings({ env: {}, cwd, file: 'no.toml' }))).toContain('no.toml: does not exist');
      write(cwd, 'bad.json', '{\n  "secret": "sesame"\n  "port": 1 }');
      const json = failure(loadSettings({ env: {}, cwd, file: 'bad.json' }));
      expect(json).toContain('bad.json: is not valid JSON at line 3, column 3');
      write(cwd, 'short.json', '{ "secret": "sesame"');
      const short = failure(loadSettings({ env: {}, cwd, file: 'short.json' }));
      write(cwd, 'bad.toml', 'secret = "sesame"\nport = = 1');
      const toml = failure(loadSettings({ env: {}, cwd, file: 'bad.toml' }));
      expect(toml).toMatch(/bad\.toml: is not valid TOML: .+ at line 2, column \d+/);
      for (const text of [json, short, toml]) expect(text).not.toContain('sesame');
      write(cwd, 'list.json', '[]');
      expect(failure(loadSettings({ env: {}, cwd, file: 'list.json' }))).toContain(
        'list.json: must hold an object',
      );
      expect(failure(loadSettings({ env: {}, cwd, file: '.' }))).toContain('cannot be read: EISDIR');
    });
  });

  it('lists every variable that a file needs and that is not set', () => {
    inDirectory((cwd) => {
      write(
        cwd,
        'a.toml',
        'host = "${A}"\nmode = "${B:-production}"\ninstance = { process_id = "${C}${A}" }',
      );
      expect(failure(loadSettings({ env: { C: '' }, cwd, file: 'a.toml' }))).toContain(
        'a.toml: refers to variables that are not set and have no default: ${A}, ${C}',
      );
    });
  });

  it('ignores prototype keys of hostile JSON', () => {
    inDirectory((cwd) => {
      write(cwd, 'a.json', '{ "__proto__": { "port": 9 }, "constructor": 1 }');
      const text = failure(loadSettings({ env: {}, cwd, file: 'a.json' }));
      expect(text).toContain('__proto__: is not a setting');
      expect(text).toContain('constructor: is not a setting');
    });
  });
});

describe('no configuration', () => {
  it('runs a development app whose secret is made once and kept private', () => {
    inDirectory((cwd) => {
      const first = loaded(loadSettings({ env: {}, cwd }));
      expect(first.settings).toMatchObject({
        mode: 'development',
        host: '127.0.0.1',
        port: 6001,
        databasePath: join(cwd, '.sockudo/sockudo.db'),
        rateLimits: { api: { enabled: false }, websocket: { enabled: false } },
        drivers: { channelLog: 'sqlite', workQueue: 'sqlite', cache: 'memory', fanout: 'local' },
        apps: [
          {
            id: 'app-id',
            key: 'app-key',
            enabled: true,
            clientMessagesEnabled: true,
            userAuthenticationEnabled: true,
            watchlistEnabled: true,
          },
        ],
      });
      expect(first.warnings).toEqual([]);
      expect(first.file).toBeNull();
      const path = join(cwd, '.sockudo/development.json');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const secret = first.development?.secret ?? '';
      expect(secret).toMatch(/^[0-9a-f]{48}$/);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ app_id: 'app-id', key: 'app-key', secret });
      expect(loaded(loadSettings({ env: {}, cwd })).settings.apps[0]?.secret).toBe(secret);
    });
  });

  it('still listens to the environment and to flags', () => {
    inDirectory((cwd) => {
      const { settings } = loaded(loadSettings({ env: { HOST: '::1' }, flags: { port: '0' }, cwd }));
      expect(settings).toMatchObject({ host: '::1', port: 0, mode: 'development' });
    });
  });

  it('writes nothing for a preview', () => {
    inDirectory((cwd) => {
      const { development } = loaded(loadSettings({ env: {}, cwd, development: 'preview' }));
      expect(development).toMatchObject({ isKept: false });
      expect(() => statSync(join(cwd, '.sockudo'))).toThrow();
    });
  });

  it('refuses a damaged file of credentials by name', () => {
    inDirectory((cwd) => {
      mkdirSync(join(cwd, '.sockudo'));
      writeFileSync(join(cwd, '.sockudo/development.json'), '{"app_id":"a"}');
      expect(failure(loadSettings({ env: {}, cwd }))).toContain(
        '.sockudo/development.json: does not hold the credentials of a development app',
      );
    });
  });

  it('makes no development app where the environment defines one', () => {
    inDirectory((cwd) => {
      const env = { PUSHER_APP_ID: 'i', PUSHER_APP_KEY: 'k', PUSHER_APP_SECRET: 's' };
      const result = loaded(loadSettings({ env, cwd }));
      expect(result.development).toBeNull();
      expect(result.settings).toMatchObject({
        mode: 'production',
        apps: [{ id: 'i', key: 'k', secret: 's' }],
      });
    });
  });
});

describe('the settings', () => {
  it('are frozen to the bottom', () => {
    const namespaces = { channel_namespaces: [{ name: 'n', channel_name_pattern: 'x' }] };
    const { settings, config } = load(withApps({ ...APP, ...namespaces }));
    const [first] = settings.apps;
    const frozen = [
      settings,
      settings.http,
      settings.apps,
      first,
      first?.limits,
      first?.namespaces.get('n'),
      config.history,
    ];
    for (const part of frozen) expect(Object.isFrozen(part)).toBe(true);
    expect(first?.namespaces.get('n')?.channelPattern?.test('x')).toBe(true);
  });

  it('resolve the database path against the working directory', () => {
    expect(load({}, { cwd: '/srv' }).settings.databasePath).toBe('/srv/.sockudo/sockudo.db');
    const database = { sqlite: { path: '/var/lib/a.db' } };
    expect(load({ database }).settings.databasePath).toBe('/var/lib/a.db');
  });
});
