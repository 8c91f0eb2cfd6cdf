// The command in processes of its own, against a real server that `sockudo serve` runs.
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Child, runChild, temporaryDirectory } from './cli-fixture.ts';

// A dozen processes start one after the other; a busy machine takes its time. Nothing here waits for a clock.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CONFIG = {
  host: '127.0.0.1',
  history: { backend: 'memory' },
  queue: { driver: 'memory' },
  shutdown_grace_period: 0,
  app_manager: {
    array: {
      apps: [
        {
          id: 'a',
          key: 'k',
          secret: 'sesame',
          enabled: true,
          policy: { features: { enable_client_messages: true } },
        },
      ],
    },
  },
};

const directory = temporaryDirectory();
const cwd = directory.path;
let server: Child;
let url = '';

beforeAll(async () => {
  mkdirSync(join(cwd, 'config'));
  writeFileSync(join(cwd, 'config/config.json'), JSON.stringify(CONFIG));
  server = new Child(['serve', '--port', '0', '--json'], { cwd });
  const ready = JSON.parse(await server.line('"ready"'));
  expect(ready).toMatchObject({
    event: 'ready',
    host: '127.0.0.1',
    pid: server.process.pid,
    config: 'config/config.json',
  });
  url = ready.url;
  expect(url).toBe(`http://127.0.0.1:${ready.port}`);
});

afterAll(async () => {
  await server.kill();
  directory.remove();
});

describe('publish, subscribe and channels', () => {
  it('carry an event from one process to another', async () => {
    const channels = ['room', 'private-x', 'presence-y', 'private-cache-z'];
    const reader = new Child(['subscribe', ...channels, '--url', url, '--user-id', 'ann', '--count', '2'], {
      cwd,
    });
    for (const channel of channels) await reader.line(`${channel} sockudo_internal:subscription_succeeded`);
    const list = await runChild(['channels', '--info', '--url', url], { cwd });
    expect(list).toMatchObject({ code: 0, err: '' });
    expect(list.out.split('\n')).toEqual(channels.toSorted().map((name) => `${name}  subscription_count 1`));
    const users = await runChild(
      ['channels', '--prefix', 'presence-', '--info', 'user_count', '--json', '--url', url],
      { cwd },
    );
    expect(JSON.parse(users.out)).toEqual({ channels: { 'presence-y': { user_count: 1 } } });
    const one = await runChild(['channels', 'nobody', '--url', url], { cwd });
    expect(one).toMatchObject({ code: 0, out: 'nobody  occupied false' });

    const first = await runChild(['publish', 'room', 'tick', '{"n":1}', '--url', url], { cwd });
    expect(first).toEqual({ code: 0, out: 'Published tick on room.', err: '' });
    const second = await runChild(['publish', 'private-x', 'tick', '-', '--url', url, '--json'], {
      cwd,
      input: 'from a pipe',
    });
    expect(second.code).toBe(0);
    expect(JSON.parse(second.out)).toBeTypeOf('object');
    expect(await reader.ended).toMatchObject({ code: 0 });
    expect(reader.lines).toContain('room tick {"n":1}');
    expect(reader.lines).toContain('private-x tick from a pipe');
  });

  it('print frames as received with --json, on protocol 1 too', async () => {
    const reader = new Child(
      ['subscribe', 'one', '--url', url, '--json', '--protocol', '1', '--count', '1'],
      { cwd },
    );
    await reader.line('pusher_internal:subscription_succeeded');
    await runChild(['publish', 'one', 'tick', 'text', '--url', url], { cwd });
    expect(await reader.ended).toMatchObject({ code: 0 });
    expect(JSON.parse(reader.lines.at(-1) ?? '')).toEqual({ event: 'tick', channel: 'one', data: 'text' });
  });

  it('stop listening at a signal', async () => {
    const reader = new Child(['subscribe', 'one', '--url', url], { cwd });
    await reader.line('subscription_succeeded');
    reader.process.kill('SIGINT');
    expect(await reader.ended).toEqual({ code: 0, signal: null });
  });

  it.each([
    [['publish', 'room', 'tick', '--secret', 'wrong'], 'HTTP 401 auth_failed'],
    [['publish', 'bad channel', 'tick'], 'HTTP 400 invalid_input'],
    [['subscribe', 'private-x', '--secret', 'wrong'], 'The server refused: 4009 Authentication error'],
    [
      ['subscribe', 'room', '--app-id', 'i', '--key', 'wrong', '--secret', 's'],
      '4001 Application does not exist',
    ],
  ])('%j fails with the reason', async (argv, text) => {
    const result = await runChild([...argv, '--url', url], { cwd });
    expect(result).toMatchObject({ code: 1, err: expect.stringContaining(text) });
  });

  it.each(['publish room tick', 'subscribe room', 'channels'])(
    '%s says that no server answers',
    async (words) => {
      const result = await runChild([...words.split(' '), '--url', 'http://127.0.0.1:1', '--json'], { cwd });
      expect(result.code).toBe(1);
      expect(JSON.parse(result.out)).toMatchObject({
        ok: false,
        error: expect.stringContaining('http://127.0.0.1:1'),
      });
    },
  );
});

