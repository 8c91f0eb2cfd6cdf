// When anything was last heard of a run that no worker has a lease on: its agent publishes outputs, and those touch no record.
import { header, lifecycleOf, type RunRecord, type WireHeaders } from '@sockudo/ai-transport/wire';
import { parseExtras, tryParseJson } from '@sockudo/protocol';
import type { ChannelKey, DurableLog, HistoryRow } from '@sockudo/server/ports';

/** Newest messages of the channel that are looked at. */
const ROWS = 100;

/** An agent that is silent between two of its streams may be at work with something slow. */
const SLOW_WORK_MS = 10 * 60 * 1000;

/** Until when a run may be silent before it is given up: `orphanTtlMs` in the middle of a stream, else ten minutes at least. */
export async function silentUntilMs(
  log: DurableLog,
  key: ChannelKey,
  { runId, updatedAtMs }: RunRecord,
  orphanTtlMs: number,
): Promise<number> {
  const page = await log.rows(key, { direction: 'newest-first', limit: ROWS });
  let [lastMs, isCutOff] = [updatedAtMs, false];
  for (const row of page.kind === 'gap' ? [] : page.rows) {
    const transport = transportOf(row);
    if (lifecycleOf(row.entry.event, transport)?.runId !== runId) continue;
    const heardMs = row.latest?.versionAtMs ?? row.entry.publishedAtMs;
    // The sweep of open streams may have closed it already, which is nothing that the agent said.
    if (header(transport, 'error-code') === 'orphan_timeout') isCutOff = true;
    else lastMs = Math.max(lastMs, heardMs);
    if (header(transport, 'status') === 'streaming') isCutOff = true;
  }
  return lastMs + (isCutOff ? orphanTtlMs : Math.max(orphanTtlMs, SLOW_WORK_MS));
}

function transportOf({ entry, latest }: HistoryRow): WireHeaders | undefined {
  const text = latest === null ? entry.extras : latest.extras;
  return text === undefined ? undefined : parseExtras(tryParseJson(text))?.ai?.transport;
}
