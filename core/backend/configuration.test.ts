import { describe, expect, it } from 'vitest';
import { optionsFromUrl, parseOptions, type SockudoOptions } from './configuration.ts';

const app = { appId: '1', key: 'k', secret: 'very-secret' };

function errorText(options: SockudoOptions): string {
  try {
    parseOptions(options);
  } catch (error) {
    return String(error);
  }
  return 'no error';
}

describe('parseOptions', () => {
  it.each<[Partial<SockudoOptions>, string]>([
    [{}, 'http://127.0.0.1:6001'],
    [{ host: 'rt.example.com' }, 'http://rt.example.com:6001'],
    [{ host: 'rt.example.com', port: '8080' }, 'http://rt.example.com:8080'],
    [{ host: 'rt.example.com', useTLS: true }, 'https://rt.example.com'],
    [{ host: 'rt.example.com', encrypted: true, port: 8443 }, 'https://rt.example.com:8443'],
    [{ scheme: 'https', useTLS: false }, 'https://127.0.0.1'],
    [{ host: '::1' }, 'http://[::1]:6001'],
    [{ cluster: 'eu' }, 'http://api-eu.sockudo.com'],
    [{ cluster: 'eu', useTLS: true }, 'https://api-eu.sockudo.com'],
    [{ cluster: 'eu', host: 'rt.example.com' }, 'http://rt.example.com:6001'],
  ])('%j speaks to %s', (options, origin) => {
    expect(parseOptions({ ...app, ...options }).origin).toBe(origin);
  });

  it('fills in the documented defaults', () => {
    const config = parseOptions(app);
    expect(config).toMatchObject({
      timeoutMs: 30_000,
      maxAttempts: 3,
      autoIdempotencyKey: true,
      masterKey: null,
    });
  });

  it('takes any app id and encodes it', () => {
    expect(parseOptions({ ...app, appId: 42 }).appPath).toBe('/apps/42');
    expect(parseOptions({ ...app, appId: 'my app/ä' }).appPath).toBe('/apps/my%20app%2F%C3%A4');
  });

  it.each<[Partial<SockudoOptions>, string]>([
    [{ appId: '' }, 'appId must be'],
    [{ appId: '..' }, 'Invalid appId'],
    [{ key: '' }, 'key must be'],
    [{ host: 'http://rt.example.com' }, 'host must be'],
    [{ host: 'rt.example.com/path' }, 'host must be'],
    [{ host: 'user@rt.example.com' }, 'host must be'],
    [{ host: 'rt.example.com:6001' }, 'host must be'],
    [{ host: '' }, 'host must be'],
    [{ port: 0 }, 'port must be'],
    [{ port: 'six' }, 'port must be'],
    [{ timeout: 0 }, 'timeout must be'],
    [{ timeout: Number.POSITIVE_INFINITY }, 'timeout must be'],
    [{ maxRetries: -1 }, 'maxRetries must be'],
    [{ useTLS: true, encrypted: true }, 'give only useTLS'],
  ])('refuses %j', (options, text) => {
    expect(errorText({ ...app, ...options })).toContain(text);
  });

  it('refuses an agent instead of ignoring it', () => {
    const options = { ...app, agent: {} };
    expect(() => parseOptions(options)).toThrow('agent is not supported');
  });

  it('takes one attempt for the least', () => {
    expect(parseOptions({ ...app, maxRetries: 0 }).maxAttempts).toBe(1);
  });

  it('reads both forms of the master key', () => {
    const bytes = Buffer.alloc(32, 7);
    const base64 = parseOptions({ ...app, encryptionMasterKeyBase64: bytes.toString('base64') });
    expect(base64.masterKey?.equals(bytes)).toBe(true);
    const raw = parseOptions({ ...app, encryptionMasterKey: 'abcdefghijklmnopqrstuvwxyz012345' });
    expect(raw.masterKey?.toString()).toBe('abcdefghijklmnopqrstuvwxyz012345');
  });

  it.each<Partial<SockudoOptions>>([
    { encryptionMasterKeyBase64: 'hush-this-is-no-base64!' },
    { encryptionMasterKeyBase64: Buffer.from('hush').toString('base64') },
    { encryptionMasterKey: 'hush' },
    { encryptionMasterKey: 'hush', encryptionMasterKeyBase64: 'hush' },
  ])('refuses the master key of %j without repeating it', (options) => {
    const text = errorText({ ...app, ...options });
    expect(text).toContain('encryptionMasterKey');
    for (const value of Object.values(options)) expect(text).not.toContain(String(value));
  });
});

describe('optionsFromUrl', () => {
  it('reads every part, percent-decoded', () => {
    expect(optionsFromUrl('https://k%2B1:s%2F2@rt.example.com:8443/apps/my%20app')).toEqual({
      scheme: 'https',
      host: 'rt.example.com',
      port: 8443,
      appId: 'my app',
      key: 'k+1',
      secret: 's/2',
    });
  });

  it('takes the port of the scheme where none is written', () => {
    expect(optionsFromUrl('http://k:s@h/apps/app-id').port).toBe(80);
    expect(optionsFromUrl('https://k:s@h/apps/app-id/').port).toBe(443);
  });

  it('lets a stray percent sign stand for itself', () => {
    expect(optionsFromUrl('http://k:100%@h/apps/1').secret).toBe('100%');
  });

  it.each([
    'http://k:hush@h/apps/',
    'http://k:hush@h/other/1',
    'http://k@h/apps/1',
    'http://h/apps/1',
    'ws://k:hush@h/apps/1',
    'hush',
  ])('refuses %s without repeating it', (address) => {
    expect(() => optionsFromUrl(address)).toThrow('must have the form');
    expect(() => optionsFromUrl(address)).not.toThrow('hush');
  });
});
