import { describe, expect, it } from 'vitest';
import { sumOfReport } from './test-report.ts';

const file = (status: string, ...results: string[]) => ({
  name: 'x.test.ts',
  status,
  assertionResults: results.map((result) => ({ status: result })),
});

describe('sumOfReport', () => {
  it('adds up files', () => {
    const report = {
      testResults: [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')],
    };
    expect(sumOfReport(report)).toEqual({ passed: 3, failed: 1 });
  });

  it('counts what did not run as failed', () => {
    expect(sumOfReport({ testResults: [file('passed', 'passed', 'skipped', 'todo')] })).toEqual({
      passed: 1,
      failed: 2,
    });
    expect(sumOfReport({ testResults: [file('failed')] })).toEqual({ passed: 0, failed: 1 });
    expect(sumOfReport({ testResults: [file('failed', 'passed')] })).toEqual({ passed: 1, failed: 1 });
  });

  it('does not take an empty or foreign report for success', () => {
    expect(() => sumOfReport({ testResults: [] })).toThrow('no test file');
    expect(() => sumOfReport({})).toThrow();
  });
});
