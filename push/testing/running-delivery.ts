// Delivery on queues and stores in memory, with one provider that does what a test tells it, for tests.
import { onTestFinished } from 'vitest';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import { createMemoryWorkQueue } from '../../core/server/memory/work-queue.ts';
import type { Delivery, Dispatcher, Provider, ProviderName, Recipient, SendResult } from '../contracts.ts';
import { startDelivery } from '../delivery/index.ts';
import { credentialOf } from './delivery.ts';
import { FakeRepository } from './fake-repository.ts';

export type Sending = (delivery: Delivery, provider: ProviderName) => SendResult | Promise<SendResult>;

export interface RunningDelivery {
  readonly repository: FakeRepository;
  readonly dispatcher: Dispatcher;
  readonly queue: ReturnType<typeof createMemoryWorkQueue>;
  /** Everything that providers were asked, in order. */
  readonly sent: { readonly provider: ProviderName; readonly delivery: Delivery }[];
}

/** Attempts follow each other at once. */
const RETRY = {
  maxAttempts: 3,
  initialBackoffMs: 1,
  maxBackoffMs: 2,
  maxElapsedMs: 60_000,
  jitter: 0,
  respectsRetryAfter: true,
};

const WORKERS = { planners: 1, shards: 1, dispatchers: 1, feedback: 1, retries: 1, maxOutboundRequests: 4 };

export function runDelivery(
  send: Sending,
  {
    retry = {},
    workers = {},
    shardSize = 1000,
    maxJobs = 10_000,
  }: {
    readonly retry?: Partial<typeof RETRY>;
    readonly workers?: Partial<typeof WORKERS>;
    readonly shardSize?: number;
    readonly maxJobs?: number;
  } = {},
): RunningDelivery {
  const repository = new FakeRepository();
  const queue = createMemoryWorkQueue({ pollMs: 5, maxJobs });
  const sent: { provider: ProviderName; delivery: Delivery }[] = [];
  const providerOfName = (name: ProviderName): Provider => ({
    name,
    async send(delivery) {
      sent.push({ provider: name, delivery });
      return send(delivery, name);
    },
  });
  const dispatcher = startDelivery({
    settings: { workers: { ...WORKERS, ...workers }, retry: { ...RETRY, ...retry }, shardSize },
    queue,
    store: createMemoryKeyedStore(),
    repository,
    credentials: {
      resolve: async () => credentialOf({ provider: 'wns', providerToken: 'for all that is asked here' }),
    },
    providers: { get: providerOfName, close: async () => {} },
    onError: () => {},
  });
  onTestFinished(async () => {
    await dispatcher.close();
    await queue.close();
  });
  return { repository, dispatcher, queue, sent };
}

/** So many browsers, `b-0` and on. */
export function browsers(count: number, host = 'push.example.com'): Record<string, Recipient> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `b-${index}`,
      { transportType: 'web', endpoint: `https://${host}/${index}`, p256dh: 'p', auth: 'a' },
    ]),
  );
}
