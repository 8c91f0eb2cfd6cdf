/**
 * Life of a registration as one table: every state has a declared answer to every input. Must not know: browsers, backends.
 *
 *   off ──enable──► asking ──granted──► working ──done──► on
 *    ▲                │ dismissed, refused  │ failed        │ check: working again
 *    └────────────────┘ (off, denied)       ▼               │ disable
 *    ▲                                    failed            ▼
 *    └───────────────────removed──────────────────────── removing
 */

export type PushState =
  /** Not registered, nothing is under way. */
  | 'off'
  /** The browser asks the user. */
  | 'asking'
  /** Subscribing, registering, or checking that both still hold. */
  | 'working'
  /** Registered: pushes arrive. */
  | 'on'
  /** The last attempt failed for the reason in `error`; `enable` and `open` try again. */
  | 'failed'
  | 'removing'
  /** The user said no; only they can take it back, in the browser's settings. */
  | 'denied'
  /** There is no push here. */
  | 'unsupported';

export type PushInput =
  /** The user wants pushes. */
  | 'enable'
  /** The permission prompt was answered, or needed no answer. */
  | 'granted'
  | 'dismissed'
  | 'refused'
  /** The application was opened, and was registered before. */
  | 'check'
  | 'done'
  | 'failed'
  | 'disable'
  | 'removed';

type Row = Readonly<Record<PushInput, PushState>>;

/** A state that answers only what is given, and stays otherwise. */
const row = (state: PushState, answers: Partial<Row>): Row => ({
  enable: state,
  granted: state,
  dismissed: state,
  refused: state,
  check: state,
  done: state,
  failed: state,
  disable: state,
  removed: state,
  ...answers,
});

/** A permission that was taken away shows at the next look at it, whatever was known before. */
const atRest = { enable: 'asking', check: 'working', disable: 'removing', refused: 'denied' } as const;

export const PUSH_STATES: Readonly<Record<PushState, Row>> = {
  off: row('off', atRest),
  asking: row('asking', { granted: 'working', dismissed: 'off', refused: 'denied' }),
  working: row('working', { done: 'on', failed: 'failed' }),
  on: row('on', { ...atRest, dismissed: 'off' }),
  failed: row('failed', { ...atRest, dismissed: 'off' }),
  removing: row('removing', { removed: 'off', failed: 'failed' }),
  denied: row('denied', { ...atRest, dismissed: 'off' }),
  unsupported: row('unsupported', {}),
};

export const nextPushState = (state: PushState, input: PushInput): PushState => PUSH_STATES[state][input];
