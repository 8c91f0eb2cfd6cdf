// The packages as they would be published: built, packed, unpacked into a folder of their own and used there, in Node and from a
// script tag. Only what other projects bring (fastify, zod, …) is taken from this repository.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openWindow } from './browser.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const USE_IN_NODE = `
import { Sockudo as Client } from '@sockudo/client';
import { Filter } from '@sockudo/client/filter';
import Sockudo from 'sockudo';
const [port, secret] = process.argv.slice(2);
const client = new Client('app-key', { wsHost: '127.0.0.1', wsPort: Number(port), forceTLS: false });
const backend = new Sockudo({ appId: 'app-id', key: 'app-key', secret, port });
client.subscribe('news').bind('pusher:subscription_succeeded', () => backend.trigger('news', 'told', { by: 'Node' }));
client.channel('news').bind('told', (data) => {
  console.log(JSON.stringify({ data, filter: typeof Filter }));
  client.disconnect();
});
`;

const USE_TYPES = `
import { type Member, Sockudo } from '@sockudo/client';
import { startServer } from '@sockudo/server';
import type { ChannelLog } from '@sockudo/server/ports';
import Backend from 'sockudo';
const client = new Sockudo<{ price: { value: number } }>('key', { wsHost: 'localhost' });
client.subscribe('market').bind('price', ({ value }) => value.toFixed(2));
const room = client.subscribe<object, { name: string }>('presence-room');
room.bind('pusher:member_added', (member: Member<{ name: string }>) => member.info.name);
export const count: number = room.members.count;
export const auth: string = new Backend({ appId: 1, key: 'k', secret: 's' }).authorizeChannel('1.2', 'private-x').auth;
export const start: typeof startServer = startServer;
export type Log = ChannelLog;
// @ts-expect-error a price has no such member
client.subscribe('market').bind('price', ({ missing }) => missing);
`;

interface Ready {
  readonly port: number;
  readonly development: { readonly secret: string };
}

describe('published packages', () => {
  let folder: string;
  let server: ChildProcess;
  let ready: Ready;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sockudo-packages-'));
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], {
      stdio: ['ignore', 2, 'inherit'],
    });
    for (const output of ['protocol', 'client', 'backend', 'server', 'sqlite']) install(output, folder);
    server = spawn(
      process.execPath,
      [join(folder, 'node_modules/@sockudo/server/cli/bin.js'), 'serve', '--port', '0', '--json'],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, METRICS_ENABLED: 'false' },
      },
    );
    ready = await firstReadyLine(server);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('work together in Node', () => {
    writeFileSync(join(folder, 'use.mjs'), USE_IN_NODE);
    const args = [join(folder, 'use.mjs'), String(ready.port), ready.development.secret];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
    expect(JSON.parse(output)).toEqual({ data: { by: 'Node' }, filter: 'object' });
  });

  it('have types that hold', () => {
    writeFileSync(join(folder, 'types.ts'), USE_TYPES);
    const options = { strict: true, module: 'nodenext', target: 'es2024', noEmit: true, skipLibCheck: true };
    const compilerOptions = { ...options, types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', folder], { stdio: ['ignore', 'inherit', 'inherit'] });
  });

  it('can be imported one and all, by every entry', () => {
    for (const output of FURTHER) install(output, folder);
    const entries = [...FURTHER, 'client'].flatMap(entriesOf);
    expect(entries.length).toBeGreaterThan(15);
    const imports = entries.map((entry) => `await import(${JSON.stringify(entry)});`);
    writeFileSync(join(folder, 'all.mjs'), imports.join('\n'));
    execFileSync(process.execPath, [join(folder, 'all.mjs')], { stdio: ['ignore', 'inherit', 'inherit'] });
  });

  it('hold no test and no TypeScript source', () => {
    const files = readdirSync(join(folder, 'node_modules/@sockudo'), { recursive: true, encoding: 'utf8' });
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => /\.test\.|(?<!\.d)\.ts$|fixture|\.contract/.test(file))).toEqual([]);
  });

  it('give a script tag the global Sockudo', async () => {
    const window = await openWindow(browser, `http://127.0.0.1:${ready.port}/live`);
    await window.page.addScriptTag({
      content: readFileSync(join(folder, 'node_modules/@sockudo/client/sockudo.min.js'), 'utf8'),
    });
    const state = await window.page.evaluate(
      (port) =>
        new Promise((resolve) => {
          // @ts-expect-error the script tag's global
          const client = new Sockudo('app-key', { wsHost: '127.0.0.1', wsPort: port, forceTLS: false });
          client
            .subscribe('news')
            .bind('pusher:subscription_succeeded', () => resolve(client.connection.state));
        }),
      ready.port,
    );
    expect(state).toBe('connected');
    expect(window.errors.filter((error) => !error.includes('favicon') && !error.includes('404'))).toEqual([]);
    await window.close();
  });
});

const FURTHER = [
  ...['ai-transport', 'ai-transport-server', 'redis', 'postgres', 'push'],
  ...['openai', 'anthropic', 'ai-sdk', 'ag-ui', 'local-model'],
];

const manifestOf = (output: string) =>
  JSON.parse(readFileSync(join(ROOT, 'dist', output, 'package.json'), 'utf8'));

function entriesOf(output: string): readonly string[] {
  const { name, exports } = manifestOf(output);
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
  return entries.map((entry) => `${name}${entry.slice(1)}`);
}

/** Packs what was built and unpacks it where `npm install` would have put it, its foreign packages beside it. */
function install(output: string, folder: string): void {
  const source = join(ROOT, 'dist', output);
  const { name, dependencies = {}, peerDependencies = {} } = manifestOf(output);
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: source,
    encoding: 'utf8',
  }).trim();
  const target = join(folder, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, packed), '-C', target, '--strip-components=1']);
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
    if (dependency.startsWith('@sockudo/')) continue;
    const link = join(folder, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(join(ROOT, 'node_modules', dependency), link);
    } catch {
      // Another package needs it too and has linked it.
    }
  }
}

async function firstReadyLine(server: ChildProcess): Promise<Ready> {
  if (server.stdout === null) throw new Error('the server has no output');
  for await (const line of createInterface(server.stdout)) {
    const message = JSON.parse(line);
    if (message.event === 'ready') return message;
  }
  throw new Error('the server ended before it was ready');
}
