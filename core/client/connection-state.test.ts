/** Every cell of the table, written out a second time by hand, and laws that hold for all of them. */
import { describe, expect, it } from 'vitest';
import {
  type Input,
  type Phase,
  publicState,
  TRANSITIONS,
  transition,
  wantsConnection,
} from './connection-state.ts';

/** `PHASE: EFFECT, …`; `-` means that nothing happens. */
type Cell = string;

/** What a client at rest does with all that it was not told to do. */
const AT_REST: Record<Exclude<Input, 'connect' | 'disconnect' | 'unsupported'>, Cell> = {
  established: '-',
  'lost-retry-now': '-',
  'lost-backoff': '-',
  refused: '-',
  'retry-due': '-',
  'unavailable-due': '-',
  offline: '-',
  online: '-',
  wake: '-',
};

const expected: Record<Phase, Record<Input, Cell>> = {
  initialized: {
    connect: 'connecting: open, start-patience',
    disconnect: 'disconnected:',
    unsupported: 'failed: close',
    ...AT_REST,
  },
  connecting: {
    connect: '-',
    disconnect: 'disconnected: close',
    unsupported: 'failed: close',
    established: 'connected: stop-patience',
    'lost-retry-now': 'connecting-waiting: retry-now',
    'lost-backoff': 'connecting-waiting: retry-backoff',
    refused: 'disconnected: close',
    'retry-due': '-',
    'unavailable-due': 'unavailable:',
    offline: 'unavailable-waiting: close, retry-backoff',
    online: 'connecting: open',
    wake: '-',
  },
  'connecting-waiting': {
    connect: 'connecting: open',
    disconnect: 'disconnected: close',
    unsupported: 'failed: close',
    established: '-',
    'lost-retry-now': '-',
    'lost-backoff': '-',
    refused: '-',
    'retry-due': 'connecting: open',
    'unavailable-due': 'unavailable-waiting:',
    offline: 'unavailable-waiting: stop-patience',
    online: 'connecting: open',
    wake: 'connecting: open',
  },
  connected: {
    connect: '-',
    disconnect: 'disconnected: close',
    unsupported: 'failed: close',
    established: '-',
    'lost-retry-now': 'connecting-waiting: retry-now, start-patience',
    'lost-backoff': 'connecting-waiting: retry-backoff, start-patience',
    refused: 'disconnected: close',
    'retry-due': '-',
    'unavailable-due': '-',
    offline: 'unavailable-waiting: close, retry-backoff',
    online: 'connected: probe',
    wake: 'connected: probe',
  },
  unavailable: {
    connect: '-',
    disconnect: 'disconnected: close',
    unsupported: 'failed: close',
    established: 'connected:',
    'lost-retry-now': 'unavailable-waiting: retry-now',
    'lost-backoff': 'unavailable-waiting: retry-backoff',
    refused: 'disconnected: close',
    'retry-due': '-',
    'unavailable-due': '-',
    offline: 'unavailable-waiting: close, retry-backoff',
    online: 'connecting: open, start-patience',
    wake: '-',
  },
  'unavailable-waiting': {
    connect: 'connecting: open, start-patience',
    disconnect: 'disconnected: close',
    unsupported: 'failed: close',
    established: '-',
    'lost-retry-now': '-',
    'lost-backoff': '-',
    refused: '-',
    'retry-due': 'unavailable: open',
    'unavailable-due': '-',
    offline: '-',
    online: 'connecting: open, start-patience',
    wake: 'connecting: open, start-patience',
  },
  failed: {
    connect: 'connecting: open, start-patience',
    disconnect: 'disconnected:',
    unsupported: 'failed: close',
    ...AT_REST,
  },
  disconnected: {
    connect: 'connecting: open, start-patience',
    disconnect: '-',
    unsupported: 'failed: close',
    ...AT_REST,
  },
};

// CAST: the keys of a Record are its key type.
const phases = Object.keys(expected) as Phase[];
// CAST: as above.
const inputs = Object.keys(expected.initialized) as Input[];
const cells = phases.flatMap((phase) => inputs.map((input) => [phase, input] as const));

describe('connection state', () => {
  it.each(cells)('%s + %s', (phase, input) => {
    const next = transition(phase, input);
    const isNothing = next.phase === phase && next.effects.length === 0;
    const cell = isNothing ? '-' : `${next.phase}: ${next.effects.join(', ')}`.trimEnd();
    expect(cell).toBe(expected[phase][input]);
  });

  it('has no cell that is not listed here', () => {
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...phases].sort());
    for (const phase of phases) expect(Object.keys(TRANSITIONS[phase]).sort()).toEqual([...inputs].sort());
  });

  it.each(cells)('%s + %s: waiting always has a timer that ends it', (phase, input) => {
    const next = transition(phase, input);
    if (next.phase === phase || !next.phase.endsWith('-waiting')) return;
    const keepsTimer = phase.endsWith('-waiting') && !next.effects.includes('close');
    expect(keepsTimer || next.effects.some((effect) => effect.startsWith('retry'))).toBe(true);
  });

  it.each(cells)('%s + %s: whoever comes to rest closes everything', (phase, input) => {
    const next = transition(phase, input);
    if (wantsConnection(phase) && !wantsConnection(next.phase)) expect(next.effects).toEqual(['close']);
  });

  it('shows six states', () => {
    expect([...new Set(phases.map(publicState))].sort()).toEqual([
      'connected',
      'connecting',
      'disconnected',
      'failed',
      'initialized',
      'unavailable',
    ]);
  });
});
