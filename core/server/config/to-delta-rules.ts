// `channel_delta_compression` of an app as the server's modules see it: every way of writing it down becomes one shape.
import { DELTA_DEFAULT_ALGORITHM, type DeltaAlgorithm, parseDeltaAlgorithm } from '@sockudo/protocol';
import type { ChannelDeltaRule } from '../apps/app.ts';
import type { ChannelDeltaConfig } from './sections/apps.ts';

/** Every name that the schema lets through is known. */
export const algorithmOf = (name: string): DeltaAlgorithm =>
  parseDeltaAlgorithm(name) ?? DELTA_DEFAULT_ALGORITHM;

/** `data.symbol` as its parts; null for none. */
export const conflationPathOf = (path: string | undefined): readonly string[] | null =>
  path === undefined || path === '' ? null : path.split('.');

export const deltaRulesOf = (
  rules: Readonly<Record<string, ChannelDeltaConfig>>,
): readonly ChannelDeltaRule[] => Object.entries(rules).map(([pattern, config]) => ruleOf(pattern, config));

function ruleOf(pattern: string, config: ChannelDeltaConfig): ChannelDeltaRule {
  const inherited = { pattern, enabled: true, algorithm: null, conflationPath: null, maxSeries: null };
  if (config === 'inherit') return inherited;
  if (config === 'disabled') return { ...inherited, enabled: false };
  if (typeof config === 'string') return { ...inherited, algorithm: algorithmOf(config) };
  return {
    pattern,
    enabled: config.enabled ?? true,
    algorithm: config.algorithm === undefined ? null : algorithmOf(config.algorithm),
    conflationPath: conflationPathOf(config.conflation_key),
    maxSeries: config.max_conflation_keys ?? null,
  };
}
