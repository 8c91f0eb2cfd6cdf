import { describe, expect, it } from 'vitest';
import { KEY_SET_ALGORITHMS } from '../tokens/key-set.ts';
import { APP, load, problems, warnings, withApps } from './load-fixture.ts';

const KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'k1' };
const URL = 'https://login.example.com/.well-known/jwks.json';

const trustOf = (tokens: Record<string, unknown>) =>
  load(withApps({ ...APP, policy: { tokens } })).settings.apps[0]?.tokens;
const refusals = (tokens: Record<string, unknown>) => problems(withApps({ ...APP, policy: { tokens } }));
const AT = 'app_manager.array.apps[0].policy.tokens';

describe('tokens of an app', () => {
  it('are those of its secret alone, unless a key set is named', () => {
    expect(load({}).settings.apps[0]?.tokens).toBeNull();
  });

  it('may be those of an address', () => {
    expect(trustOf({ jwks_url: URL, issuer: 'https://login.example.com/', audience: 'chat' })).toEqual({
      keys: { url: URL, allowPrivateNetworks: false },
      algorithms: KEY_SET_ALGORITHMS,
      issuer: 'https://login.example.com/',
      audience: 'chat',
    });
  });

  it('may be those of keys in the file, also in the flat form', () => {
    const [app] = load(withApps({ ...APP, tokens: { jwks: { keys: [KEY] }, algorithms: ['EdDSA'] } }))
      .settings.apps;
    expect(app?.tokens).toEqual({
      keys: { inline: { keys: [KEY] } },
      algorithms: ['EdDSA'],
      issuer: null,
      audience: null,
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{}, `${AT}: needs either \`jwks_url\` or \`jwks\``],
    [{ jwks_url: URL, jwks: { keys: [KEY] } }, `${AT}: needs either \`jwks_url\` or \`jwks\``],
    [{ jwks_url: 'keys' }, `${AT}.jwks_url: is not a URL`],
    [{ jwks_url: 'file:///etc/keys' }, `${AT}.jwks_url: must begin with https://`],
    [
      { jwks_url: 'http://login.example.com/' },
      `${AT}.jwks_url: must begin with https:// unless \`allow_private_networks\` is true`,
    ],
    [{ jwks_url: 'https://me:word@login.example.com/' }, `${AT}.jwks_url: must not hold credentials`],
    [{ jwks_url: URL, algorithms: [] }, `${AT}.algorithms: must name at least one algorithm`],
    [{ jwks: { keys: [] } }, `${AT}.jwks.keys: must have 1 to 100 keys`],
    [
      { jwks: { keys: [KEY, { ...KEY, d: 'c2VjcmV0' }] } },
      `${AT}.jwks.keys[1]: is a private key: the server needs the public part, and must not have more`,
    ],
    [
      { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
      `${AT}.jwks.keys[0]: is a private key: the server needs the public part, and must not have more`,
    ],
  ])('%j is refused', (tokens, problem) => {
    expect(refusals(tokens)).toEqual([problem]);
  });

  it.each(['HS256', 'none', 'RS1'])('the algorithm %s is none', (algorithm) => {
    expect(refusals({ jwks_url: URL, algorithms: [algorithm] })).toHaveLength(1);
  });

  it('may come without TLS from inside', () => {
    expect(refusals({ jwks_url: 'http://keycloak:8080/keys', allow_private_networks: true })).toEqual([]);
  });

  it('two apps that trust the same address should tell their tokens apart', () => {
    const apps = (first: object, second: object) =>
      withApps(
        { ...APP, tokens: { jwks_url: URL, ...first } },
        { ...APP, id: 'b', key: 'k2', tokens: { jwks_url: URL, ...second } },
      );
    const message =
      'is that of another app, too: without an `audience` of its own each takes the tokens of the other';
    expect(warnings(apps({}, {}))).toEqual([`app_manager.array.apps[1].tokens.jwks_url: ${message}`]);
    expect(warnings(apps({ audience: 'a' }, { audience: 'a' }))).toHaveLength(1);
    expect(warnings(apps({ audience: 'a' }, {}))).toHaveLength(1);
    expect(warnings(apps({ audience: 'a' }, { audience: 'b' }))).toEqual([]);
  });
});
