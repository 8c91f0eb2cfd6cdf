import { describe, expect, it } from 'vitest';
import { deltaRulesOf } from '../../config/to-delta-rules.ts';
import { fakeApp } from '../../http/fake-deps.ts';
import { canHaveDeltas, deltaPolicyOf } from './delta-policy.ts';
import { deltaSettings } from './testing/delta-fixture.ts';

const app = fakeApp({
  deltaRules: deltaRulesOf({
    'market-*': 'xdelta3',
    'market-quiet': 'disabled',
    'market-plain': 'inherit',
    '*-last': { algorithm: 'Xdelta3', conflation_key: 'data.symbol', max_conflation_keys: 7 },
    off: { enabled: false },
    on: {},
  }),
});
const settings = deltaSettings({ conflationPath: ['id'] });
const policy = (channel: string) => deltaPolicyOf(app, settings, channel);
const SERVER = { algorithm: 'fossil', conflationPath: ['id'], maxSeries: 100 };

describe('what is allowed on a channel', () => {
  it.each([
    ['elsewhere', SERVER],
    ['on', SERVER],
    ['market-plain', SERVER],
    ['market-eur', { ...SERVER, algorithm: 'xdelta3' }],
    ['news-last', { algorithm: 'xdelta3', conflationPath: ['data', 'symbol'], maxSeries: 7 }],
    ['market-last', { ...SERVER, algorithm: 'xdelta3' }],
    ['market-quiet', null],
    ['off', null],
    ['private-encrypted-market', null],
    ['private-encrypted-cache-market', null],
    ['[meta]market', null],
  ])('%s', (channel, expected) => {
    expect(policy(channel)).toEqual(expected);
  });

  it('nothing where the server has deltas off', () => {
    expect(deltaPolicyOf(app, deltaSettings({ enabled: false }), 'on')).toBeNull();
  });

  it.each([
    ['room', true],
    ['private-room', true],
    ['presence-room', true],
    ['cache-room', true],
    ['room-*', true],
    ['#server-to-user-1', true],
    ['private-encrypted-room', false],
    ['[meta]room', false],
  ])('a subscription to %s can have deltas: %j', (name, expected) => {
    expect(canHaveDeltas(name)).toBe(expected);
  });
});
