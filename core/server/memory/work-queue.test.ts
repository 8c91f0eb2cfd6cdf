import { CONTRACT_LIMITS, describeJobStore } from '../ports/job-store.contract.ts';
import { describeWorkQueue } from '../ports/work-queue.contract.ts';
import { createMemoryJobStore, createMemoryWorkQueue } from './work-queue.ts';

describeJobStore('memory', () =>
  createMemoryJobStore({
    maxJobs: CONTRACT_LIMITS.jobs,
    maxPayloadChars: CONTRACT_LIMITS.payload,
    maxDeadLetters: CONTRACT_LIMITS.deadLetters,
  }),
);

describeWorkQueue('memory', { open: () => createMemoryWorkQueue({ faultBackoffMs: 1 }) });
