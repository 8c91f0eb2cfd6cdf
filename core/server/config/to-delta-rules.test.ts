import { describe, expect, it } from 'vitest';
import { APP, load, withApps } from './load-fixture.ts';

const rulesOf = (rules: unknown) =>
  load(withApps({ ...APP, channel_delta_compression: rules })).settings.apps[0]?.deltaRules;
const INHERIT = { enabled: true, algorithm: null, conflationPath: null, maxSeries: null };

describe('channel_delta_compression', () => {
  it('is a list of rules in its own order, whichever way each is written', () => {
    const rules = {
      'a-*': 'inherit',
      b: 'disabled',
      c: 'fossil',
      d: 'xdelta3',
      e: {},
      f: { enabled: false },
      g: { algorithm: 'Xdelta3', conflation_key: 'data.symbol', max_conflation_keys: 5 },
    };
    expect(rulesOf(rules)).toEqual([
      { ...INHERIT, pattern: 'a-*' },
      { ...INHERIT, pattern: 'b', enabled: false },
      { ...INHERIT, pattern: 'c', algorithm: 'fossil' },
      { ...INHERIT, pattern: 'd', algorithm: 'xdelta3' },
      { ...INHERIT, pattern: 'e' },
      { ...INHERIT, pattern: 'f', enabled: false },
      { ...INHERIT, pattern: 'g', algorithm: 'xdelta3', conflationPath: ['data', 'symbol'], maxSeries: 5 },
    ]);
  });

  it('is empty where nothing is said', () => {
    expect(load({}).settings.apps[0]?.deltaRules).toEqual([]);
  });
});

describe('delta_compression', () => {
  it('has the defaults of Sockudo', () => {
    expect(load({}).settings.delta).toEqual({
      enabled: true,
      algorithm: 'fossil',
      fullMessageInterval: 10,
      minMessageBytes: 100,
      maxStateAgeMs: 300_000,
      maxChannelsPerConnection: 100,
      maxSeriesPerChannel: 100,
      conflationPath: null,
      omitAlgorithm: false,
    });
  });

  it('is read whole', () => {
    const section = {
      enabled: false,
      algorithm: 'Xdelta3',
      full_message_interval: 5,
      min_message_size: 0,
      max_state_age_secs: 2,
      max_channel_states_per_socket: 3,
      max_conflation_states_per_channel: 4,
      conflation_key_path: 'symbol',
      omit_delta_algorithm: true,
    };
    expect(load({ delta_compression: section }).settings.delta).toEqual({
      enabled: false,
      algorithm: 'xdelta3',
      fullMessageInterval: 5,
      minMessageBytes: 0,
      maxStateAgeMs: 2000,
      maxChannelsPerConnection: 3,
      maxSeriesPerChannel: 4,
      conflationPath: ['symbol'],
      omitAlgorithm: true,
    });
  });
});
