// The jobs of delivery as they lie in the queue: ids only, never recipients or payloads. Read back with a schema, since an
// earlier version may have written them.
import type { NewJob } from '@sockudo/server/ports';
import { z } from 'zod';
import { PROVIDER_NAMES, type ProviderName, type TargetRef } from '../contracts.ts';

export const PUBLISH_QUEUE = 'push.publish.v1';
export const SHARD_QUEUE = 'push.shards.v1';

export const deliveryQueue = (provider: ProviderName): string => `push.delivery.${provider.toLowerCase()}.v1`;

export const ALL_QUEUES: readonly string[] = [
  PUBLISH_QUEUE,
  SHARD_QUEUE,
  ...PROVIDER_NAMES.map(deliveryQueue),
];

/** Find one page of an audience and hand it to the senders. */
const planJob = z.object({
  appId: z.string(),
  publishId: z.string(),
  /** Where the page begins; null: at the first member. */
  cursor: z.string().nullable(),
  /** Members of the pages before. */
  planned: z.number(),
});
export type PlanJob = z.output<typeof planJob>;

/** Send to some targets. A device is told by its id, a recipient that the publish names by its place there. */
const batchJob = z.object({
  appId: z.string(),
  publishId: z.string(),
  provider: z.enum(PROVIDER_NAMES),
  targets: z.array(z.union([z.string(), z.number()])).max(500),
  /** From 1: which attempt at these targets this is. */
  attempt: z.number(),
  /** When the first attempt was made; null: this is it. */
  firstAttemptAtMs: z.number().nullable(),
  replayId: z.string().optional(),
});
export type BatchJob = z.output<typeof batchJob>;

/** Targets of one batch at most. */
export const MAX_BATCH_TARGETS = 500;

export function planJobOf(queue: string, job: PlanJob, delayMs = 0): NewJob {
  return { queue, payload: JSON.stringify(job), delayMs };
}

export function batchJobOf(job: BatchJob, delayMs = 0): NewJob {
  return { queue: deliveryQueue(job.provider), payload: JSON.stringify(job), delayMs };
}

/** Null: the payload is no such job. */
export const parsePlanJob = (payload: string): PlanJob | null => parse(planJob, payload);
export const parseBatchJob = (payload: string): BatchJob | null => parse(batchJob, payload);

export const compactRef = (ref: TargetRef): string | number =>
  ref.kind === 'device' ? ref.deviceId : ref.index;

export const refOf = (compact: string | number): TargetRef =>
  typeof compact === 'string' ? { kind: 'device', deviceId: compact } : { kind: 'recipient', index: compact };

function parse<Result>(schema: z.ZodType<Result>, payload: string): Result | null {
  try {
    return schema.parse(JSON.parse(payload));
  } catch {
    // Neither error says anything to an operator that the dead letter itself does not.
    return null;
  }
}
