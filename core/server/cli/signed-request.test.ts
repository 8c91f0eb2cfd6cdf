import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { authOf, callApi, signedPath } from './signed-request.ts';

const target = { url: 'http://127.0.0.1:6001', appId: '4242', key: 'k-demo', secret: 's-demo-0001' };

describe('signatures', () => {
  it('equal the vectors of http.md section 1.1', () => {
    const body = '{"name":"tick","channel":"room-1","data":"{\\"n\\":1}"}';
    expect(signedPath(target, { method: 'POST', path: '/events' }, body, 1_760_000_000)).toBe(
      '/apps/4242/events?auth_key=k-demo&auth_timestamp=1760000000&auth_version=1.0' +
        '&body_md5=c2b74aa3659027257391a08859f2d663' +
        '&auth_signature=fdf2c796e26e389aa8ad60223524fb6184777f1bcdb446f4afc48c12fabb6983',
    );
    const query = { filter_by_prefix: 'presence-', info: 'user_count' };
    expect(signedPath(target, { method: 'GET', path: '/channels', query }, null, 1_760_000_000)).toMatch(
      /auth_signature=e1b35b0ff5235810b3c87c38ecfc333ccebadb5993e29eadb247402f1b59b474$/,
    );
    expect(authOf(target, '1234.5678:private-room')).toBe(
      'k-demo:197af5975fd2b2a1f29d246c4bb4c7fbbbec18650556ff553177685cdf12f90f',
    );
  });

  it('cover a base path', () => {
    const path = signedPath(
      { ...target, url: 'http://a.example/base' },
      { method: 'GET', path: '/channels' },
      null,
      1,
    );
    expect(path).toMatch(/^\/base\/apps\/4242\/channels\?auth_key=/);
  });
});

describe('failures', () => {
  async function answering(status: number, text: string): Promise<string> {
    const server = createServer((_request, response) => response.writeHead(status).end(text));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // CAST: a server that listens on TCP has an address of this form.
    const { port } = server.address() as AddressInfo;
    try {
      await callApi({ ...target, url: `http://127.0.0.1:${port}` }, { method: 'GET', path: '/channels' });
      return 'no failure';
    } catch (error) {
      return String(error);
    } finally {
      server.close();
    }
  }

  it.each([
    [401, '{"error":"Invalid","code":"auth_failed","status":401}', 'HTTP 401 auth_failed: Invalid'],
    [404, '404 NOT FOUND', 'HTTP 404: 404 NOT FOUND'],
    [429, '{"error":"Too Many Requests"}', 'HTTP 429: Too Many Requests'],
    [200, '<html>', 'answered with something that is not JSON'],
  ])('%i %s', async (status, text, expected) => {
    const failure = await answering(status, text);
    expect(failure).toContain(expected);
    expect(failure).not.toContain(target.secret);
  });

  it('say that nobody answers', async () => {
    await expect(
      callApi({ ...target, url: 'http://127.0.0.1:1' }, { method: 'GET', path: '/channels' }),
    ).rejects.toThrow(/^Cannot reach http:\/\/127\.0\.0\.1:1: .+\. Is the server running\?/);
  });
});
