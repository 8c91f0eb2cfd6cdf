/**
 * Budgets: what models use is counted by the server for run, session and user, and held against limits before each call and while it
 * speaks. Counters belong to the app, so that all workers share them. Must not know: any provider.
 */
import type { Run } from '../agent/run.ts';
import type { RunContext } from '../agent/work.ts';
import type { AppRoutes } from './app-routes.ts';
import {
  type BudgetLimit,
  checkLimits,
  costMicros,
  isOver,
  type LimitState,
  type ModelPrice,
  statesOf,
  type Used,
} from './budget-limits.ts';
import { ModelError } from './errors.ts';
import type { ModelEvent, ModelUsage } from './events.ts';
import type { RunToolsOptions } from './tool-loop.ts';

export interface BudgetOptions {
  /** The backend SDK of the app whose server counts. */
  readonly sockudo: AppRoutes;
  readonly limits: readonly BudgetLimit[];
  /** By the name that the provider gives its model; `*`: all others. A model without a price costs nothing. */
  readonly prices?: Readonly<Record<string, ModelPrice>> | undefined;
  /** A soft limit was reached: once for each limit and run. */
  readonly onSoft?: ((state: LimitState, run: Run) => void) | undefined;
  /** What was used could not be counted. Default: writes to the console. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What it needs of a run and of what a handler knows of it. */
type BudgetRun = Pick<Run, 'channel' | 'runId' | 'output'>;
type BudgetContext = { readonly record?: Pick<RunContext['record'], 'clientId' | 'input'> | undefined };

/** About as many characters a token has: what is used while a model speaks is known only when it ends. */
const CHARACTERS_PER_TOKEN = 4;
const REPORT_TRIES = 3;

export class Budget {
  readonly #options: BudgetOptions;

  /** @throws TypeError for limits that make no sense */
  constructor(options: BudgetOptions) {
    checkLimits(options.limits);
    this.#options = options;
  }

  /**
   * `ask` under the budget, for `runTools` and what stands on it (`around: budget.around`): counts each call of the model, refuses to make
   * one and breaks one off where a hard limit is reached, and says `data-budget` in the run where a soft one is. The run then ends
   * with the error `budget_exceeded`.
   */
  readonly around = (
    run: Run,
    context: BudgetContext,
    ask: RunToolsOptions['ask'],
  ): RunToolsOptions['ask'] => {
    const budgeted = this.of(run, context);
    return async (conversation, askContext) => {
      const used = await budgeted.admit();
      return budgeted.count(await ask(conversation, askContext), used);
    };
  };

  /** The same by hand, where something else asks the model. */
  of(run: Run, context: BudgetContext): BudgetedRun {
    return new BudgetedRun(run, context, this.#options, (state) => this.#options.onSoft?.(state, run));
  }
}

export class BudgetedRun {
  readonly #run: BudgetRun;
  readonly #clientId: string | undefined;
  readonly #options: BudgetOptions;
  readonly #onSoft: (state: LimitState) => void;
  readonly #warned = new Set<BudgetLimit>();

  constructor(
    run: BudgetRun,
    { record }: BudgetContext,
    options: BudgetOptions,
    onSoft: (state: LimitState) => void,
  ) {
    this.#run = run;
    this.#clientId = record?.clientId ?? record?.input?.clientId;
    this.#options = options;
    this.#onSoft = onSoft;
  }

  /** What was used so far. @throws ModelError `budget_exceeded`; SockudoRequestError: nobody knows */
  async admit(): Promise<Used> {
    const { sockudo, limits } = this.#options;
    const params = this.#subject;
    // CAST: the server's own answer; every member that is read is looked at as absent or a number.
    const used = (await (await sockudo.get({ path: '/usage', params })).json()) as Used;
    const states = statesOf(limits, used, NOTHING);
    for (const state of states) if (isOver(state, 'soft')) await this.#warn(state);
    requireRoom(states);
    return used;
  }

