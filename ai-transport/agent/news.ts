/** What an event of the channel, or the server's record of it, means for a run that this process works on. */
import type { HistoryItem } from '@sockudo/protocol';
import type { Sockudo } from 'sockudo';
import { isTerminal, lifecycleOf, type RunInput, type RunRecord, type WireHeaders } from '../wire/index.ts';
import { AgentError } from './errors.ts';
import type { Run } from './run.ts';
import type { Steer } from './steers.ts';

/** Events that a run has to hear of. */
export const HEARD_EVENTS = ['ai-cancel', 'ai-input'] as const;

/** Takes a frame's JSON text to the runs that it concerns. What cannot be read concerns none. */
export function tell(text: string, runs: Iterable<Run>): void {
  const frame = objectIn(text);
  const transport = transportOf(frame);
  const lifecycle = lifecycleOf(String(frame.event), transport);
  if (lifecycle === null) return;
  const runId = lifecycle.runId ?? (lifecycle.kind === 'cancel' ? objectIn(frame.data).runId : undefined);
  for (const run of runs) {
    if (run.runId !== runId) continue;
    if (lifecycle.kind === 'cancel') run.cancel();
    if (lifecycle.kind !== 'input') continue;
    const steer = steerOf(lifecycle, frame.data, Number(frame.serial));
    if (steer !== null) run.addSteer(steer);
  }
}

/** Brings a run up to what the server knows. Steers that were not heard are read from the channel. */
export async function catchUp(run: Run, record: RunRecord, sockudo: Pick<Sockudo, 'get'>): Promise<void> {
  if (record.cancelRequested || record.status === 'cancelled') run.cancel();
  if (isTerminal(record.status)) run.lose(new AgentError('fenced', `The run is ${record.status}`));
  for (const input of record.followUps) await addFollowUp(run, input, sockudo);
}

async function addFollowUp(run: Run, input: RunInput, sockudo: Pick<Sockudo, 'get'>): Promise<void> {
  const { codecMessageId, eventId, clientId, messageSerial, serial } = input;
  const id = codecMessageId ?? eventId;
  if (id === undefined || messageSerial === undefined || run.knowsSteer(id)) return;
  const path = `/channels/${encodeURIComponent(run.channel)}/messages/${encodeURIComponent(messageSerial)}`;
  const { item } = objectIn(await (await sockudo.get({ path })).text());
  run.addSteer({ codecMessageId: id, data: objectIn(item).data, clientId, serial });
}

function steerOf(
  { codecMessageId, eventId, inputClientId }: NonNullable<ReturnType<typeof lifecycleOf>>,
  data: unknown,
  serial: number,
): Steer | null {
  const id = codecMessageId ?? eventId;
  return id === undefined ? null : { codecMessageId: id, data, clientId: inputClientId, serial };
}

/** The publisher's name of an event in a history. Its data may be an object, where a browser published one. */
export const eventNameOf = (message: HistoryItem['message']): string =>
  'message_serial' in message ? (message.name ?? '') : message.event;

export function transportOf({ extras }: Readonly<Record<string, unknown>>): WireHeaders | undefined {
  const { transport } = objectIn(objectIn(extras).ai);
  // CAST: the server lets nothing but strings through.
  return transport as WireHeaders | undefined;
}

/** The object, or that in a JSON text; empty where there is none. */
export function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  let found = value;
  if (typeof value === 'string') {
    try {
      found = JSON.parse(value);
    } catch {
      return {};
    }
  }
  // CAST: any object may be read member by member.
  return typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
}
