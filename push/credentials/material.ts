// What a credential of each provider consists of, as callers give it (push.md section 4.1). Everything is checked before it is
// stored: a key that cannot be used is refused here, and not at the first push.
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import type { CredentialMaterial, JsonObject } from '../contracts.ts';
import { invalid, parseInput, requireBytes, requireId } from '../refusal.ts';
import { publicKeyOf } from './vapid.ts';

/** The words in paths; `webpush` is `webPush` everywhere else. */
export const CREDENTIAL_WORDS = ['fcm', 'apns', 'webpush', 'hms', 'wns'] as const;
export type CredentialWord = (typeof CREDENTIAL_WORDS)[number];

const MAX_SECRET_BYTES = 16 * 1024;

const secret = z.string().min(1).max(MAX_SECRET_BYTES);
const head = z.object({ credentialId: z.string().nullish(), version: z.int().positive().nullish() });

const fcm = z.object({
  serviceAccountJson: z.looseObject({ project_id: secret, client_email: secret, private_key: secret }),
});
const apnsKey = z.object({ teamId: secret, keyId: secret, privateKey: secret });
const apnsFile = z.object({ p12: secret.optional(), p12Password: z.string().max(1024).nullish() });
const apnsPem = z.object({ pem: secret.optional() });
const webPush = z.object({ publicKey: secret, privateKey: secret, contact: z.string().max(256).nullish() });
const hms = z.object({ hmsAppId: secret, clientSecret: secret });
const wns = z.object({ packageSid: secret, clientSecret: secret });

export interface NewCredential {
  readonly credentialId: string;
  readonly version: number;
  readonly material: CredentialMaterial;
}

/** @param defaultContact whom push services write to @throws ProtocolError 400 that names members and no values */
export function parseCredential(word: CredentialWord, body: unknown, defaultContact: string): NewCredential {
  const { credentialId, version } = parseInput(head, body);
  const id = credentialId ?? word;
  requireId('credentialId', id);
  return { credentialId: id, version: version ?? 1, material: materialOf(word, body, defaultContact) };
}

function materialOf(word: CredentialWord, body: unknown, defaultContact: string): CredentialMaterial {
  switch (word) {
    case 'fcm':
      return fcmMaterial(parseInput(fcm, body).serviceAccountJson);
    case 'apns':
      return apnsMaterial(body);
    case 'webpush': {
      const { publicKey, privateKey, contact } = parseInput(webPush, body);
      return webPushMaterial(publicKey, privateKey, contact ?? defaultContact);
    }
    case 'hms':
      return { provider: 'hms', ...parseInput(hms, body) };
    case 'wns':
      return { provider: 'wns', ...parseInput(wns, body) };
  }
}

function fcmMaterial(serviceAccount: JsonObject): CredentialMaterial {
  requireBytes('serviceAccountJson', JSON.stringify(serviceAccount), MAX_SECRET_BYTES);
  requirePrivateKey('serviceAccountJson.private_key', String(serviceAccount.private_key));
  return { provider: 'fcm', serviceAccount };
}

function apnsMaterial(body: unknown): CredentialMaterial {
  const { p12, p12Password } = parseInput(apnsFile, body);
  if (p12 !== undefined) {
    if (!/^[A-Za-z0-9+/\s]+=*\s*$/.test(p12)) throw invalid('p12 is invalid: must be base64');
    return { provider: 'apns', p12, ...(p12Password != null && { p12Password }) };
  }
  const { pem } = parseInput(apnsPem, body);
  if (pem !== undefined) {
    requirePrivateKey('pem', pem);
    return { provider: 'apns', pem };
  }
  const key = parseInput(apnsKey, body);
  requirePrivateKey('privateKey', key.privateKey);
  return { provider: 'apns', ...key };
}

/** @throws ProtocolError 400 unless both keys belong together */
export function webPushMaterial(
  publicKey: string | null,
  privateKey: string,
  contact: string,
): CredentialMaterial {
  const made = publicKeyOf(privateKey);
  if (made === null) throw invalid('privateKey is invalid: must be base64url of 32 bytes on P-256');
  const given = publicKey?.replace(/=+$/, '') ?? made;
  if (given !== made) throw invalid('publicKey is invalid: it does not belong to privateKey');
  if (!/^(mailto:.+@.+|https:\/\/.+)$/.test(contact)) throw invalid('contact is invalid: mailto: or https');
  return { provider: 'webPush', publicKey: made, privateKey: privateKey.replace(/=+$/, ''), contact };
}

export function requirePrivateKey(name: string, pem: string): void {
  try {
    createPrivateKey(pem);
  } catch {
    // The library's text may quote the key.
    throw invalid(`${name} is invalid: holds no private key in PEM`);
  }
}
