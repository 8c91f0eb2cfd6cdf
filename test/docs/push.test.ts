// docs/push works as it is written: the snippets run word for word against a server whose pushes reach a service that decrypts them,
// the settings are accepted, and what is listed is what there is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Backend from 'sockudo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PushMethods } from '../../core/backend/index.ts';
import { readConfigFile } from '../../core/server/config/config-file.ts';
import { loadSettings } from '../../core/server/config/index.ts';
import { pushRoutes } from '../../push/http/routes.ts';
import { generateVapidKeys } from '../../push/index.ts';
import { metricsOf } from '../../push/metric-series.ts';
import { PushMetrics } from '../../push/metrics.ts';
import { FakeWebPush } from '../../push/testing/fakes/fake-web-push.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/push/${name}.md`, import.meta.url), 'utf8');
const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``, 'g'))].map(
    ([, text]) => text ?? '',
  );
/** All `name`s in the first column of the table that begins so. */
const firstColumn = (page: string, header: string): string[] => {
  const rows = page.slice(page.indexOf(header)).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );
};

const [guide, routes, configuration] = [read('README'), read('http'), read('configuration')];
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a snippet with what its reader has at hand, and answers the constants that it declares. */
async function run(code: string, given: Record<string, unknown>): Promise<Record<string, unknown>> {
  const names = [...code.matchAll(/^const (?:\{ ([\w, ]+) \}|(\w+))/gm)].map(([, a, b]) => a ?? b);
  const body = `${code}\nreturn { ${names.join(', ')} };`;
  return new AsyncFunction(...Object.keys(given), body)(...Object.values(given));
}

const [webPush = '', rule = ''] = blocks(guide, 'toml');

describe('docs/push/README.md', () => {
  let server: TestServer;
  let service: FakeWebPush;
  const [register = '', publish = '', status = '', extras = '', event = '', later = ''] = blocks(guide, 'js');

  beforeAll(async () => {
    service = await FakeWebPush.start();
    const { push, ...config } = settingsIn(`${webPush}\n${rule}`);
    server = await startTestServer({
      config: {
        ...config,
        push: {
          // CAST: the section of the page's own file.
          ...(push as object),
          webpush: { vapid_private_key: generateVapidKeys().privateKey },
          allow_local_endpoints: true,
        },
      },
    });
  });

  afterAll(async () => {
    await server.close();
    await service.close();
  });

  it('brings a first notification, those of events, and none that was cancelled', async () => {
    const { app, host, port } = server;
    const sockudo = new Backend({ appId: app.id, key: app.key, secret: app.secret, host, port });
    const { endpoint, p256dh, auth } = service.subscribe('browser');
    const given = { sockudo, deviceId: 'd', userId: 'ann', endpoint, p256dh, auth };
    expect(await run(register, given)).toMatchObject({ deviceIdentityToken: expect.any(String) });
    const published = await run(publish, given);
    const arrived = (count: number) =>
      expect.poll(() => service.received.length, { timeout: 20_000 }).toBe(count);
    await arrived(1);
    expect(service.received[0]?.message).toMatchObject({
      notification: { title: 'Order 19 packed', body: 'It leaves today' },
      data: { url: 'https://shop.example/orders/19' },
    });
    await expect
      .poll(async () => (await run(status, { ...given, ...published })).state, { timeout: 20_000 })
      .toBe('succeeded');
    await run(extras, given);
    await arrived(2);
    const subscription = { deviceId: 'd', provider: 'webPush', tokenHash: 'x' } as const;
    await sockudo.upsertChannelPushSubscription({ channel: 'notifications:ann', ...subscription });
    await run(event, given);
    await arrived(3);
    expect(service.received.slice(1).map(({ message }) => message.notification.title)).toEqual([
      'Order 19 packed',
      'Done',
    ]);
    expect(service.received[2]?.message.data).toEqual({ data: { sessionId: 's1' } });
    const { later: scheduled } = await run(later, given);
    // CAST: the answer of the snippet's publish.
    const { publishId } = scheduled as { publishId: string };
    expect(await sockudo.getPublishStatus(publishId)).toMatchObject({ state: 'cancelled' });
  });
});

describe('docs/push/http.md', () => {
  it('lists the routes', () => {
    const listed = firstColumn(routes, '| Route | Who |').map((route) => route.replace(/\?.*$/, ''));
    const words = /\{(fcm,[^}]+)\}/;
    const all = listed.flatMap((route) => {
      const [, providers] = words.exec(route) ?? [];
      return providers === undefined
        ? [route]
        : providers.split(',').map((word) => route.replace(words, word));
    });
    const there = pushRoutes(() => {
      throw new Error('not served');
    }).flatMap(({ path, methods }) =>
      Object.keys(methods).map(
        (method) => `${method} ${path.replace('/apps/:appId/push', '').replace(/:(\w+)/, '{$1}')}`,
      ),
    );
    expect(all.toSorted()).toEqual(there.toSorted());
  });

  it('lists the methods of the SDK', () => {
    const listed = firstColumn(routes, '| Method of `sockudo` |').map((call) => call.replace(/\(.*$/, ''));
    const there = Object.getOwnPropertyNames(PushMethods.prototype).filter((name) => name !== 'constructor');
    expect(listed.toSorted()).toEqual(there.toSorted());
  });
});

describe('docs/push/configuration.md', () => {
  it.each([webPush, ...blocks(configuration, 'toml')])('shows settings that are accepted', (text) => {
    const loaded = loadSettings({ config: settingsIn(text), env: {}, cwd: tmpdir() });
    expect(loaded.ok ? [] : loaded.problems).toEqual([]);
  });

  it('lists the metrics', () => {
    const there = metricsOf(new PushMetrics()).map(({ name }) => `sockudo_${name}`);
    expect(firstColumn(configuration, '| Metric | |').toSorted()).toEqual(there.toSorted());
  });
});

/** Settings as the server reads its file. */
function settingsIn(toml: string): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sockudo-docs-'));
  try {
    writeFileSync(join(folder, 'config.toml'), toml);
    const file = readConfigFile(join(folder, 'config.toml'), {}, folder);
    if (file.kind !== 'read') throw new Error('the settings cannot be read');
    return file.data;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
