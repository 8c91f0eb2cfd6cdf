/** Limits of what models may use, held against counters. Pure. Must not know: how it is counted. */

export interface BudgetLimit {
  /** Whose use is counted. A user is the run's owner; a run without one has no such limit. */
  readonly of: 'run' | 'session' | 'user';
  /** Of sessions and users, by UTC. Default `total`. */
  readonly per?: 'day' | 'month' | 'total' | undefined;
  /** `tokens`: input and output together. `cost`: in the currency of the prices. */
  readonly unit: 'tokens' | 'cost';
  /** From here on people are warned. */
  readonly soft?: number | undefined;
  /** From here on the model is not asked any more, and what it says is broken off. */
  readonly hard?: number | undefined;
}

/** For a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Default: as other input. */
  readonly cachedInput?: number | undefined;
}

/** What was used, in the server's words. */
export interface UsedTally {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_micros: number;
}

export interface Used {
  readonly run?: UsedTally | undefined;
  readonly session?: PeriodsUsed | undefined;
  readonly user?: PeriodsUsed | undefined;
}

type PeriodsUsed = Readonly<Record<'total' | 'month' | 'day', UsedTally>>;

export interface LimitState {
  readonly limit: BudgetLimit;
  readonly used: number;
}

/** @throws TypeError */
export function checkLimits(limits: readonly BudgetLimit[]): void {
  for (const { soft, hard, of, per } of limits) {
    const isPositive = (value: number | undefined): boolean =>
      value === undefined || (Number.isFinite(value) && value > 0);
    if (soft === undefined && hard === undefined) throw new TypeError('A limit needs soft, hard, or both');
    if (!isPositive(soft) || !isPositive(hard)) throw new TypeError('soft and hard are numbers above 0');
    if (soft !== undefined && hard !== undefined && soft > hard)
      throw new TypeError('soft must not be above hard');
    if (of === 'run' && per !== undefined && per !== 'total')
      throw new TypeError('A run has no days and months');
  }
}

/**
 * Where each limit stands.
 * @param extra used since the counters were read
 */
export function statesOf(
  limits: readonly BudgetLimit[],
  used: Used,
  extra: UsedTally,
): readonly LimitState[] {
  return limits.flatMap((limit) => {
    const tally = limit.of === 'run' ? used.run : used[limit.of]?.[limit.per ?? 'total'];
    if (tally === undefined) return [];
    return [{ limit, used: inUnit(tally, limit.unit) + inUnit(extra, limit.unit) }];
  });
}

export const isOver = ({ limit, used }: LimitState, bound: 'soft' | 'hard'): boolean => {
  const value = limit[bound];
  return value !== undefined && used >= value;
};

/** In millionths of the currency, whole. */
export function costMicros(
  { input, output, cachedInput = input }: ModelPrice,
  tokens: { readonly input: number; readonly cachedInput: number; readonly output: number },
): number {
  const cached = Math.min(tokens.cachedInput, tokens.input);
  return Math.ceil((tokens.input - cached) * input + cached * cachedInput + tokens.output * output);
}

function inUnit(tally: UsedTally, unit: BudgetLimit['unit']): number {
  return unit === 'tokens' ? tally.input_tokens + tally.output_tokens : tally.cost_micros / 1_000_000;
}
