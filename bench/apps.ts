// The apps that the server is measured with: one whose channels keep nothing, one whose channels are durable logs.

export const BENCH_APPS = {
  plain: {
    id: 'bench-plain',
    key: 'bench-plain-key',
    secret: 'bench-plain-secret',
    enabled: true,
    policy: {
      features: { enable_client_messages: true },
      history: { enabled: false },
      connection_recovery: { enabled: false },
    },
  },
  durable: {
    id: 'bench-durable',
    key: 'bench-durable-key',
    secret: 'bench-durable-secret',
    enabled: true,
    policy: { features: { enable_client_messages: true }, history: { enabled: true } },
  },
  /** As durable, but nothing stays in memory for more than a second: who resumes is served from the log. */
  forgetful: {
    id: 'bench-forgetful',
    key: 'bench-forgetful-key',
    secret: 'bench-forgetful-secret',
    enabled: true,
    policy: { history: { enabled: true }, connection_recovery: { buffer_ttl_seconds: 1 } },
  },
} as const;

export type BenchApp = keyof typeof BENCH_APPS;
