/**
 * What can be asked for with a subscription (protocol 2), and how that looks in the subscribe frame.
 * Must not know: channels, connections. Pure.
 * Source: Sockudo protocol 2, "Filters", "Rewind on subscribe"; an explicit null is an error there, so nulls are left out.
 */
import type { FilterNode } from './filter.ts';

/** Server-side selection of messages; all given parts must accept. */
export interface CompoundFilter {
  /** Event names, compared before any prefix rewriting. */
  readonly events?: readonly string[];
  readonly tags?: FilterNode;
  /** JMESPath over the published message. */
  readonly expression?: string | { readonly language: 'jmespath'; readonly source: string };
}

export interface SubscriptionOptions {
  /** A compound filter or a bare tag filter; wins over `tagsFilter`. */
  readonly filter?: CompoundFilter | FilterNode;
  /** A bare tag filter. */
  readonly tagsFilter?: FilterNode;
  /** Messages as deltas, or not, whatever the connection asks for (`deltaCompression`): a yes or no, an algorithm, or both. */
  readonly delta?: DeltaChoice;
  /** The last N messages, or those of the last seconds, are delivered before live ones. */
  readonly rewind?: number | { readonly count: number } | { readonly seconds: number };
  /** `ANNOTATION_SUBSCRIBE` asks for raw annotations. */
  readonly modes?: readonly string[];
}

export type DeltaChoice = boolean | string | { readonly enabled?: boolean; readonly algorithm?: string };

/** True for a bare tag filter, the second argument of `subscribe` in early versions. */
export const isFilterNode = (options: SubscriptionOptions | FilterNode): options is FilterNode =>
  'cmp' in options || 'op' in options;

/**
 * Members of the subscribe frame besides channel and auth. Absent options are absent members.
 * @param withRewind false when a resume will bring the missed messages: a rewind would bring them in another order
 */
export function subscriptionFields(
  options: SubscriptionOptions,
  withRewind: boolean,
): Record<string, unknown> {
  const { filter, tagsFilter, delta, rewind, modes } = options;
  return {
    ...(filter != null && { filter: withoutNulls(filter) }),
    ...(filter == null && tagsFilter != null && { tags_filter: tagsFilter }),
    ...(delta != null && { delta }),
    ...(withRewind && rewind != null && { rewind }),
    ...(modes != null && { modes }),
  };
}

const withoutNulls = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item != null));
