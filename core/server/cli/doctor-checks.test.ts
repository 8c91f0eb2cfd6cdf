import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './cli-fixture.ts';
import { checkDatabase, checkNode, checkPort, checkServer } from './doctor-checks.ts';

async function withServer<T>(
  answers: Readonly<Record<string, [status: number, text: string]>>,
  use: (port: number) => Promise<T>,
  date?: string,
): Promise<T> {
  const server = createServer((request, response) => {
    const [status, text] = answers[request.url ?? ''] ?? [404, 'no'];
    response.writeHead(status, date === undefined ? {} : { date }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    // CAST: a server that listens on TCP has an address of this form.
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('doctor', () => {
  it.each([
    ['24.0.0', 'ok'],
    ['26.1.0', 'ok'],
    ['20.11.0', 'failure'],
  ])('finds Node.js %s %s', (version, status) => {
    expect(checkNode(version).status).toBe(status);
  });

  it('finds a port free, in use by a server of ours, or by another program', async () => {
    const port = await withServer({}, async (used) => used);
    expect(await checkPort('127.0.0.1', port, false)).toEqual({
      status: 'ok',
      text: `127.0.0.1:${port} is free`,
    });
    expect(await checkPort('127.0.0.1', 0, false)).toMatchObject({ status: 'ok' });
    await withServer({ '/live': [200, ''] }, async (used) => {
      expect(await checkPort('127.0.0.1', used, false)).toMatchObject({
        status: 'ok',
        text: expect.stringContaining('running server'),
      });
    });
    await withServer({}, async (used) => {
      expect(await checkPort('127.0.0.1', used, false)).toMatchObject({
        status: 'failure',
        text: expect.stringContaining('in use by another program'),
      });
    });
    expect(await checkPort('192.0.2.1', 6001, false)).toMatchObject({ status: 'failure' });
  });

  it('tries the disk beside the database and leaves nothing behind', () => {
    const directory = temporaryDirectory();
    try {
      const path = join(directory.path, 'not/yet/there.db');
      expect(checkDatabase(path).text).toMatch(/can be written; a sync takes \d+\.\d ms/);
      expect(readdirSync(directory.path)).toEqual([]);
    } finally {
      directory.remove();
    }
    expect(checkDatabase('/proc/nowhere/a.db')).toMatchObject({
      status: 'failure',
      text: expect.stringContaining('cannot be written'),
    });
  });

  it.each([
    [200, 'OK', 'ok'],
    [200, 'DEGRADED', 'warning'],
    [503, 'ERROR', 'failure'],
    [503, 'DRAINING', 'failure'],
  ])('reads readiness %i %s as %s', async (status, text, expected) => {
    await withServer({ '/up': [status, text] }, async (port) => {
      const [server, clock] = await checkServer(`http://127.0.0.1:${port}`, true);
      expect(server).toMatchObject({
        name: 'server',
        status: expected,
        text: `http://127.0.0.1:${port} says ${text}`,
      });
      expect(clock).toMatchObject({ name: 'clock', status: 'ok' });
    });
  });

  it('compares clocks', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
    await withServer(
      { '/up': [200, 'OK'] },
      async (port) => {
        const [, clock] = await checkServer(`http://127.0.0.1:${port}`, true);
        expect(clock).toMatchObject({
          status: 'failure',
          text: expect.stringContaining('signed requests are refused'),
        });
      },
      date,
    );
  });

  it('misses only a server that was named', async () => {
    expect(await checkServer('http://127.0.0.1:1', false)).toMatchObject([{ status: 'warning' }]);
    expect(await checkServer('http://127.0.0.1:1', true)).toMatchObject([{ status: 'failure' }]);
  });
});
