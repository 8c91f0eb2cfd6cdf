/**
 * Tag filters as plain objects, and short functions to write them. Pure; usable without the client (`@sockudo/client/filter`).
 * Source: Sockudo protocol 2, "Filters" (`tags_filter`). Comparing numbers, both sides are read as numbers by the server.
 */

/** One comparison of a tag. */
export interface FilterLeaf {
  readonly key: string;
  readonly cmp: 'eq' | 'neq' | 'in' | 'nin' | 'ex' | 'nex' | 'sw' | 'ew' | 'ct' | 'gt' | 'gte' | 'lt' | 'lte';
  readonly val?: string;
  readonly vals?: readonly string[];
}

/** A combination; `not` takes exactly one node. */
export interface FilterBranch {
  readonly op: 'and' | 'or' | 'not';
  readonly nodes: readonly FilterNode[];
}

export type FilterNode = FilterLeaf | FilterBranch;

type Comparison = (key: string, val: string | number) => FilterNode;

const compare =
  (cmp: FilterLeaf['cmp']): Comparison =>
  (key, val) => ({ key, cmp, val: String(val) });

/** Builders of filter nodes: `Filter.and(Filter.eq('region', 'eu'), Filter.gte('price', 100))`. */
export const Filter = {
  eq: compare('eq'),
  /** Also true when the tag is missing. */
  neq: compare('neq'),
  /** Starts with. */
  sw: compare('sw'),
  /** Ends with. */
  ew: compare('ew'),
  /** Contains. */
  ct: compare('ct'),
  gt: compare('gt'),
  gte: compare('gte'),
  lt: compare('lt'),
  lte: compare('lte'),
  in: (key: string, vals: readonly string[]): FilterNode => ({ key, cmp: 'in', vals }),
  /** Also true when the tag is missing. */
  nin: (key: string, vals: readonly string[]): FilterNode => ({ key, cmp: 'nin', vals }),
  /** The tag is there. */
  ex: (key: string): FilterNode => ({ key, cmp: 'ex' }),
  /** The tag is not there. */
  nex: (key: string): FilterNode => ({ key, cmp: 'nex' }),
  and: (...nodes: FilterNode[]): FilterNode => ({ op: 'and', nodes }),
  or: (...nodes: FilterNode[]): FilterNode => ({ op: 'or', nodes }),
  not: (node: FilterNode): FilterNode => ({ op: 'not', nodes: [node] }),
} as const;
