// Short-lived values: events of cache channels, revocations, receipts of channels without a log. Every key has its own
// lifetime (divergence D57); a full cache drops the entry that expires first.

export interface CachedValue {
  readonly value: string;
  readonly expiresAtMs: number;
}

export interface Cache {
  get(key: string): Promise<CachedValue | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Atomic. True: the key was free and is now set. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** Adds 1 to a counter that lives for `windowMs` from its first use (fixed window). */
  increment(key: string, windowMs: number): Promise<{ count: number; resetsAtMs: number }>;
  close(): Promise<void>;
}
