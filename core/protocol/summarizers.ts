/**
 * How the annotations of one type on one message add up: five summarizers, each a pure step from state and event to the next
 * state, and from state to the summary that subscribers see. States are JSON texts that only this file reads.
 * Must not know: frames, logs, who annotates.
 * Sources: http sheet 8.3 with its worked examples.
 */
import type { Summarizer } from './annotation.ts';
import { compareUtf8 } from './text.ts';

/** What counts of an annotation event. A delete carries the name, client and count of its create. */
export interface SummarizedEvent {
  readonly action: 'annotation.create' | 'annotation.delete';
  readonly name?: string;
  readonly clientId?: string;
  /** `multiple` only, default 1. */
  readonly count?: number;
}

/**
 * The state after one more event, in the order of the log.
 * @param state as this function answered for the event before; null: none yet
 */
export function summarize(summarizer: Summarizer, state: string | null, event: SummarizedEvent): string {
  switch (summarizer) {
    case 'total':
      return JSON.stringify(nextTotal(readTotal(state), event));
    case 'flag':
      return JSON.stringify(nextClients(readClients(state), event));
    case 'distinct':
      return encodeNames(nextDistinct(readNames(state), event));
    case 'unique':
      return encodeNames(nextUnique(readNames(state), event));
    case 'multiple':
      return encodeCounts(nextMultiple(readCounts(state), event));
  }
}

/**
 * JSON text of a state's summary.
 * @param maxClients most client ids in one list; totals stay exact, and a list that was cut is marked `clipped`
 */
export function summaryOf(
  summarizer: Summarizer,
  state: string | null,
  maxClients = Number.POSITIVE_INFINITY,
): string {
  switch (summarizer) {
    case 'total':
      return `{"total":${readTotal(state)}}`;
    case 'flag':
      return clientsSummary(readClients(state), maxClients);
    case 'distinct':
    case 'unique':
      return object(sorted(readNames(state)), (clients) => clientsSummary(clients, maxClients));
    case 'multiple':
      return object(sorted(readCounts(state)), (counts) => countsSummary(counts, maxClients));
  }
}

/** Client ids in ascending order of their bytes. */
type Clients = readonly string[];
type Names = Map<string, Clients>;

interface Counts {
  readonly clients: ReadonlyMap<string, number>;
  readonly unidentified: number;
}

const isCreate = ({ action }: SummarizedEvent): boolean => action === 'annotation.create';

const nextTotal = (total: number, event: SummarizedEvent): number =>
  isCreate(event) ? total + 1 : Math.max(0, total - 1);

function nextClients(clients: Clients, event: SummarizedEvent): Clients {
  if (event.clientId === undefined) return clients;
  return isCreate(event) ? withClient(clients, event.clientId) : withoutClient(clients, event.clientId);
}

/** A client may stand under several names, once under each; a name without clients is gone. */
function nextDistinct(names: Names, event: SummarizedEvent): Names {
  const { name } = event;
  if (name === undefined) return names;
  const clients = nextClients(names.get(name) ?? [], event);
  if (clients.length === 0) names.delete(name);
  else names.set(name, clients);
  return names;
}

/** A client stands under one name, the last it chose; any delete takes it away from wherever it stands. */
function nextUnique(names: Names, event: SummarizedEvent): Names {
  const { clientId } = event;
  if (clientId === undefined) return names;
  for (const [name, clients] of names) {
    const others = withoutClient(clients, clientId);
    if (others.length === clients.length) continue;
    if (others.length === 0) names.delete(name);
    else names.set(name, others);
  }
  return isCreate(event) ? nextDistinct(names, event) : names;
}

/** A delete drops all that its client counted under the name; of somebody unknown nothing can be taken back. */
function nextMultiple(names: Map<string, Counts>, event: SummarizedEvent): Map<string, Counts> {
  const { name, clientId, count = 1 } = event;
  if (name === undefined) return names;
  const { clients, unidentified } = names.get(name) ?? {
    clients: new Map<string, number>(),
    unidentified: 0,
  };
  if (clientId === undefined) {
    if (isCreate(event)) names.set(name, { clients, unidentified: unidentified + count });
    return names;
  }
  const next = new Map(clients);
  if (isCreate(event)) next.set(clientId, (clients.get(clientId) ?? 0) + count);
  else next.delete(clientId);
  if (isCreate(event) || names.has(name)) names.set(name, { clients: next, unidentified });
  return names;
}

function withClient(clients: Clients, clientId: string): Clients {
  const at = placeOf(clients, clientId);
  return clients[at] === clientId ? clients : clients.toSpliced(at, 0, clientId);
}

function withoutClient(clients: Clients, clientId: string): Clients {
  const at = placeOf(clients, clientId);
  return clients[at] === clientId ? clients.toSpliced(at, 1) : clients;
}

/** Index of the first client that does not sort before this one. */
function placeOf(clients: Clients, clientId: string): number {
  let low = 0;
  let high = clients.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareUtf8(clients[middle] ?? '', clientId) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function clientsSummary(clients: Clients, maxClients: number): string {
  const clientIds = JSON.stringify(clients.slice(0, maxClients));
  return `{"total":${clients.length},"clientIds":${clientIds},"clipped":${clients.length > maxClients}}`;
}

function countsSummary({ clients, unidentified }: Counts, maxClients: number): string {
  let total = unidentified;
  for (const count of clients.values()) total += count;
  const shown = object(sorted(clients).slice(0, maxClients), String);
  return (
    `{"total":${total},"clientCounts":${shown},"totalUnidentified":${unidentified},` +
    `"clipped":${clients.size > maxClients},"totalClientIds":${clients.size}}`
  );
}

const sorted = <Value>(entries: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
  [...entries].sort(([a], [b]) => compareUtf8(a, b));

/** An object literal would move keys like "1" to the front, and `__proto__` away. */
const object = <Value>(
  entries: readonly (readonly [string, Value])[],
  encode: (value: Value) => string,
): string => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${encode(value)}`).join(',')}}`;

// States. Names and clients are data, so they are kept as lists of pairs, never as members of an object.

/** What `summarize` wrote; null: nothing yet. */
function read<State>(state: string | null): State | null {
  // CAST: states are opaque elsewhere, so this is a text that was written here for the same summarizer.
  return state === null ? null : (JSON.parse(state) as State);
}

const readTotal = (state: string | null): number => read<number>(state) ?? 0;

const readClients = (state: string | null): Clients => read<Clients>(state) ?? [];

const readNames = (state: string | null): Names => new Map(read<[string, Clients][]>(state) ?? []);

const encodeNames = (names: Names): string => JSON.stringify([...names]);

type CountsState = [name: string, unidentified: number, clients: [string, number][]];

const readCounts = (state: string | null): Map<string, Counts> =>
  new Map(
    (read<CountsState[]>(state) ?? []).map(([name, unidentified, clients]) => [
      name,
      { unidentified, clients: new Map(clients) },
    ]),
  );

const encodeCounts = (names: ReadonlyMap<string, Counts>): string =>
  JSON.stringify([...names].map(([name, { unidentified, clients }]) => [name, unidentified, [...clients]]));
