/** A session as JSON, to be shown at once when the page loads again, or rendered on a server. Must not know: connections. */
// The small zod: see run-record.ts.
import * as z from 'zod/mini';
import { runFromJson, runToJson } from '../../wire/index.ts';
import type { Serial } from '../log/serials.ts';
import type { KnownRun } from '../tree/tree.ts';
import type { StoredContent } from './content.ts';
import { SessionError } from './errors.ts';

const texts = z.record(z.string(), z.string());
const serial = z.union([z.number(), z.string().check(z.regex(/^\d+$/))]);

const snapshotForm = z.object({
  version: z.literal(1),
  channel: z.string(),
  streamId: z.nullable(z.string()),
  oldest: z.nullable(serial),
  hasOlder: z.boolean(),
  messages: z.array(
    z.object({
      key: z.string(),
      version: z.string(),
      place: z.nullable(serial),
      messageId: z.optional(z.string()),
      event: z.string(),
      text: z.optional(z.string()),
      transport: texts,
      codec: texts,
      atMs: z.optional(z.number()),
      isDeleted: z.boolean(),
    }),
  ),
  runs: z.array(z.unknown()),
});

/** JSON. What it holds is for `createSession` alone. */
export type SessionSnapshot = z.infer<typeof snapshotForm>;

export function snapshotOf(channel: string, { messages, runs, ...content }: StoredContent): SessionSnapshot {
  return {
    version: 1,
    channel,
    ...content,
    messages: messages.map(({ arrival: _, ...message }) => message),
    runs: runs.map((run) => ({ ...runToJson(run), queued_at_ms: run.queuedAtMs })),
  };
}

/** @throws SessionError `invalid_snapshot` */
export function contentOf(channel: string, snapshot: unknown): StoredContent {
  const { success, data } = snapshotForm.safeParse(snapshot);
  if (!success) throw new SessionError('invalid_snapshot', 'This is no snapshot of a session');
  if (data.channel !== channel)
    throw new SessionError('invalid_snapshot', `The snapshot is of ${data.channel}, not of ${channel}`);
  const { streamId, oldest, hasOlder } = data;
  return {
    streamId,
    oldest: oldest as Serial | null,
    hasOlder,
    messages: data.messages.map((message, arrival) => ({ ...withoutUndefined(message), arrival })),
    runs: data.runs.flatMap((run) => runFromJson(run) ?? []) as KnownRun[],
  };
}

type Defined<Given> = { [Key in keyof Given]: Exclude<Given[Key], undefined> };

// CAST: exactly what the loop leaves.
const withoutUndefined = <Given extends object>(given: Given): Defined<Given> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<Given>;
