// What providers have in common that send with a token which they make from a credential.
import type { Delivery, Provider, ProviderName, SendResult } from '../contracts.ts';
import type { Exchange } from './exchange.ts';
import type { ProviderEndpoints } from './settings.ts';
import { TokenCache } from './token-cache.ts';

export abstract class TokenProvider implements Provider {
  abstract readonly name: ProviderName;
  protected readonly exchange: Exchange;
  protected readonly endpoints: ProviderEndpoints;
  protected readonly now: () => number;
  protected readonly tokens: TokenCache;

  constructor(exchange: Exchange, endpoints: ProviderEndpoints = {}, now: () => number = Date.now) {
    this.exchange = exchange;
    this.endpoints = endpoints;
    this.now = now;
    this.tokens = new TokenCache(now);
  }

  abstract send(delivery: Delivery, signal: AbortSignal): Promise<SendResult>;
}
