import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BlockedAddress, createGuardedAgent, guardLookup, type Resolve } from './guarded-agent.ts';

let server: Server;
let port: number;
let requests = 0;

beforeAll(async () => {
  server = createServer((_, response) => {
    requests += 1;
    response.end('inside');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // CAST: a server that listens on TCP has an AddressInfo.
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

function agent(options: Parameters<typeof createGuardedAgent>[0]) {
  const created = createGuardedAgent(options);
  onTestFinished(() => created.destroy());
  return created;
}

function resolvesTo(...addresses: string[]): Resolve {
  return (_, __, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

describe('createGuardedAgent', () => {
  it.each(['127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', 'localhost'])(
    'does not reach http://%s/',
    async (host) => {
      const dispatcher = agent({ allowPrivateNetworks: false });
      const before = requests;
      await expect(request(`http://${host}:${port}/`, { dispatcher })).rejects.toBeInstanceOf(BlockedAddress);
      expect(requests).toBe(before);
    },
  );

  it('checks what the name resolves to at each connection, over TLS too', async () => {
    const dispatcher = agent({ allowPrivateNetworks: false, resolve: resolvesTo('127.0.0.1', '::1') });
    for (const scheme of ['http', 'https']) {
      const attempt = request(`${scheme}://hooks.example.test:${port}/`, { dispatcher });
      await expect(attempt).rejects.toBeInstanceOf(BlockedAddress);
    }
  });

  it('reports a name that does not resolve as what it is', async () => {
    const failure = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    const resolve: Resolve = (_, __, callback) => callback(failure, []);
    const dispatcher = agent({ allowPrivateNetworks: false, resolve });
    await expect(request('http://hooks.example.test/', { dispatcher })).rejects.toBe(failure);
  });

  it('reaches everything when private networks are allowed', async () => {
    const dispatcher = agent({ allowPrivateNetworks: true });
    const { body } = await request(`http://localhost:${port}/`, { dispatcher });
    expect(await body.text()).toBe('inside');
  });
});

describe('guardLookup', () => {
  it('leaves the public ones of several addresses', () => {
    const lookup = guardLookup(resolvesTo('10.0.0.1', '8.8.8.8', 'fd00::1', '2606:4700::1'));
    const answers: unknown[] = [];
    lookup('h', { all: true }, (error, addresses) => answers.push(error, addresses));
    lookup('h', {}, (error, address, family) => answers.push(error, address, family));
    const allowed = [
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ];
    expect(answers).toEqual([null, allowed, null, '8.8.8.8', 4]);
  });
});
