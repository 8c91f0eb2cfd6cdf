// A line of values as SVG that stretches with its box.

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 100;
/** Room above and below, so that the line is not cut. */
const MARGIN = 6;
const MIN_CAPACITY = 20;

export class Chart {
  readonly element = document.createElementNS(SVG, 'svg');
  readonly #area = document.createElementNS(SVG, 'path');
  readonly #line = document.createElementNS(SVG, 'path');

  constructor() {
    this.element.setAttribute('class', 'chart');
    this.element.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.setAttribute('role', 'img');
    this.#area.setAttribute('class', 'area');
    this.#line.setAttribute('class', 'line');
    this.element.append(this.#area, this.#line);
  }

  /** @param range lowest and highest value of the vertical axis; absent: those of the values */
  draw(values: readonly number[], label: string, range?: readonly [low: number, high: number]): void {
    this.element.setAttribute('aria-label', label);
    const [low, high] = range ?? [Math.min(...values), Math.max(...values)];
    const span = high - low || 1;
    // A few values do not fill the width: they stand at the right, where the newest is.
    const capacity = Math.max(values.length, MIN_CAPACITY);
    const x = (index: number): number => WIDTH - ((values.length - 1 - index) * WIDTH) / (capacity - 1);
    const y = (value: number): number => HEIGHT - MARGIN - ((value - low) / span) * (HEIGHT - 2 * MARGIN);
    const points = values.map((value, index) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`);
    const line = points.length === 0 ? '' : `M${points.join('L')}`;
    this.#line.setAttribute('d', line);
    this.#area.setAttribute('d', line === '' ? '' : `${line}V${HEIGHT}H${x(0).toFixed(1)}Z`);
  }
}
