// Settings of a server that sends pushes to the push service of the tests, kept in SQLite.
import { generateVapidKeys } from '../../push/index.ts';

export const pushConfig = () => ({
  history: { enabled: true, backend: 'sqlite' },
  queue: { driver: 'sqlite', reliability: { worker_poll_interval_ms: 20 } },
  push: {
    webpush_enabled: true,
    webpush: { vapid_private_key: generateVapidKeys().privateKey },
    allow_local_endpoints: true,
    credential_encryption_key: 'a passphrase',
  },
});
