// The machine's own state, measured once a second. Nothing recorded, nothing made up.
import { cpus, freemem, loadavg, totalmem } from 'node:os';
import type { Reading, Source } from './source.ts';

const PERIOD_MS = 1000;

/** Milliseconds that all cores together have spent since start. */
function cpuTimes(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  return { busy, all };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

export const machine: Source = {
  instruments: [
    {
      symbol: 'CPU',
      name: 'Processor',
      unit: 'percent',
      kind: 'live',
      about: 'Busy share of all cores',
    },
    { symbol: 'MEM', name: 'Memory', unit: 'percent', kind: 'live', about: 'Memory that is not free' },
    { symbol: 'LOAD', name: 'Load', unit: 'number', kind: 'live', about: 'Average of the last minute' },
  ],
  start(onReadings) {
    let before = cpuTimes();
    const timer = setInterval(() => {
      const now = cpuTimes();
      const [busy, all] = [now.busy - before.busy, now.all - before.all];
      before = now;
      const at = new Date();
      const readings: Reading[] = [
        { symbol: 'MEM', value: rounded((1 - freemem() / totalmem()) * 100), at },
        { symbol: 'LOAD', value: rounded(loadavg()[0] ?? 0), at },
      ];
      // Two looks within one tick of the kernel's clock say nothing.
      if (all > 0) readings.unshift({ symbol: 'CPU', value: rounded((busy / all) * 100), at });
      onReadings(readings);
    }, PERIOD_MS);
    return () => clearInterval(timer);
  },
};
