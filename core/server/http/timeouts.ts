// How long the main port waits for a peer. The same for both transports.

/** An idle connection is kept this long: longer than the idle time of the usual load balancers (60 s), so that they close first. */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** From the first byte of a request to the end of its head. */
export const HEADERS_TIMEOUT_MS = 20_000;
/** From the first byte of a request to its last, body included; also how long an upload that was refused is read on. */
export const REQUEST_TIMEOUT_MS = 120_000;
/** How long `close()` waits for answers under way. */
export const CLOSE_GRACE_MS = 3_000;
