// Reads vitest's JSON report. What did not run counts as failed: a test that is skipped, a file that could not be loaded.
import { z } from 'zod';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/** Throws where the report has another form, or no file at all. */
export function sumOfReport(value: unknown): Tally {
  const { testResults } = report.parse(value);
  if (testResults.length === 0) throw new Error('the report names no test file');
  let [passed, failed] = [0, 0];
  for (const { status, assertionResults } of testResults) {
    const passedHere = assertionResults.filter((result) => result.status === 'passed').length;
    const failedHere = assertionResults.length - passedHere;
    passed += passedHere;
    failed += failedHere === 0 && status !== 'passed' ? 1 : failedHere;
  }
  return { passed, failed };
}