describe('doctor', () => {
  it('is content with a machine that has all it needs', async () => {
    const result = await runChild(['doctor', '--url', url, '--json'], { cwd, env: { PORT: '0' } });
    const { ok, checks } = JSON.parse(result.out);
    expect(checks.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)).toEqual([
      'Node.js ok',
      'configuration ok',
      'port ok',
      'server ok',
      'clock ok',
    ]);
    expect(ok).toBe(true);
    expect(result.code).toBe(0);
  });

  it('fails for what stands in the way', async () => {
    const result = await runChild(['doctor', '--url', 'http://127.0.0.1:1'], { cwd, env: { PORT: 'x' } });
    expect(result.code).toBe(1);
    expect(result.out).toMatch(/^FAIL configuration {2}port: must be an integer/m);
    expect(result.out).toMatch(/^FAIL server +http:\/\/127\.0\.0\.1:1 does not answer/m);
  });
});

describe('serve', () => {
  it('closes gracefully at the first signal and tells so', async () => {
    const child = new Child(['serve', '--port', '0', '--json'], { cwd });
    const { url: own } = JSON.parse(await child.line('"ready"'));
    const reader = new Child(['subscribe', 'room', '--url', own], { cwd });
    await reader.line('subscription_succeeded');
    child.process.kill('SIGTERM');
    expect(await reader.ended).toMatchObject({ code: 1 });
    expect(reader.err).toContain('The server closed the connection: 4200');
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(child.lines.slice(1).map((line) => JSON.parse(line))).toEqual([
      { event: 'stopping', signal: 'SIGTERM' },
      { event: 'stopped' },
    ]);
  });

  it('stops at once at the second signal', async () => {
    const child = new Child(['serve', '--port', '0', '--json'], {
      cwd,
      env: { SHUTDOWN_GRACE_PERIOD: '600' },
    });
    const { url: own } = JSON.parse(await child.line('"ready"'));
    const readers = [1, 2].map(() => new Child(['subscribe', 'room', '--url', own], { cwd }));
    for (const reader of readers) await reader.line('subscription_succeeded');
    child.process.kill('SIGINT');
    await child.line('"stopping"');
    child.process.kill('SIGINT');
    expect(await child.ended).toEqual({ code: 1, signal: null });
    for (const reader of readers) await reader.ended;
  });

  it('runs without any configuration, prints key and secret, and keeps them', async () => {
    const empty = temporaryDirectory();
    const place = { cwd: empty.path };
    const child = new Child(['serve', '--port', '0'], place);
    try {
      const own = (await child.line('ready at')).replace('Sockudo is ready at ', '');
      const kept = JSON.parse(readFileSync(join(empty.path, '.sockudo/development.json'), 'utf8'));
      expect(child.lines.slice(0, -1)).toEqual([
        'No configuration found: this is the development app.',
        '  app id    app-id',
        '  key       app-key',
        `  secret    ${kept.secret}`,
        '  kept in   .sockudo/development.json',
        `  data in   ${join(empty.path, '.sockudo/sockudo.db')}`,
      ]);
      expect(await runChild(['publish', 'room', 'tick', '--url', own], place)).toMatchObject({ code: 0 });
    } finally {
      await child.kill();
      empty.remove();
    }
  });

  it('names the setting when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const result = await runChild(['serve', '--port', port], { cwd });
    other.close();
    expect(result).toEqual({
      code: 1,
      out: '',
      err: `The server did not start. port: cannot listen on 127.0.0.1:${port}: the port is already in use\n`,
    });
  });

  it('lists the problems of its configuration and does not start', async () => {
    writeFileSync(join(cwd, 'bad.toml'), 'recovery = {}\n');
    const result = await runChild(['serve', '--config', 'bad.toml'], { cwd });
    expect(result).toEqual({
      code: 1,
      out: '',
      err: '1 problem in the configuration:\n  recovery: is not a setting, though documented: use `connection_recovery` (bad.toml)\n',
    });
    const json = await runChild(['serve', '--config', 'bad.toml', '--json'], { cwd });
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ path: 'recovery' }] });
  });
});
