// The contract suite of the Occupancy port; every driver passes it.
import { describe, expect, it } from 'vitest';
import type { Occupancy } from './occupancy.ts';

/** @param open gives an Occupancy without channels; the suite closes it. */
export function occupancyContract(name: string, open: () => Promise<Occupancy>): void {
  async function withOccupancy(test: (occupancy: Occupancy) => Promise<void>): Promise<void> {
    const occupancy = await open();
    try {
      await test(occupancy);
    } finally {
      await occupancy.close();
    }
  }

  describe(`occupancy: ${name}`, () => {
    it('counts up and down, and answers the new count', async () => {
      await withOccupancy(async (occupancy) => {
        const counts = [];
        for (const by of [1, 1, -1, 1, -1, -1] as const) {
          counts.push(await occupancy.change('app', 'room', by));
        }
        expect(counts).toEqual([1, 2, 1, 2, 1, 0]);
        expect(await occupancy.count('app', 'room')).toBe(0);
      });
    });

    it('never falls below 0', async () => {
      await withOccupancy(async (occupancy) => {
        expect(await occupancy.change('app', 'room', -1)).toBe(0);
        expect(await occupancy.change('app', 'room', 1)).toBe(1);
      });
    });

    it('counts changes of one turn in full', async () => {
      await withOccupancy(async (occupancy) => {
        const counts = await Promise.all(
          Array.from({ length: 50 }, () => occupancy.change('app', 'room', 1)),
        );
        expect([...counts].sort((one, other) => one - other)).toEqual(counts.map((_, index) => index + 1));
      });
    });

    it('lists occupied channels of an app by prefix', async () => {
      await withOccupancy(async (occupancy) => {
        for (const channel of ['presence-a', 'presence-b', 'private-a', '__proto__', 'gone']) {
          await occupancy.change('app', channel, 1);
        }
        await occupancy.change('app', 'presence-b', 1);
        await occupancy.change('app', 'gone', -1);
        await occupancy.change('other', 'presence-c', 1);
        expect(await occupancy.list('app', 'presence-')).toEqual(
          new Map([
            ['presence-a', 1],
            ['presence-b', 2],
          ]),
        );
        const all = await occupancy.list('app', '');
        expect([...all.keys()].sort()).toEqual(['__proto__', 'presence-a', 'presence-b', 'private-a']);
        expect(await occupancy.list('unknown', '')).toEqual(new Map());
      });
    });
  });
}
