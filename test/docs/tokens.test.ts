// docs/tokens.md works as it is written: its snippets make a token that opens what it lists and nothing else, and take it back.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import Backend from 'sockudo';
import { expect, it, onTestFinished } from 'vitest';
import { Sockudo } from '../../core/client/index.ts';
import { startTestServer } from '../support/test-server.ts';

const page = readFileSync(new URL('../../docs/tokens.md', import.meta.url), 'utf8');
const [make = '', revoke = ''] = [...page.matchAll(/```js\n([\s\S]*?)\n```/g)].map(([, text]) => text ?? '');

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a snippet with what its reader has at hand, and answers the constant of that name. */
async function run(code: string, given: Record<string, unknown>, answer: string): Promise<unknown> {
  const body = `${code.replaceAll(/^import .*$/gm, '')}\nreturn ${answer};`;
  return new AsyncFunction(...Object.keys(given), body)(...Object.values(given));
}

it('docs/tokens.md makes a token, and takes it back', async () => {
  const server = await startTestServer({ config: { history: { backend: 'memory' } } });
  onTestFinished(() => server.close());
  const { app, host, port } = server;
  const user = { id: 'ann' };
  const given = { user, appKey: app.key, appSecret: app.secret, SignJWT, randomUUID };
  // CAST: the snippet's constant is what jose's sign() gives.
  const token = (await run(make, given, 'token')) as string;

  const client = new Sockudo(app.key, {
    wsHost: host,
    wsPort: port,
    forceTLS: false,
    protocolVersion: 2,
    token,
  });
  onTestFinished(() => client.disconnect());
  const refused = new Promise((resolve) => client.connection.bind('error', resolve));
  const opened = new Promise((resolve) =>
    client.subscribe('room:1').bind('sockudo:subscription_succeeded', resolve),
  );
  await opened;
  client.subscribe('other');
  expect(await refused).toMatchObject({ data: { code: 4009 } });

  const ended = new Promise((resolve) => client.bind('sockudo:token_expired', resolve));
  const disconnected = new Promise((resolve) => client.connection.bind('disconnected', resolve));
  const sockudo = new Backend({ appId: app.id, key: app.key, secret: app.secret, host, port });
  expect(await run(revoke, { user, sockudo }, 'closed_connections')).toBe(1);
  expect(await ended).toEqual({ code: 40160, reason: 'revoked' });
  await disconnected;
});
