import { describe, expect, it } from 'vitest';
import { JobLooks } from './job-looks.ts';

describe('looks at a queue that others write to', () => {
  it('come at once, then after a pause, however often nothing is found', () => {
    const looks = new JobLooks(500);
    expect(looks.next('q')).toBe(0);
    looks.begin('q', 1000)(false);
    expect(looks.next('q')).toBe(1500);
    looks.begin('q', 1500)(false);
    expect(looks.next('q')).toBe(2000);
    expect(looks.next('other')).toBe(0);
  });

  it('go on as long as there is more', () => {
    const looks = new JobLooks(500);
    looks.begin('q', 1000)(true);
    expect(looks.next('q')).toBe(1000);
  });

  it('come earlier for what this node has added', () => {
    const looks = new JobLooks(500);
    looks.begin('q', 1000)(false);
    looks.added('q', 1200);
    looks.added('q', 1300);
    expect(looks.next('q')).toBe(1200);
    // By the clock of the database it may not be due yet.
    looks.begin('q', 1200)(false);
    expect(looks.next('q')).toBe(1200);
    looks.begin('q', 1202)(false);
    expect(looks.next('q')).toBe(1702);
  });

  it('are repeated when something was added meanwhile', () => {
    const looks = new JobLooks(500);
    const end = looks.begin('q', 1000);
    looks.added('q', 900);
    end(false);
    expect(looks.next('q')).toBeLessThanOrEqual(1000);
    looks.begin('q', 1001)(false);
    expect(looks.next('q')).toBe(1501);
  });
});
