import { describe, expect, it } from 'vitest';
import { publishAccounts, valued } from './accounts.ts';

const user = { id: 'eve', name: 'Eve', password: '', holdings: { AAPL: 10, BTC: 0.5 } };

describe('valued', () => {
  it('multiplies what is held by the latest prices', () => {
    const prices = new Map([
      ['AAPL', 100],
      ['BTC', 600],
      ['CPU', 50],
    ]);
    expect(valued(user, prices)).toEqual({
      total: 1300,
      holdings: [
        { symbol: 'AAPL', quantity: 10, value: 1000 },
        { symbol: 'BTC', quantity: 0.5, value: 300 },
      ],
    });
  });

  it('leaves out what has no price yet', () => {
    expect(valued(user, new Map())).toEqual({ total: 0, holdings: [] });
  });
});

describe('publishAccounts', () => {
  it('publishes to the users who listen, and to nobody else', async () => {
    const published: { channel: string; name: string; data: unknown }[] = [];
    let asked: unknown;
    await publishAccounts({
      sockudo: {
        channels: async (query) => {
          asked = query;
          return { channels: { 'private-account-ben': {}, 'private-account-nobody': {} } };
        },
      },
      prices: () => new Map([['AAPL', 2]]),
      queue: { add: (event) => published.push(event) },
    });
    expect(asked).toEqual({ filter_by_prefix: 'private-account-' });
    expect(published).toEqual([
      {
        channel: 'private-account-ben',
        name: 'valued',
        data: { total: 30, holdings: [{ symbol: 'AAPL', quantity: 15, value: 30 }] },
      },
    ]);
  });
});
