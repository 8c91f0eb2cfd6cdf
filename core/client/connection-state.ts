/**
 * Life of a connection as one pure function over a full table: every phase has a declared answer to every input.
 * Must not know: sockets, timers, frames. The shell (connection.ts) carries out the effects in their order.
 * The six public states are the Pusher protocol's; two of them have a waiting phase beside them (no attempt under way, a retry
 * timer runs), so that nothing hidden decides what happens.
 *
 *   initialized ─connect→ connecting ─established→ connected
 *                  ↑ retry-due │ lost                  │ lost
 *                  └─── connecting-waiting ←───────────┘
 *   After unavailableTimeout without success the same pair is called unavailable / unavailable-waiting.
 */

/** What users see as `connection.state`. */
export type ConnectionState =
  | 'initialized'
  | 'connecting'
  | 'connected'
  | 'unavailable'
  | 'failed'
  | 'disconnected';

export type Phase = ConnectionState | 'connecting-waiting' | 'unavailable-waiting';

/** What can happen. `lost-*` and `refused` come from the close-code policy (close-policy.ts). */
export type Input =
  | 'connect'
  | 'disconnect'
  | 'unsupported'
  | 'established'
  | 'lost-retry-now'
  | 'lost-backoff'
  | 'refused'
  | 'retry-due'
  | 'unavailable-due'
  | 'offline'
  | 'online'
  | 'wake';

/**
 * open: drop any socket and retry timer, start an attempt. close: drop socket and all timers. retry-now / retry-backoff: start the
 * retry timer. start-/stop-patience: the timer that ends in `unavailable-due`. probe: ping, and expect an answer soon.
 */
export type Effect =
  | 'open'
  | 'close'
  | 'retry-now'
  | 'retry-backoff'
  | 'start-patience'
  | 'stop-patience'
  | 'probe';

export interface Transition {
  readonly phase: Phase;
  readonly effects: readonly Effect[];
}

type Row = Record<Input, Transition>;

const to = (phase: Phase, ...effects: Effect[]): Transition => ({ phase, effects });

/** A row in which everything leaves the phase alone. */
function inert(phase: Phase): Row {
  const stay = to(phase);
  return {
    connect: stay,
    disconnect: stay,
    unsupported: stay,
    established: stay,
    'lost-retry-now': stay,
    'lost-backoff': stay,
    refused: stay,
    'retry-due': stay,
    'unavailable-due': stay,
    offline: stay,
    online: stay,
    wake: stay,
  };
}

const START = to('connecting', 'open', 'start-patience');
const STOP = to('disconnected', 'close');
const FAIL = to('failed', 'close');
// A browser may call itself offline while the server is reachable (VPN, localhost): the retry timer goes on.
const GO_OFFLINE = to('unavailable-waiting', 'close', 'retry-backoff');

/** Phases at rest: nothing is open, no timer runs. */
const atRest = (phase: Phase): Row => ({ ...inert(phase), connect: START, unsupported: FAIL });

/** Phases in which the client wants to be connected. */
const active = (phase: Phase): Row => ({ ...inert(phase), disconnect: STOP, unsupported: FAIL });

/** The full table. */
export const TRANSITIONS: Readonly<Record<Phase, Readonly<Row>>> = {
  initialized: { ...atRest('initialized'), disconnect: to('disconnected') },
  connecting: {
    ...active('connecting'),
    established: to('connected', 'stop-patience'),
    'lost-retry-now': to('connecting-waiting', 'retry-now'),
    'lost-backoff': to('connecting-waiting', 'retry-backoff'),
    refused: STOP,
    'unavailable-due': to('unavailable'),
    offline: GO_OFFLINE,
    // An attempt begun without a network may hang until its time-out.
    online: to('connecting', 'open'),
  },
  'connecting-waiting': {
    ...active('connecting-waiting'),
    connect: to('connecting', 'open'),
    'retry-due': to('connecting', 'open'),
    'unavailable-due': to('unavailable-waiting'),
    offline: to('unavailable-waiting', 'stop-patience'),
    online: to('connecting', 'open'),
    wake: to('connecting', 'open'),
  },
  connected: {
    ...active('connected'),
    'lost-retry-now': to('connecting-waiting', 'retry-now', 'start-patience'),
    'lost-backoff': to('connecting-waiting', 'retry-backoff', 'start-patience'),
    refused: STOP,
    offline: GO_OFFLINE,
    online: to('connected', 'probe'),
    wake: to('connected', 'probe'),
  },
  unavailable: {
    ...active('unavailable'),
    established: to('connected'),
    'lost-retry-now': to('unavailable-waiting', 'retry-now'),
    'lost-backoff': to('unavailable-waiting', 'retry-backoff'),
    refused: STOP,
    offline: GO_OFFLINE,
    online: START,
  },
  'unavailable-waiting': {
    ...active('unavailable-waiting'),
    connect: START,
    'retry-due': to('unavailable', 'open'),
    online: START,
    wake: START,
  },
  failed: { ...atRest('failed'), disconnect: to('disconnected') },
  disconnected: atRest('disconnected'),
};

/** The one transition function. */
export const transition = (phase: Phase, input: Input): Transition => TRANSITIONS[phase][input];

/** The public state of a phase. */
export function publicState(phase: Phase): ConnectionState {
  if (phase === 'connecting-waiting') return 'connecting';
  if (phase === 'unavailable-waiting') return 'unavailable';
  return phase;
}

/** True while the client wants to be connected: only then wake triggers are watched. */
export const wantsConnection = (phase: Phase): boolean =>
  phase !== 'initialized' && phase !== 'failed' && phase !== 'disconnected';
