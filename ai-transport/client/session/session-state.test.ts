import { describe, expect, it } from 'vitest';
import { SESSION_TABLE, type SessionInput, type SessionState, sessionTransition } from './session-state.ts';

const STATES: readonly SessionState[] = [
  'connecting',
  'attaching',
  'live',
  'recovering',
  'offline',
  'failed',
  'closed',
];

/** Every cell: what becomes of each state, in the order above, and what is done. `.`: nothing happens. */
const CELLS: Readonly<Record<SessionInput, readonly string[]>> = {
  subscribed: [
    'attaching +attach',
    'attaching +attach',
    'recovering +attach',
    'recovering +attach',
    'recovering +attach',
    'recovering +attach',
    '.',
  ],
  attached: ['.', 'live +flush', '.', 'live +flush', '.', '.', '.'],
  'attach-failed': ['.', 'attaching +wait', '.', 'recovering +wait', '.', '.', '.'],
  'retry-due': ['.', 'attaching +attach', '.', 'recovering +attach', '.', '.', '.'],
  gap: ['.', 'attaching +attach', 'recovering +attach', 'recovering +attach', '.', '.', '.'],
  lost: ['.', 'connecting +stop', 'recovering +stop', 'recovering +stop', '.', '.', '.'],
  unreachable: ['offline +stop', 'offline +stop', 'offline +stop', 'offline +stop', '.', '.', '.'],
  refused: ['failed +stop', 'failed +stop', 'failed +stop', 'failed +stop', 'failed +stop', '.', '.'],
  unsupported: ['failed +stop', 'failed +stop', 'failed +stop', 'failed +stop', 'failed +stop', '.', '.'],
  wake: [
    'connecting +hurry',
    'attaching +hurry',
    'live +flush',
    'recovering +hurry',
    'offline +hurry',
    'recovering +hurry +subscribe',
    '.',
  ],
  retry: [
    'connecting +hurry',
    'attaching +hurry',
    'live +flush',
    'recovering +hurry',
    'offline +hurry',
    'recovering +hurry +subscribe',
    '.',
  ],
  close: [...Array<string>(6).fill('closed +stop +release'), '.'],
};

const inputs = Object.keys(CELLS) as SessionInput[];

describe.each(STATES)('%s', (state) => {
  it.each(inputs)('on %s', (input) => {
    const { state: next, effects } = sessionTransition(state, input);
    const cell = CELLS[input][STATES.indexOf(state)];
    const made = [next, ...effects.map((effect) => `+${effect}`)].join(' ');
    expect(made).toBe(cell === '.' ? state : cell);
  });
});

it('has no other states and inputs than these', () => {
  expect(Object.keys(SESSION_TABLE)).toEqual(STATES);
  for (const row of Object.values(SESSION_TABLE))
    expect(Object.keys(row).toSorted()).toEqual(inputs.toSorted());
});

it('stays live through anything that is not a loss', () => {
  for (const input of ['attached', 'attach-failed', 'retry-due', 'wake', 'retry'] as const)
    expect(sessionTransition('live', input).state).toBe('live');
});
