// What the process knows of the five providers: credentials for all apps that have none of their own, and where providers are.
// Names follow Sockudo's environment variables (push.md section 10.2); as settings they are ours.
import { z } from 'zod';
import { flag, integer, positive, secret, text, texts } from './fields.ts';

const path = (what: string) => text(`File with ${what}; read at start`).optional();
const endpoint = (standard: string) => z.url().describe(`Where it is asked; default ${standard}`).optional();

/** Sections `push.fcm`, `push.apns`, `push.webpush`, `push.hms` and `push.wns`. */
export const providerSections = {
  fcm: z
    .strictObject({
      project_id: text('Project, for a provider token').optional(),
      service_account_json: secret('Service account as Google gives it out, JSON text').optional(),
      service_account_json_path: path('the service account'),
      provider_token: secret('Access token in place of a service account').optional(),
      endpoint: endpoint('https://fcm.googleapis.com'),
    })
    .prefault({}),
  apns: z
    .strictObject({
      topic: text('Bundle id that every push goes to').optional(),
      team_id: text('Team of the signing key').optional(),
      key_id: text('Id of the signing key').optional(),
      private_key: secret('Signing key, PKCS #8 in PEM').optional(),
      private_key_path: path('the signing key'),
      provider_token: secret('Signed token in place of a key').optional(),
      endpoint: endpoint('https://api.push.apple.com'),
    })
    .prefault({}),
  webpush: z
    .strictObject({
      vapid_private_key: secret('VAPID private key: base64url of the 32 bytes').optional(),
      vapid_contact: text('Whom push services write to: mailto: or https').default(
        'mailto:sockudo-webpush@example.com',
      ),
      allowed_hosts: texts('Hosts that endpoints may have, or `.suffix`; empty: all').default([]),
      denied_hosts: texts('Hosts that endpoints may not have, or `.suffix`').default([]),
    })
    .prefault({}),
  hms: z
    .strictObject({
      app_id: text('App at Huawei').optional(),
      provider_token: secret('Access token').optional(),
      endpoint: endpoint('https://push-api.cloud.huawei.com'),
    })
    .prefault({}),
  wns: z.strictObject({ provider_token: secret('Access token').optional() }).prefault({}),
};

const ceiling = () =>
  integer('Expected recipients of one publish at this provider; 0: no limit', 0).default(0);

/** Sections that refuse publishes. */
export const protectionSections = {
  provider_ceilings: z
    .strictObject({
      fcm: ceiling(),
      apns: ceiling(),
      webpush: ceiling(),
      hms: ceiling(),
      wns: ceiling(),
      realtime: ceiling(),
    })
    .prefault({}),
  backpressure: z
    .strictObject({
      always: flag('Refuse every publish, e.g. while something is repaired').default(false),
      max_waiting_jobs: positive('Jobs that may wait before publishes are refused').default(100_000),
      retry_after_secs: positive('When a refused publish should come again, in seconds').default(5),
    })
    .prefault({}),
};
