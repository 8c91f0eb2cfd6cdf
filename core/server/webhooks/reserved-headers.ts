// Header names that the configuration of a webhook may not give: those the server sets itself, and those that say how the
// request is carried. Upstream sends such a header twice; the config check refuses it (divergence D68).

/** Lowercase. */
export const RESERVED_WEBHOOK_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'x-pusher-key',
  'x-pusher-signature',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
