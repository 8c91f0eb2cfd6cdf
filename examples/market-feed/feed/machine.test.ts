import { describe, expect, it } from 'vitest';
import { machine } from './machine.ts';
import type { Reading } from './source.ts';

describe('machine', () => {
  it('measures shares between 0 and 100 and a load that is not negative', async () => {
    const readings = await new Promise<readonly Reading[]>((resolve) => {
      const stop = machine.start((measured) => {
        stop();
        resolve(measured);
      });
    });
    const value = (symbol: string) => readings.find((reading) => reading.symbol === symbol)?.value;
    for (const symbol of ['CPU', 'MEM']) {
      expect(value(symbol)).toBeGreaterThanOrEqual(0);
      expect(value(symbol)).toBeLessThanOrEqual(100);
    }
    expect(value('LOAD')).toBeGreaterThanOrEqual(0);
  });
});
