/**
 * Model-based: whatever is published, appended and edited around a subscribe that rewinds, in whatever order the log's answers
 * come, the subscriber has every message it should have, with its whole text, and nothing twice.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../ports/channel-log.ts';
import { InterleavedLog } from './recovery/testing/interleaved-log.ts';
import { type Frame, TestClient } from './testing/test-client.ts';
import { memoryDrivers, type TestRealtime, testRealtime } from './testing/test-realtime.ts';

const RUNS = 2_000;

type Operation =
  | { readonly kind: 'publish' }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'append' | 'update'; readonly message: number }
  | { readonly kind: 'step'; readonly choice: number };

const message = fc.nat(3);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('step'), choice: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('publish') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append'), message }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update'), message }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('subscribe') }) },
);
const script = fc.record({
  count: fc.integer({ min: 1, max: 6 }),
  appendMode: fc.constantFrom('delta', 'full'),
  operations: fc.array(operation, { maxLength: 50, size: 'max' }),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

let realtime: TestRealtime;
let log: InterleavedLog;
/** Creates of the run that is under way, in the order of the log. */
let creates: LogEntry[] = [];
let runs = 0;

function stored(name: string, result: unknown): void {
  // CAST: a commit answers this.
  const { entries = [] } = result as { entries?: LogEntry[] };
  if (name === 'commit') creates.push(...entries);
}

/** Runs everything that waits for settled promises only. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await null;
}

interface Known {
  data: string;
  serial: number;
}

/** What a client makes of its frames; throws where something comes twice. */
class Reader {
  readonly known = new Map<string, Known>();
  /** Position of the first acknowledgement. */
  head = 0;
  acknowledged = 0;
  readonly rewinds: { historical_count: number; live_count: number; complete: boolean }[] = [];
  readonly #appendMode: Script['appendMode'];
  /** Frames since the last acknowledgement. */
  #since: Frame[] = [];

  constructor(appendMode: Script['appendMode']) {
    this.#appendMode = appendMode;
  }

  read(frame: Frame): void {
    if (frame.event === 'sockudo_internal:subscription_succeeded') {
      if (this.acknowledged === 0) this.head = Number(frame.serial);
      this.acknowledged += 1;
      this.#since = [];
    } else if (frame.event === 'sockudo:rewind_complete') {
      // CAST: the frame's data is this object.
      const flags = frame.data as (typeof this.rewinds)[number];
      expect(flags.historical_count + flags.live_count).toBe(this.#since.length);
      this.rewinds.push(flags);
    } else {
      this.#since.push(frame);
      this.#message(frame);
    }
  }

  #message(frame: Frame): void {
    // CAST: frames of messages have these members.
    const { event, data, serial, extras } = frame as Frame & { data: string; serial: number };
    const headers = (extras as { headers: Record<string, string> } | undefined)?.headers;
    const id = headers?.sockudo_message_serial ?? String(serial);
    const known = this.known.get(id);
    const isRewound = event === 'sockudo:message.create' || this.#isRewinding;
    if (known !== undefined && !(isRewound && this.acknowledged > 1)) {
      if (serial <= known.serial) throw new Error(`${event} ${serial} of ${id} came twice`);
    }
    const isFragment = event === 'sockudo:message.append' && this.#appendMode === 'delta';
    // A fragment of what lies before the rewind has nothing to be added to.
    if (isFragment && known === undefined) return;
    this.known.set(id, { data: isFragment ? known?.data + data : data, serial });
  }

  /** A repeated subscribe shows rows that are known. */
  get #isRewinding(): boolean {
    return this.rewinds.length < this.acknowledged;
  }
}

class Run {
  readonly client: TestClient;
  readonly channel: string;
  readonly #script: Script;
  readonly #calls: Promise<unknown>[] = [];
  #made = 0;

  constructor(given: Script) {
    runs += 1;
    creates = [];
    this.#script = given;
    this.channel = `r${runs}`;
    const { appendMode } = given;
    this.client = new TestClient(realtime.context, { protocol: 2, appendMode });
  }

  async do(operation: Operation): Promise<void> {
    if (operation.kind === 'publish') this.#publish();
    else if (operation.kind === 'step') await log.step(operation.choice);
    else if (operation.kind === 'subscribe') this.subscribe();
    else this.#change(operation.kind, operation.message);
    await settle();
  }

  subscribe(): void {
    this.client.request('subscribe', { channel: this.channel, rewind: { count: this.#script.count } });
  }

  async finish(): Promise<void> {
    for (await settle(); !log.isIdle; await settle()) await log.step(0);
    await Promise.all(this.#calls);
    await this.client.answers();
  }

  #publish(): void {
    this.#made += 1;
    const { publisher } = realtime.context;
    const data = JSON.stringify(`m${this.#made}`);
    const event = { app: realtime.app, channel: this.channel, event: 'ev', data };
    this.#calls.push(publisher.publishClientEvent(event));
  }

  #change(kind: 'append' | 'update', index: number): void {
    const messageSerial = creates.at(-1 - index)?.messageSerial;
    if (messageSerial === undefined) return;
    this.#made += 1;
    const { mutations } = realtime.context;
    const request =
      kind === 'append'
        ? ({ kind, data: JSON.stringify(`+${this.#made}`) } as const)
        : ({ kind, data: JSON.stringify(`u${this.#made}`), clear: new Set<never>() } as const);
    this.#calls.push(mutations.change(realtime.app, this.channel, messageSerial, request));
  }

  async expectComplete(): Promise<void> {
    const { count, appendMode } = this.#script;
    const reader = new Reader(appendMode);
    for (const frame of this.client.frames) reader.read(frame);
    if (reader.acknowledged === 0) return;
    const before = creates.filter(({ serial }) => serial <= reader.head);
    const expected = [...before.slice(-count), ...creates.filter(({ serial }) => serial > reader.head)];
    for (const entry of expected) {
      const id = idOf(entry);
      const state = entry.messageSerial && (await log.behind.message(entry.key, entry.messageSerial));
      const data = state ? state.data() : entry.data;
      expect(JSON.stringify(reader.known.get(id)?.data)).toBe(data);
    }
    expect(reader.rewinds).toHaveLength(reader.acknowledged);
    const [first] = reader.rewinds;
    expect(first?.historical_count).toBe(Math.min(count, before.length));
    expect(first?.complete).toBe(before.length <= count);
  }
}

const idOf = ({ messageSerial, serial }: LogEntry): string => messageSerial ?? String(serial);

describe.each([
  ['mutable messages', true],
  ['messages without versions', false],
])('a rewind of %s', (_name, hasVersions) => {
  beforeAll(() => {
    log = new InterleavedLog(stored);
    realtime = testRealtime({
      config: { versioned_messages: { enabled: hasVersions } },
      drivers: { ...memoryDrivers(), durableLog: log.log },
    });
  });
  afterAll(async () => {
    await realtime.close();
    await log.behind.close();
  });

  it('leaves no hole and no double, whatever happens around it in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const run = new Run(given);
        try {
          for (const operation of given.operations) await run.do(operation);
          await run.finish();
          await run.expectComplete();
        } finally {
          run.client.disconnect();
        }
        expect(realtime.errors).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});