  /** Counts a call that has ended. `model`: its price's name. Never rejects. */
  async add(usage: ModelUsage, model = '*'): Promise<void> {
    const meter = new Meter(this.#options.prices ?? {});
    meter.add({ type: 'response', provider: '', model });
    meter.add({ type: 'usage', usage });
    if (meter.isUsed) await this.#report(meter);
  }

  /** The events of one call; what it used is reported when it ends, however it does. @throws ModelError `budget_exceeded` */
  async *count(source: AsyncIterable<ModelEvent>, before: Used): AsyncGenerator<ModelEvent, void, void> {
    const meter = new Meter(this.#options.prices ?? {});
    try {
      for await (const event of source) {
        if (meter.add(event)) requireRoom(statesOf(this.#options.limits, before, meter.tally));
        yield event;
      }
    } finally {
      if (meter.isUsed) await this.#report(meter);
    }
  }

  get #subject() {
    const { channel, runId } = this.#run;
    return { channel, run_id: runId, ...(this.#clientId !== undefined && { client_id: this.#clientId }) };
  }

  async #warn(state: LimitState): Promise<void> {
    const { limit, used } = state;
    if (this.#warned.has(limit)) return;
    this.#warned.add(limit);
    this.#onSoft(state);
    const { of, per = 'total', unit, soft, hard } = limit;
    await this.#run.output('data-budget', { of, per, unit, used, soft, hard });
  }

  async #report(meter: Meter): Promise<void> {
    const { sockudo, onError = complain } = this.#options;
    const body = { ...this.#subject, ...meter.tally, usage_id: crypto.randomUUID() };
    for (let tries = 1; ; tries += 1) {
      try {
        // The same id: it counts once.
        await sockudo.post({ path: '/usage', body });
        return;
      } catch (error) {
        if (tries < REPORT_TRIES) continue;
        // The answer is worth more than its bill.
        onError(error);
        return;
      }
    }
  }
}

/** What one call of a model has used so far: what the provider says, and until then what can be guessed. */
class Meter {
  readonly #prices: Readonly<Record<string, ModelPrice>>;
  /** Since the provider last said what was used. */
  #characters = 0;
  #usage: ModelUsage = {};
  #model = '*';

  constructor(prices: Readonly<Record<string, ModelPrice>>) {
    this.#prices = prices;
  }

  get isUsed(): boolean {
    const { input_tokens, output_tokens } = this.tally;
    return input_tokens + output_tokens > 0;
  }

  get tally() {
    const { inputTokens: input = 0, cachedInputTokens: cachedInput = 0 } = this.#usage;
    const { outputTokens = 0, reasoningTokens = 0 } = this.#usage;
    const output = outputTokens + Math.ceil(this.#characters / CHARACTERS_PER_TOKEN);
    const price = this.#prices[this.#model] ?? this.#prices['*'];
    return {
      input_tokens: input,
      output_tokens: output,
      cached_input_tokens: cachedInput,
      reasoning_tokens: reasoningTokens,
      cost_micros: price === undefined ? 0 : costMicros(price, { input, cachedInput, output }),
    };
  }

  /** True: it is more than before. */
  add(event: ModelEvent): boolean {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-input-delta':
        this.#characters += event.text.length;
        return true;
      case 'usage':
        this.#usage = { ...this.#usage, ...event.usage };
        if (event.usage.outputTokens !== undefined) this.#characters = 0;
        return true;
      case 'response':
        this.#model = event.model ?? this.#model;
        return false;
      default:
        return false;
    }
  }
}

const NOTHING = { input_tokens: 0, output_tokens: 0, cost_micros: 0 };

function requireRoom(states: readonly LimitState[]): void {
  const reached = states.find((state) => isOver(state, 'hard'));
  if (reached === undefined) return;
  const { of, per = 'total', unit } = reached.limit;
  const text = `The budget of the ${of} is used up (${unit}, ${per})`;
  throw new ModelError('budget_exceeded', text, { isRetryable: false });
}

const complain = (error: unknown): void => console.error('what a model used was not counted:', error);
