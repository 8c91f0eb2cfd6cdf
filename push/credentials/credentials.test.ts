import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { load } from '../../core/server/config/load-fixture.ts';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import type { CredentialMaterial } from '../contracts.ts';
import { generateVapidKeys } from '../providers/web-push/vapid.ts';
import { StoredCredentials } from './credentials.ts';
import { Envelope, UnreadableEnvelope } from './envelope.ts';
import { environmentCredentials } from './environment.ts';
import { type CredentialWord, parseCredential } from './material.ts';
import { publicKeyOf } from './vapid.ts';

const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});
const VAPID = generateVapidKeys();
const ACCOUNT = {
  project_id: 'p',
  client_email: 'a@b.example',
  private_key: PEM,
  token_uri: 'https://t.example',
};
const CONTACT = 'mailto:a@b.example';

describe('an envelope', () => {
  it('opens what it sealed, each time in another form', () => {
    const envelope = new Envelope('key');
    const sealed = [envelope.seal('secret ☃'), envelope.seal('secret ☃')];
    expect(sealed[0]).not.toBe(sealed[1]);
    for (const text of sealed) {
      expect(text).toMatch(/^envelope:v1:aes256gcm:[A-Za-z0-9_-]+$/);
      expect(envelope.open(text)).toBe('secret ☃');
    }
  });

  it('stays shut for another key, and when a bit of it changed', () => {
    const envelope = new Envelope('key');
    const sealed = envelope.seal('secret');
    const bytes = Buffer.from(sealed.slice(23), 'base64url');
    const spoilt = [...bytes.keys()].map((index) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      return `envelope:v1:aes256gcm:${changed.toString('base64url')}`;
    });
    for (const text of [...spoilt, 'envelope:v1:sha256:abc', 'envelope:v1:aes256gcm:', '']) {
      expect(() => envelope.open(text)).toThrow(UnreadableEnvelope);
    }
    expect(() => new Envelope('other').open(sealed)).toThrow(UnreadableEnvelope);
  });
});

describe('a credential', () => {
  it.each<[CredentialWord, object, CredentialMaterial]>([
    ['fcm', { serviceAccountJson: ACCOUNT }, { provider: 'fcm', serviceAccount: ACCOUNT }],
    [
      'apns',
      { teamId: 't', keyId: 'k', privateKey: PEM },
      { provider: 'apns', teamId: 't', keyId: 'k', privateKey: String(PEM) },
    ],
    ['apns', { p12: 'AAAA', p12Password: 'x' }, { provider: 'apns', p12: 'AAAA', p12Password: 'x' }],
    ['apns', { pem: PEM }, { provider: 'apns', pem: String(PEM) }],
    ['webpush', VAPID, { provider: 'webPush', ...VAPID, contact: CONTACT }],
    ['hms', { hmsAppId: '1', clientSecret: 's' }, { provider: 'hms', hmsAppId: '1', clientSecret: 's' }],
    ['wns', { packageSid: '1', clientSecret: 's' }, { provider: 'wns', packageSid: '1', clientSecret: 's' }],
  ])('of %s is read from %j', (word, body, material) => {
    expect(parseCredential(word, body, CONTACT)).toEqual({ credentialId: word, version: 1, material });
  });

  it.each<[CredentialWord, object, string]>([
    ['fcm', {}, 'serviceAccountJson is invalid'],
    [
      'fcm',
      { serviceAccountJson: { ...ACCOUNT, private_key: 'KEYTEXT' } },
      'serviceAccountJson.private_key is invalid',
    ],
    ['apns', { teamId: 't', keyId: 'k' }, 'privateKey is invalid'],
    ['apns', { teamId: 't', keyId: 'k', privateKey: 'KEYTEXT' }, 'privateKey is invalid'],
    ['apns', { p12: '***' }, 'p12 is invalid'],
    ['webpush', { ...VAPID, privateKey: 'KEYTEXT' }, 'privateKey is invalid'],
    ['webpush', { ...VAPID, publicKey: generateVapidKeys().publicKey }, 'publicKey is invalid'],
    ['webpush', { ...VAPID, contact: 'me' }, 'contact is invalid'],
    ['hms', { hmsAppId: '1' }, 'clientSecret is invalid'],
    ['wns', { packageSid: '', clientSecret: 's' }, 'packageSid is invalid'],
    ['wns', { packageSid: '1', clientSecret: 's', version: 0 }, 'version is invalid'],
  ])('of %s is not read from %j', (word, body, error) => {
    const parse = () => parseCredential(word, body, CONTACT);
    expect(parse).toThrow(error);
    expect(parse).not.toThrow('KEYTEXT');
  });
});

