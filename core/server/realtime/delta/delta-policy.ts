// What the server and the app allow on one channel: whether messages travel as deltas there, made how, grouped by what.
// Knows no connections and no messages.
import { channelKind, type DeltaAlgorithm, matchesPattern } from '@sockudo/protocol';
import type { App, ChannelDeltaRule } from '../../apps/app.ts';
import type { Settings } from '../../settings.ts';

export type DeltaSettings = Settings['delta'];

export interface DeltaPolicy {
  /** Used where the subscriber asked for none. */
  readonly algorithm: DeltaAlgorithm;
  /** Where the conflation key stands in a frame; null: messages are told apart by their event alone. */
  readonly conflationPath: readonly string[] | null;
  /** Most series of one channel on one connection. */
  readonly maxSeries: number;
}

/** Null: every message of this channel goes out whole. */
export function deltaPolicyOf(app: App, settings: DeltaSettings, channel: string): DeltaPolicy | null {
  if (!settings.enabled || !canHaveDeltas(channel)) return null;
  const rule = ruleFor(app.deltaRules, channel);
  if (rule !== null && !rule.enabled) return null;
  return {
    algorithm: rule?.algorithm ?? settings.algorithm,
    conflationPath: rule?.conflationPath ?? settings.conflationPath,
    maxSeries: rule?.maxSeries ?? settings.maxSeriesPerChannel,
  };
}

/** Encrypted payloads have nothing in common with each other; meta channels carry the platform's own events. */
export function canHaveDeltas(channel: string): boolean {
  const { kind } = channelKind(channel);
  return kind !== 'encrypted' && kind !== 'meta';
}

/** The rule of exactly this name, else the first whose pattern matches. */
function ruleFor(rules: readonly ChannelDeltaRule[], channel: string): ChannelDeltaRule | null {
  if (rules.length === 0) return null;
  return (
    rules.find(({ pattern }) => pattern === channel) ??
    rules.find(({ pattern }) => matchesPattern(pattern, channel)) ??
    null
  );
}
