import { describe, expect, it } from 'vitest';
import { TextCache } from './text-cache.ts';

describe('the texts of growing messages', () => {
  const at = (serial: number, text = `"${serial}"`, baseSerial = 1) => ({ baseSerial, serial, text });

  it('are found for versions that lie ahead on the same base', () => {
    const texts = new TextCache();
    texts.set(1, 5, at(7));
    expect(texts.find(1, 5, at(7))).toEqual(at(7));
    expect(texts.find(1, 5, at(9))).toEqual(at(7));
    expect(texts.find(1, 5, at(6))).toBeNull();
    expect(texts.find(1, 5, at(9, '""', 8))).toBeNull();
    expect(texts.find(1, 6, at(9))).toBeNull();
    expect(texts.find(2, 5, at(9))).toBeNull();
    texts.set(1, 5, at(3));
    expect(texts.find(1, 5, at(9))).toEqual(at(3));
  });

  it('are forgotten when a transaction is rolled back: some may be of versions that are no more', () => {
    const texts = new TextCache();
    texts.set(1, 5, at(7));
    texts.rolledBack();
    expect(texts.find(1, 5, at(7))).toBeNull();
  });

  it('are bounded together and each', () => {
    const texts = new TextCache();
    const large = `"${'x'.repeat(1024 * 1024)}"`;
    for (let message = 0; message < 20; message += 1) texts.set(1, message, at(30, large));
    const kept = Array.from({ length: 20 }, (_, message) => texts.find(1, message, at(30)) !== null);
    expect(kept.filter((isKept) => isKept).length).toBe(15);
    expect(kept[0]).toBe(false);
    texts.set(1, 19, at(31, large + large));
    expect(texts.find(1, 19, at(31))).toBeNull();
  });
});
