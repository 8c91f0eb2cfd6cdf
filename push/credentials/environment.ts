// Credentials of the process, for apps that stored none (divergence D74). Read once, at start: a file that cannot be read or a key
// that cannot be used stops it.
import { readFileSync } from 'node:fs';
import { ProtocolError } from '@sockudo/protocol';
import type { PushSettings } from '@sockudo/server/plugins';
import { z } from 'zod';
import type { CredentialMaterial, JsonObject, ProviderName } from '../contracts.ts';
import { requirePrivateKey, webPushMaterial } from './material.ts';

const json = z.looseObject({ project_id: z.string(), client_email: z.string(), private_key: z.string() });

/** @throws Error that names the setting */
export function environmentCredentials({
  credentials,
}: Pick<PushSettings, 'credentials'>): ReadonlyMap<ProviderName, CredentialMaterial> {
  const found = [
    fcm(credentials.fcm),
    apns(credentials.apns),
    webPush(credentials.webPush),
    hms(credentials.hms),
    wns(credentials.wns),
  ].filter((material) => material !== null);
  return new Map(found.map((material) => [material.provider, material]));
}

type Given = PushSettings['credentials'];

function fcm(given: Given['fcm']): CredentialMaterial | null {
  const { serviceAccountJson, serviceAccountPath, projectId, providerToken } = given;
  if (serviceAccountJson !== undefined) {
    return serviceAccount('push.fcm.service_account_json', serviceAccountJson);
  }
  // A token that is given by hand comes before a path that may be meant for other programs.
  if (projectId !== undefined && providerToken !== undefined) {
    return { provider: 'fcm', projectId, providerToken };
  }
  if (serviceAccountPath === undefined) return null;
  const setting = 'push.fcm.service_account_json_path';
  return serviceAccount(setting, fileOf(setting, serviceAccountPath));
}

function serviceAccount(setting: string, text: string): CredentialMaterial {
  let value: JsonObject;
  try {
    value = json.parse(JSON.parse(text));
  } catch {
    throw new Error(`${setting}: is no service account in JSON`);
  }
  usable(setting, () => requirePrivateKey('private_key', String(value.private_key)));
  return { provider: 'fcm', serviceAccount: value };
}

function apns({ teamId, keyId, privateKey, privateKeyPath, providerToken }: Given['apns']) {
  const pem =
    privateKey ??
    (privateKeyPath === undefined ? undefined : fileOf('push.apns.private_key_path', privateKeyPath));
  if (teamId !== undefined && keyId !== undefined && pem !== undefined) {
    usable('push.apns.private_key', () => requirePrivateKey('private_key', pem));
    return { provider: 'apns', teamId, keyId, privateKey: pem } as const;
  }
  return providerToken === undefined ? null : ({ provider: 'apns', providerToken } as const);
}

function webPush({ privateKey, contact }: Given['webPush']): CredentialMaterial | null {
  if (privateKey === undefined) return null;
  return usable('push.webpush.vapid_private_key', () => webPushMaterial(null, privateKey.trim(), contact));
}

function hms({ appId, providerToken }: Given['hms']): CredentialMaterial | null {
  if (appId === undefined || providerToken === undefined) return null;
  return { provider: 'hms', hmsAppId: appId, providerToken };
}

const wns = ({ providerToken }: Given['wns']): CredentialMaterial | null =>
  providerToken === undefined ? null : { provider: 'wns', providerToken };

function fileOf(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${setting}: cannot be read`, { cause: error });
  }
}

function usable<Result>(setting: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    throw new Error(`${setting}: ${error.detail}`);
  }
}
