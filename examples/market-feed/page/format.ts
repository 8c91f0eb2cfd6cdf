// Numbers and dates as the page writes them.
import type { Instrument } from '../shared/market.ts';

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const plain = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const quantity = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });
const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

export const money = (value: number): string => dollars.format(value);
export const count = (value: number): string => quantity.format(value);
export const date = (iso: string): string => day.format(new Date(iso));

export function amount(value: number, unit: Instrument['unit']): string {
  switch (unit) {
    case 'usd':
      return dollars.format(value);
    case 'percent':
      return `${value.toFixed(1)} %`;
    case 'number':
      return plain.format(value);
  }
}
