// The bodies of the routes that change runs: shape (422), then meaning (400).
import { RUN_LEASE_MS } from '@sockudo/ai-transport/wire';
import { httpError, invalidShape } from '@sockudo/protocol';
import { z } from 'zod';

const leaseMs = z.int().min(1_000).max(60_000);
const workerId = z
  .string()
  .min(1)
  .refine((id) => Buffer.byteLength(id) <= 128, 'must be at most 128 bytes');
/** Longer ones are the beginning of no channel's name, and many requests may wait with theirs. */
const channelPrefix = z
  .string()
  .min(1)
  .refine((prefix) => Buffer.byteLength(prefix) <= 1024, 'must be at most 1024 bytes');
/** An id of 2048 bytes and what a fence adds to it; its form is looked at where it is used. */
const fence = z.string().min(1).max(2064);

export const claimBody = z.object({
  channel_prefix: channelPrefix,
  worker_id: workerId,
  limit: z.int().min(1).max(16).default(1),
  lease_ms: leaseMs.default(RUN_LEASE_MS),
  wait_ms: z.int().min(0).max(20_000).default(0),
  per_channel: z.int().min(1).max(100).default(1),
});

export const claimOneBody = z.object({ worker_id: workerId, lease_ms: leaseMs.default(RUN_LEASE_MS) });

export const heartbeatBody = z.object({ fence, lease_ms: leaseMs.default(RUN_LEASE_MS) });

export const releaseBody = z.object({
  fence,
  outcome: z.enum(['retry', 'dead']),
  error_code: z.string().min(1).optional(),
  error_message: z.string().optional(),
  retry_after_ms: z.int().min(0).max(3_600_000).default(0),
});

export const moveBody = z.object({ before: z.string().min(1).nullable() });

/** @throws ProtocolError 422 for a member that is missing or of another type, 400 for a value that is out of bounds */
export function checkedBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  const [issue] = error.issues;
  const name = issue?.path.join('.') ?? '';
  const text = name === '' ? 'The body must be an object' : `'${name}': ${issue?.message ?? 'is invalid'}`;
  throw issue?.code === 'invalid_type' ? invalidShape(text) : httpError('invalid_input', text);
}