describe('stored credentials', () => {
  const environment = new Map([
    ['webPush', { provider: 'webPush', ...VAPID, contact: CONTACT } as const],
  ] as const);
  const open = (passphrase: string | null, store = createMemoryKeyedStore()) =>
    new StoredCredentials({
      store,
      envelope: passphrase === null ? null : new Envelope(passphrase),
      environment,
      enabled: ['webPush', 'wns'],
    });
  const credential = (id: string, version: number, privateKey = generateVapidKeys().privateKey) => ({
    credentialId: id,
    version,
    material: {
      provider: 'webPush',
      publicKey: publicKeyOf(privateKey) ?? '',
      privateKey,
      contact: CONTACT,
    } as const,
  });

  it('come before those of the process, the highest version first, and count at once (divergence D74)', async () => {
    const credentials = open('key');
    expect(await credentials.resolve('app', 'webPush')).toMatchObject({ source: 'environment' });
    await credentials.put('app', credential('b', 1));
    await credentials.put('app', credential('a', 2));
    expect(await credentials.resolve('app', 'webPush')).toMatchObject({ source: 'app', credentialId: 'a' });
    const newest = credential('a', 2);
    await credentials.put('app', newest);
    expect(await credentials.resolve('app', 'webPush')).toMatchObject({ material: newest.material });
    expect(await credentials.resolve('another', 'webPush')).toMatchObject({ source: 'environment' });
    expect(await credentials.resolve('app', 'wns')).toBeNull();
    expect(await credentials.resolve('app', 'fcm')).toBeNull();
  });

  it('show nothing of what they are, in the store too', async () => {
    const store = createMemoryKeyedStore();
    const credentials = open('key', store);
    const { privateKey } = generateVapidKeys();
    const summary = await credentials.put('app', credential('a', 3, privateKey));
    expect(summary).toEqual({ app_id: 'app', credential_id: 'a', provider: 'webPush', version: 3 });
    expect((await credentials.list('app', { limit: 10 })).items).toEqual([summary]);
    const { entries } = await store.scan({ prefix: '', limit: 10 });
    expect(JSON.stringify(entries)).not.toContain(privateKey);
  });

  it('need a key', async () => {
    await expect(open(null).put('app', credential('a', 1))).rejects.toMatchObject({
      detail: 'PUSH_CREDENTIAL_ENCRYPTION_KEY is not configured',
      httpStatus: 400,
    });
  });

  it('cannot be used with another key', async () => {
    const store = createMemoryKeyedStore();
    await open('key', store).put('app', credential('a', 1));
    await expect(open('other', store).resolve('app', 'webPush')).rejects.toThrow(UnreadableEnvelope);
  });
});

describe('credentials of the process', () => {
  const from = (env: Record<string, string>) => {
    const { settings } = load(
      {},
      { env: { PUSH_FCM_ENABLED: 'true', PUSH_ALLOW_MEMORY_DRIVERS: 'true', ...env } },
    );
    if (settings.push === null) throw new Error('push is off');
    return environmentCredentials(settings.push);
  };

  it('are read from Sockudo’s variables', () => {
    const found = from({
      FCM_SERVICE_ACCOUNT_JSON: JSON.stringify(ACCOUNT),
      APNS_TEAM_ID: 't',
      APNS_KEY_ID: 'k',
      PUSH_APNS_PRIVATE_KEY: String(PEM),
      VAPID_PRIVATE_KEY: VAPID.privateKey,
      HMS_APP_ID: '1',
      HMS_PROVIDER_TOKEN: 'h',
      WNS_PROVIDER_TOKEN: 'w',
    });
    expect([...found.keys()]).toEqual(['fcm', 'apns', 'webPush', 'hms', 'wns']);
    expect(found.get('webPush')).toMatchObject({ publicKey: VAPID.publicKey });
    expect([...from({ HMS_APP_ID: '1' }).keys()]).toEqual([]);
  });

  it.each([
    [{ FCM_SERVICE_ACCOUNT_JSON: '{}' }, 'push.fcm.service_account_json: is no service account in JSON'],
    [
      { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/at/all' },
      'push.fcm.service_account_json_path: cannot be read',
    ],
    [{ VAPID_PRIVATE_KEY: 'KEYTEXT' }, 'push.webpush.vapid_private_key: privateKey is invalid'],
    [
      { APNS_TEAM_ID: 't', APNS_KEY_ID: 'k', APNS_PRIVATE_KEY: 'KEYTEXT' },
      'push.apns.private_key: private_key is invalid',
    ],
  ])('stop the start where they cannot be used: %j', (env, error) => {
    expect(() => from(env)).toThrow(error);
    expect(() => from(env)).not.toThrow('KEYTEXT');
  });
});
