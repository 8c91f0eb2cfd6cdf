import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Place, recordingIo, temporaryDirectory } from './cli-fixture.ts';
import { resolveTarget, type TargetOptions } from './target.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const resolve = (options: TargetOptions, place: Place = {}) =>
  resolveTarget(options, recordingIo({ cwd: directory.path, ...place }));

const APPS = {
  app_manager: {
    array: {
      apps: [
        { id: 'off', key: 'k-off', secret: 's-off', enabled: false },
        { id: 'a', key: 'k-a', secret: 's-a', enabled: true },
        { id: 'b', key: 'k-b', secret: 's-b', enabled: true },
      ],
    },
  },
};

function configure(settings: Record<string, unknown> = {}): void {
  mkdirSync(join(directory.path, 'config'));
  writeFileSync(join(directory.path, 'config/config.json'), JSON.stringify({ ...APPS, ...settings }));
}

describe('credentials', () => {
  it('come from options before everything else', () => {
    const options = { url: 'https://a.example/base/', appId: 'i', key: 'k', secret: 's' };
    expect(resolve(options)).toEqual({ url: 'https://a.example/base', appId: 'i', key: 'k', secret: 's' });
  });

  it('come in one URL as backend SDKs write it', () => {
    expect(resolve({ url: 'http://k:s%2F@127.0.0.1:7001/apps/42' })).toEqual({
      url: 'http://127.0.0.1:7001',
      appId: '42',
      key: 'k',
      secret: 's/',
    });
  });

  it('come from the environment before the configuration', () => {
    configure();
    const env = { PUSHER_APP_ID: 'p', PUSHER_APP_KEY: 'k-p', PUSHER_APP_SECRET: 's-p' };
    expect(resolve({}, { env })).toMatchObject({ appId: 'p', key: 'k-p', secret: 's-p' });
  });

  it('come from the first enabled app of the configuration, or the one named', () => {
    configure();
    expect(resolve({})).toMatchObject({ appId: 'a', key: 'k-a', secret: 's-a' });
    expect(resolve({ appId: 'b' })).toMatchObject({ key: 'k-b', secret: 's-b' });
    expect(resolve({ key: 'k-off' })).toMatchObject({ appId: 'off', secret: 's-off' });
  });

  it('come from the development app that was started here', () => {
    mkdirSync(join(directory.path, '.sockudo'));
    const kept = { app_id: 'app-id', key: 'app-key', secret: 'sixteen letters!' };
    writeFileSync(join(directory.path, '.sockudo/development.json'), JSON.stringify(kept));
    expect(resolve({})).toEqual({
      url: 'http://127.0.0.1:6001',
      appId: 'app-id',
      key: 'app-key',
      secret: 'sixteen letters!',
    });
  });

  it('are missed by name, and an unknown app is named', () => {
    expect(() => resolve({ key: 'k' })).toThrow(
      'The configuration has no app with the key `k`. Credentials are missing: give --app-id, --secret',
    );
    configure();
    expect(() => resolve({ appId: 'zz' })).toThrow('The configuration has no app with the id `zz`.');
  });
});

describe('address', () => {
  const credentials = { appId: 'i', key: 'k', secret: 's' };

  it.each([
    ['127.0.0.1:7001', 'http://127.0.0.1:7001'],
    ['ws://127.0.0.1:7001', 'http://127.0.0.1:7001'],
    ['wss://a.example', 'https://a.example'],
    ['http://[::1]:7001/', 'http://[::1]:7001'],
  ])('--url %s is %s', (url, expected) => {
    expect(resolve({ ...credentials, url }).url).toBe(expected);
  });

  it.each([
    [{ PUSHER_HOST: 'a.example' }, 'http://a.example:6001'],
    [{ PUSHER_HOST: 'a.example', PUSHER_SCHEME: 'https' }, 'https://a.example'],
    [{ PUSHER_HOST: 'a.example', PUSHER_PORT: '8080', PUSHER_SCHEME: 'http' }, 'http://a.example:8080'],
    [{ REVERB_HOST: 'r.example', REVERB_PORT: '8080' }, 'http://r.example:8080'],
    [{ PUSHER_HOST: '' }, 'http://127.0.0.1:6001'],
  ])('the environment %j says %s', (env, expected) => {
    expect(resolve(credentials, { env }).url).toBe(expected);
  });

  it('refuses an environment that makes no address', () => {
    const env = { PUSHER_HOST: 'a.example', PUSHER_PORT: 'x' };
    expect(() => resolve(credentials, { env })).toThrow(
      'PUSHER_SCHEME, PUSHER_HOST and PUSHER_PORT make no address',
    );
  });

  it('is otherwise where the configuration lets the server listen', () => {
    configure({ port: 7005, ssl: { enabled: true, cert_path: 'c', key_path: 'k' } });
    expect(resolve({}).url).toBe('https://127.0.0.1:7005');
    expect(() => resolve({}, { env: { PORT: '0' } })).toThrow('give its address with --url');
  });
});
