// How many messages come, as a number at the top.
import { html } from '@sockudo/example-kit/page';

const RATE_PERIOD_MS = 1000;
const RATE_PERIODS = 5;

/** Messages a second, averaged over the last few. */
export function showRate(received: () => number): void {
  const counts = [received()];
  setInterval(() => {
    counts.push(received());
    if (counts.length > RATE_PERIODS + 1) counts.shift();
    const [oldest = 0, newest = 0] = [counts.at(0), counts.at(-1)];
    html('rate').textContent = `${((newest - oldest) / (counts.length - 1)).toFixed(1)} messages/s`;
  }, RATE_PERIOD_MS);
}
