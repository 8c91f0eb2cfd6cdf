/**
 * Life of a session as one pure function over a full table: every state has a declared answer to every input.
 * Must not know: sockets, timers, messages. The shell (session.ts) carries out the effects in their order.
 *
 *   connecting ─subscribed→ attaching ─attached→ live
 *                                                │ lost, gap
 *                              recovering ←──────┘
 *                              │ subscribed, then attached → live
 *   A connection that is away for long is `offline`; what the server refuses is `failed` until somebody asks again.
 *   Nothing here ever cancels a run: a lost connection is no wish of the user's.
 */

/**
 * `connecting`: there is no connection yet. `attaching`: the conversation is being read for the first time. `live`. `recovering`: what
 * is shown may lack something; the connection is coming back, or what was missed is being read. `offline`: no connection for a
 * while. `failed`: refused, see the session's `error`. `closed`: for good.
 */
export type SessionState =
  | 'connecting'
  | 'attaching'
  | 'live'
  | 'recovering'
  | 'offline'
  | 'failed'
  | 'closed';

/**
 * `subscribed`: the server acknowledged the channel. `attached`: everything is read. `attach-failed`: it could not be read. `gap`: messages
 * were missed on a connection that is there. `lost`: the connection is gone and is being made again. `unreachable`: that takes long,
 * or nobody tries. `refused`: the channel. `unsupported`: no connection is possible here. `wake`: page or network are back.
 */
export type SessionInput =
  | 'subscribed'
  | 'attached'
  | 'attach-failed'
  | 'retry-due'
  | 'gap'
  | 'lost'
  | 'unreachable'
  | 'refused'
  | 'unsupported'
  | 'wake'
  | 'retry'
  | 'close';

/**
 * attach: read everything anew, whatever was being read. stop: give up reading, and its retry timer. wait: start the retry timer.
 * flush: send what waits to be sent. hurry: have the connection try now. subscribe: ask for the channel again. release: end all.
 */
export type SessionEffect = 'attach' | 'stop' | 'wait' | 'flush' | 'hurry' | 'subscribe' | 'release';

export interface SessionTransition {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

type Row = Readonly<Record<SessionInput, SessionTransition>>;

const to = (state: SessionState, ...effects: SessionEffect[]): SessionTransition => ({ state, effects });

const OFFLINE = to('offline', 'stop');
const FAILED = to('failed', 'stop');
const CLOSED = to('closed', 'stop', 'release');

/** A row in which everything leaves the state alone. */
function inert(state: SessionState): Row {
  const stay = to(state);
  return {
    subscribed: stay,
    attached: stay,
    'attach-failed': stay,
    'retry-due': stay,
    gap: stay,
    lost: stay,
    unreachable: stay,
    refused: stay,
    unsupported: stay,
    wake: stay,
    retry: stay,
    close: stay,
  };
}

/** States from which all that ends a session ends it. */
const open = (state: SessionState): Row => ({
  ...inert(state),
  unreachable: OFFLINE,
  refused: FAILED,
  unsupported: FAILED,
  close: CLOSED,
});

/** The full table. */
export const SESSION_TABLE: Readonly<Record<SessionState, Row>> = {
  connecting: {
    ...open('connecting'),
    subscribed: to('attaching', 'attach'),
    wake: to('connecting', 'hurry'),
    retry: to('connecting', 'hurry'),
  },
  attaching: {
    ...open('attaching'),
    subscribed: to('attaching', 'attach'),
    attached: to('live', 'flush'),
    'attach-failed': to('attaching', 'wait'),
    'retry-due': to('attaching', 'attach'),
    gap: to('attaching', 'attach'),
    lost: to('connecting', 'stop'),
    wake: to('attaching', 'hurry'),
    retry: to('attaching', 'hurry'),
  },
  live: {
    ...open('live'),
    // The subscription was made anew: what came in between may be missing.
    subscribed: to('recovering', 'attach'),
    gap: to('recovering', 'attach'),
    lost: to('recovering', 'stop'),
    wake: to('live', 'flush'),
    retry: to('live', 'flush'),
  },
  recovering: {
    ...open('recovering'),
    subscribed: to('recovering', 'attach'),
    attached: to('live', 'flush'),
    'attach-failed': to('recovering', 'wait'),
    'retry-due': to('recovering', 'attach'),
    gap: to('recovering', 'attach'),
    lost: to('recovering', 'stop'),
    wake: to('recovering', 'hurry'),
    retry: to('recovering', 'hurry'),
  },
  offline: {
    ...open('offline'),
    unreachable: to('offline'),
    subscribed: to('recovering', 'attach'),
    wake: to('offline', 'hurry'),
    retry: to('offline', 'hurry'),
  },
  failed: {
    ...open('failed'),
    // The connection came back by itself, and this time the channel was granted.
    subscribed: to('recovering', 'attach'),
    unreachable: to('failed'),
    refused: to('failed'),
    unsupported: to('failed'),
    wake: to('recovering', 'hurry', 'subscribe'),
    retry: to('recovering', 'hurry', 'subscribe'),
  },
  closed: inert('closed'),
};

export const sessionTransition = (state: SessionState, input: SessionInput): SessionTransition =>
  SESSION_TABLE[state][input];
