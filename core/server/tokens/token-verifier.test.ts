// Key sets behind an address: a server that shows them, changes them and fails, and a clock that only the test moves.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { App } from '../apps/app.ts';
import { load, withApps } from '../config/load-fixture.ts';
import { COOLDOWN_MS, RENEW_AFTER_MS, TRUSTED_FOR_MS } from './remote-key-set.ts';
import { type Answer, type KeyServer, startKeyServer } from './testing/key-server.ts';
import { TokenVerifier } from './token-verifier.ts';

const UNKNOWN = 'Authentication error: capability token kid is not known';
const NO_KEYS = 'Authentication error: keys for capability tokens are not available';

let provider: KeyServer;
let nowMs: number;
let warnings: Record<string, unknown>[];

beforeEach(async () => {
  provider = await startKeyServer();
  await provider.addKey('first');
  nowMs = 0;
  warnings = [];
  return () => provider.close();
});

function verifierFor(tokens: Record<string, unknown>) {
  const [app] = load(withApps({ id: 'a', key: 'k', secret: 's', enabled: true, tokens })).settings.apps;
  if (app === undefined) throw new Error('no app');
  return { app, verifier: verifierOf(app) };
}

function verifierOf(app: App): TokenVerifier {
  const logger = { warn: (fields: Record<string, unknown>) => void warnings.push(fields) };
  // CAST: of pino's ways to be called this is the one that is used.
  const verifier = new TokenVerifier([app], { logger: logger as never, now: () => nowMs });
  onTestFinished(() => verifier.close());
  return verifier;
}

/** Asks for what becomes of tokens with the keys of `provider`. */
function asking(tokens: Record<string, unknown> = {}) {
  const { app, verifier } = verifierFor({ jwks_url: provider.url, allow_private_networks: true, ...tokens });
  return async (kid: string): Promise<string> =>
    verifier.verify(app, await provider.sign(kid)).then(
      ({ clientId }) => clientId,
      (error: Error) => error.message,
    );
}

describe('a key set behind an address', () => {
  it('is fetched once for many tokens, also for those that come at the same time', async () => {
    const ask = asking();
    expect(provider.requests).toBe(0);
    expect(await Promise.all(Array.from({ length: 20 }, () => ask('first')))).toEqual(Array(20).fill('ann'));
    await ask('first');
    expect(provider.requests).toBe(1);
  });

  it('knows a new key as soon as a token has it', async () => {
    const ask = asking();
    await ask('first');
    nowMs += COOLDOWN_MS;
    await provider.addKey('second');
    expect(await ask('second')).toBe('ann');
    expect(await ask('first')).toBe('ann');
    expect(provider.requests).toBe(2);
  });

  it('does not ask again for every invented key id', async () => {
    const ask = asking();
    await provider.addKey('invented', true);
    await ask('first');
    for (let count = 0; count < 20; count += 1) expect(await ask('invented')).toBe(UNKNOWN);
    expect(provider.requests).toBe(1);
    nowMs += COOLDOWN_MS;
    for (let count = 0; count < 20; count += 1) expect(await ask('invented')).toBe(UNKNOWN);
    expect(provider.requests).toBe(2);
  });

  it('forgets a key that was taken back', async () => {
    const ask = asking();
    await ask('first');
    await provider.addKey('second');
    provider.removeKey('first');
    nowMs += TRUSTED_FOR_MS + 1;
    expect(await ask('first')).toBe(UNKNOWN);
    expect(await ask('second')).toBe('ann');
  });

  it('renews an older set without letting a token wait', async () => {
    const ask = asking();
    await ask('first');
    nowMs += RENEW_AFTER_MS + 1;
    const asked = new Promise<void>((resolve) => {
      // Never answered: the token must not wait for it.
      provider.answerWith(() => resolve());
    });
    expect(await ask('first')).toBe('ann');
    await asked;
  });

  it('goes on with the keys it has while the address is down, and says what is wrong in the log alone', async () => {
    const ask = asking();
    await ask('first');
    await provider.addKey('second');
    await provider.close();
    nowMs += TRUSTED_FOR_MS + 1;
    expect(await ask('first')).toBe('ann');
    expect(await ask('second')).toBe(UNKNOWN);
    expect(warnings).toEqual([{ app_id: 'a', origin: new URL(provider.url).origin, reason: 'ECONNREFUSED' }]);
  });

  it('refuses everything as long as there has been no answer at all, then recovers', async () => {
    const ask = asking();
    provider.answerWith((response) => response.writeHead(503).end('secret internals'));
    expect(await ask('first')).toBe(NO_KEYS);
    expect(warnings).toMatchObject([{ reason: 'HTTP 503' }]);
    expect(JSON.stringify(warnings)).not.toMatch(/internals|keys\.json/);
    provider.answerWith(null);
    expect(await ask('first')).toBe(NO_KEYS);
    nowMs += COOLDOWN_MS;
    expect(await ask('first')).toBe('ann');
  });

  it.each<[string, Answer, string]>([
    ['text', (response) => response.end('secret internals'), 'the answer is no JWKS'],
    ['other JSON', (response) => response.end('{"keys":"all"}'), 'the answer is no JWKS'],
    ['too much', (response) => response.end(' '.repeat(300_000)), 'the answer has more than 262144 bytes'],
    ['a break', (response) => response.writeHead(200).write('{') && response.destroy(), 'UND_ERR_SOCKET'],
    ['a redirect', (response) => response.writeHead(302, { location: '/other' }).end(), 'HTTP 302'],
  ])('answers with %s: no keys', async (_, answer, reason) => {
    const ask = asking();
    provider.answerWith(answer);
    expect(await ask('first')).toBe(NO_KEYS);
    expect(warnings).toMatchObject([{ reason }]);
    expect(provider.requests).toBe(1);
  });

  it('is not fetched from inside the operator’s network unless the app allows it', async () => {
    const { app, verifier } = verifierFor({ jwks_url: provider.url.replace('http:', 'https:') });
    await expect(verifier.verify(app, await provider.sign('first'))).rejects.toThrow(NO_KEYS);
    expect(provider.requests).toBe(0);
    expect(warnings).toMatchObject([{ reason: expect.stringContaining('is not a public address') }]);
  });
});

it('keys in the configuration need no address', async () => {
  const { app, verifier } = verifierFor({ jwks: { keys: provider.keys } });
  await expect(verifier.verify(app, await provider.sign('first'))).resolves.toMatchObject({
    clientId: 'ann',
  });
  await provider.addKey('second', true);
  await expect(verifier.verify(app, await provider.sign('second'))).rejects.toThrow(UNKNOWN);
  expect(provider.requests).toBe(0);
});
