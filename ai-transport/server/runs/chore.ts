// What is left to do when a run was taken from its worker or ended by the server: close the streams that its worker left open, and
// tell the channel. It is noted as a record of the channel, so that it is done also when this process dies in between: whoever finds
// the note does it. The event that tells the channel removes the note in the step that stores it; so it is told once.
import type { RecordChange, RecordContent, RecordOccasion } from '@sockudo/server/ports';
import { z } from 'zod';

export const CHORE_KIND = 'run-chore';

/** Who noted a chore does it at once. Others look after it from then on. */
export const CHORE_GRACE_MS = 5_000;

const chore = z.object({
  /** Claim that the run was taken from; 0: nobody's. */
  generation: z.number(),
  /** Streams created up to this serial are to be closed. */
  streams_to: z.number(),
  /** The end of the run was stored as something else, e.g. as a cancel, and is to be told. */
  owes_end: z.boolean(),
});

export interface Chore {
  readonly generation: number;
  readonly streamsTo: number;
  readonly owesEnd: boolean;
}

/** Null for what is no chore. */
export function parseChore(text: string): Chore | null {
  try {
    const { success, data } = chore.safeParse(JSON.parse(text));
    if (!success) return null;
    return { generation: data.generation, streamsTo: data.streams_to, owesEnd: data.owes_end };
  } catch {
    // Not written by this version of the server.
    return null;
  }
}

export function choreContent({ generation, streamsTo, owesEnd }: Chore, nowMs: number): RecordContent {
  const value = JSON.stringify({ generation, streams_to: streamsTo, owes_end: owesEnd });
  return { value, state: 'open', dueAtMs: nowMs + CHORE_GRACE_MS };
}

/** Notes what the change before it in the same step leaves to do; null: nothing. */
export function choreNoted(runId: string, left: () => Chore | null): RecordChange {
  const apply = (_: unknown, occasion: RecordOccasion | null): RecordContent | 'keep' => {
    const noted = left();
    return noted === null || occasion === null ? 'keep' : choreContent(noted, occasion.publishedAtMs);
  };
  return { kind: CHORE_KIND, id: runId, apply };
}
