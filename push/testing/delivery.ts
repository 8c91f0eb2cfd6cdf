// A push as a provider gets it, for tests: everything said, and what a test is about can be said otherwise.
import type { Credential, CredentialMaterial, Delivery, Recipient } from '../contracts.ts';

export function credentialOf(material: CredentialMaterial, version = 1): Credential {
  return { credentialId: 'main', version, source: 'app', material };
}

export function deliveryTo(
  recipient: Recipient,
  credential: Credential | null,
  rest: Partial<Delivery> = {},
): Delivery {
  return {
    appId: 'shop',
    publishId: 'publish-1',
    recipient,
    credential,
    payload: { notification: { title: 'Packed', body: 'On its way' }, data: { order: 19 } },
    ...rest,
  };
}

/** Never aborted. */
export const noSignal: AbortSignal = new AbortController().signal;
