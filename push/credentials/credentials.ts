// Credentials of apps, encrypted in the store, with those of the process behind them.
import type { PushProvider } from '@sockudo/server/plugins';
import type { KeyedEntry, KeyedStore } from '@sockudo/server/ports';
import type { Credential, CredentialMaterial, Credentials, ProviderName } from '../contracts.ts';
import { invalid } from '../refusal.ts';
import { keys, prefixes } from '../store/keys.ts';
import { list, pages, putOf, recordOf } from '../store/records.ts';
import type { Envelope } from './envelope.ts';
import type { NewCredential } from './material.ts';

interface StoredCredential {
  readonly credentialId: string;
  readonly provider: ProviderName;
  readonly version: number;
  /** `Envelope` of the material as JSON. */
  readonly envelope: string;
}

/** All that is ever shown of a credential. Snake case, unlike most answers (push.md section 3.4). */
export interface CredentialSummary {
  readonly app_id: string;
  readonly credential_id: string;
  readonly provider: ProviderName;
  readonly version: number;
}

export interface StoredCredentialsOptions {
  readonly store: KeyedStore;
  /** Null: none can be stored, and those that are cannot be read. */
  readonly envelope: Envelope | null;
  readonly environment: ReadonlyMap<ProviderName, CredentialMaterial>;
  readonly enabled: readonly PushProvider[];
}

/** Materials that were opened, by key and revision: opening is cheap, but not for each push. */
const MAX_OPENED = 1000;

export class StoredCredentials implements Credentials {
  readonly #options: StoredCredentialsOptions;
  readonly #opened = new Map<string, { readonly revision: number; readonly material: CredentialMaterial }>();

  constructor(options: StoredCredentialsOptions) {
    this.#options = options;
  }

  /** Writes over one of that id. @throws ProtocolError 400 where there is no key to encrypt with */
  async put(appId: string, { credentialId, version, material }: NewCredential): Promise<CredentialSummary> {
    const { store, envelope } = this.#options;
    if (envelope === null) throw invalid('PUSH_CREDENTIAL_ENCRYPTION_KEY is not configured');
    const { provider } = material;
    const sealed = envelope.seal(JSON.stringify(material));
    const stored: StoredCredential = { credentialId, provider, version, envelope: sealed };
    await store.write([putOf(keys.credential(appId, credentialId), stored)]);
    return summaryOf(appId, stored);
  }

  /** By id. */
  async list(
    appId: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly CredentialSummary[]; readonly next: string | null }> {
    const { entries, next } = await list(this.#options.store, prefixes.credentials(appId), page);
    const items = entries.map((entry) => summaryOf(appId, recordOf<StoredCredential>(entry)));
    return { items, next };
  }

  /** Of several of one provider the one with the highest version counts, then the last by id. */
  async resolve(appId: string, provider: ProviderName): Promise<Credential | null> {
    if (provider === 'realtime' || !this.#options.enabled.includes(provider)) return null;
    const stored = await this.#stored(appId, provider);
    if (stored !== null) return stored;
    const material = this.#options.environment.get(provider);
    if (material === undefined) return null;
    return { credentialId: provider, version: 1, source: 'environment', material };
  }

  async #stored(appId: string, provider: ProviderName): Promise<Credential | null> {
    if (this.#options.envelope === null) return null;
    let best: { readonly entry: KeyedEntry; readonly stored: StoredCredential } | null = null;
    for await (const entries of pages(this.#options.store, prefixes.credentials(appId))) {
      for (const entry of entries) {
        const stored = recordOf<StoredCredential>(entry);
        if (stored.provider !== provider) continue;
        if (best === null || stored.version >= best.stored.version) best = { entry, stored };
      }
    }
    if (best === null) return null;
    const { credentialId, version, envelope } = best.stored;
    const material = this.#open(best.entry, envelope);
    return { credentialId, version, source: 'app', material };
  }

  #open({ key, revision }: KeyedEntry, sealed: string): CredentialMaterial {
    const known = this.#opened.get(key);
    if (known?.revision === revision) return known.material;
    // CAST: what was sealed is a material that `parseCredential` checked.
    const material = JSON.parse(this.#options.envelope?.open(sealed) ?? 'null') as CredentialMaterial;
    if (this.#opened.size >= MAX_OPENED) this.#opened.clear();
    this.#opened.set(key, { revision, material });
    return material;
  }
}

const summaryOf = (
  appId: string,
  { credentialId, provider, version }: StoredCredential,
): CredentialSummary => ({ app_id: appId, credential_id: credentialId, provider, version });
