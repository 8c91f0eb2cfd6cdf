// One instrument: its latest value, its change and its chart.

import { create } from '@sockudo/example-kit/page';
import type { Instrument, Quote } from '../shared/market.ts';
import { Chart } from './chart.ts';
import { amount, date } from './format.ts';

/** Quotes in the chart. */
const SHOWN = 90;

export class InstrumentCard {
  readonly element: HTMLLIElement;
  readonly #instrument: Instrument;
  readonly #value = create('p', 'value', '—');
  readonly #change = create('p', 'change');
  readonly #chart = new Chart();
  #quotes: Quote[] = [];

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
    this.element = create('li', `panel card ${instrument.kind}`);
    this.element.dataset.symbol = instrument.symbol;
    const head = create('div', 'card-head');
    head.append(
      create('h3', '', `${instrument.symbol} · ${instrument.name}`),
      create('span', 'kind', instrument.kind),
    );
    this.element.append(
      head,
      this.#value,
      this.#change,
      this.#chart.element,
      create('p', 'about', instrument.about),
    );
  }

  /** Takes over quotes that are newer than what is shown; those seen before are dropped. */
  add(quotes: readonly Quote[]): void {
    const lastSequence = this.#quotes.at(-1)?.sequence ?? 0;
    for (const quote of quotes) {
      if (quote.sequence <= lastSequence) continue;
      // The replay began again: the line must not jump over the years.
      if (quote.at < (this.#quotes.at(-1)?.at ?? '')) this.#quotes = [];
      this.#quotes.push(quote);
    }
    this.#quotes = this.#quotes.slice(-SHOWN);
    this.#show();
  }

  #show(): void {
    const { unit, kind, symbol } = this.#instrument;
    const last = this.#quotes.at(-1);
    const before = this.#quotes.at(-2);
    if (last === undefined) return;
    this.#value.textContent = amount(last.value, unit);
    const when = kind === 'replay' ? date(last.at) : 'now';
    const change = before === undefined ? 0 : last.value - before.value;
    const direction = change > 0 ? 'up' : change < 0 ? 'down' : 'same';
    this.element.dataset.direction = direction;
    const sign = { up: '▲', down: '▼', same: '–' }[direction];
    this.#change.replaceChildren(create('b', '', `${sign} ${amount(Math.abs(change), unit)}`), ` · ${when}`);
    const values = this.#quotes.map(({ value }) => value);
    const span = `from ${amount(Math.min(...values), unit)} to ${amount(Math.max(...values), unit)}`;
    this.#chart.draw(values, `${symbol}: the latest ${values.length} values, ${span}`, axis(unit, values));
  }
}

/** A share is seen against the whole, an amount against nothing; prices only against each other. */
function axis(unit: Instrument['unit'], values: readonly number[]): readonly [number, number] | undefined {
  switch (unit) {
    case 'percent':
      return [0, 100];
    case 'number':
      return [0, Math.max(...values)];
    case 'usd':
      return undefined;
  }
}
