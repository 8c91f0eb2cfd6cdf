// Verifies the tokens of all apps and holds the key sets that they trust: one for each app that has one.
import type { TokenGrant } from '@sockudo/protocol';
import { createLocalJWKSet } from 'jose';
import type { Logger } from 'pino';
import type { Agent } from 'undici';
import type { App, TokenTrust } from '../apps/app.ts';
import { createGuardedAgent } from '../net/guarded-agent.ts';
import { fetchKeySet } from './fetch-key-set.ts';
import { NoKeySet, RemoteKeySet } from './remote-key-set.ts';
import { type KeyOf, verifyToken } from './verify-token.ts';

const CONNECT_TIMEOUT_MS = 5_000;

const NO_KEYS: KeyOf = () => Promise.reject(new NoKeySet());

export interface TokenVerifierOptions {
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds that only go forward; default: time since the process started. */
  readonly now?: () => number;
}

export class TokenVerifier {
  readonly #keysByApp = new Map<string, KeyOf>();
  readonly #agents: Agent[] = [];

  constructor(apps: readonly App[], options: TokenVerifierOptions) {
    for (const app of apps) {
      if (app.tokens !== null) this.#keysByApp.set(app.id, this.#keysOf(app.id, app.tokens, options));
    }
  }

  /** What the token grants now. @throws ProtocolError 4009 `Authentication error: …` */
  verify(app: App, token: string): Promise<TokenGrant> {
    return verifyToken(app, token, Date.now() / 1000, this.#keysByApp.get(app.id) ?? NO_KEYS);
  }

  /** Ends requests for key sets that are under way. */
  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.destroy()));
  }

  #keysOf(
    appId: string,
    { keys }: TokenTrust,
    { logger, now = performanceNow }: TokenVerifierOptions,
  ): KeyOf {
    if ('inline' in keys) return createLocalJWKSet(keys.inline);
    const { url, allowPrivateNetworks } = keys;
    const agent = createGuardedAgent({ allowPrivateNetworks, connectTimeoutMs: CONNECT_TIMEOUT_MS });
    this.#agents.push(agent);
    const set = new RemoteKeySet({
      fetch: () => fetchKeySet(url, agent),
      onFailure: (error) => {
        const reason = error instanceof Error ? error.message : 'unknown failure';
        logger.warn({ app_id: appId, origin: new URL(url).origin, reason }, 'no keys for capability tokens');
      },
      now,
    });
    return set.keyOf;
  }
}

const performanceNow = (): number => performance.now();
