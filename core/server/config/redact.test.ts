import { describe, expect, it } from 'vitest';
import { APP, load, withApps } from './load-fixture.ts';
import { redact } from './redact.ts';

describe('redact', () => {
  it('hides secrets wherever they stand, and nothing else', () => {
    const config = {
      ...withApps({
        ...APP,
        secret: 'sesame-1',
        webhooks: [
          { url: 'https://a.example', event_types: ['client_event'], headers: { Authorization: 'sesame-2' } },
        ],
      }),
      database: { redis: { password: 'sesame-3' }, postgres: { password: 'sesame-4' } },
      ssl: { passphrase: 'sesame-5' },
      adapter: { nats: { token: 'sesame-6' } },
      push: { credential_encryption_key: 'sesame-7' },
    };
    const printed = redact(load(config).config);
    const text = JSON.stringify(printed);
    expect(text).not.toContain('sesame');
    expect(text.match(/\[redacted\]/g)).toHaveLength(7);
    expect(printed).toMatchObject({
      port: 6001,
      app_manager: { array: { apps: [{ id: 'a', key: 'k', secret: '[redacted]' }] } },
      database: { mysql: { password: '' } },
    });
  });
});
