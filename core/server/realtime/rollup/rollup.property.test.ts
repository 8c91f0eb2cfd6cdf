/**
 * Model-based: whatever is published, appended, edited, subscribed, cut, resumed and read back, with whatever windows and in
 * whatever order the log's answers come, what each subscriber puts together is what the log has, serials never go back, and
 * nothing of the channel overtakes an append that is held.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../ports/channel-log.ts';
import type { VersionEntry } from '../../ports/message-log.ts';
import { InterleavedLog } from '../recovery/testing/interleaved-log.ts';
import { type Frame, TestClient } from '../testing/test-client.ts';
import { memoryDrivers, type TestRealtime } from '../testing/test-realtime.ts';
import { rolledRealtime } from './testing/rolled-channel.ts';
import { RolledReader } from './testing/rolled-reader.ts';

const RUNS = 3_000;
const WINDOWS_MS = [0, 20, 40, 100, 500] as const;
const TERMINAL = '{"ai":{"transport":{"status":"complete"}}}';

type Operation =
  | { readonly kind: 'create' | 'typing' }
  | { readonly kind: 'append' | 'finish' | 'update'; readonly message: number }
  | { readonly kind: 'step'; readonly choice: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'connect' | 'pattern' | 'resume' | 'history'; readonly client: number }
  | { readonly kind: 'disconnect'; readonly client: number; readonly cut: number };

const message = fc.nat(2);
const client = fc.nat(2);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('append'), message }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('step'), choice: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.constantFrom(1, 5, 20, 40, 500) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('create', 'typing') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('finish', 'update'), message }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('connect'), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pattern', 'resume', 'history'), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disconnect'), client, cut: fc.nat(4) }) },
);
const behaviour = fc.record({
  windowMs: fc.constantFrom(...WINDOWS_MS),
  appendMode: fc.constantFrom('delta' as const, 'full' as const),
  rewinds: fc.boolean(),
});
const script = fc.record({
  behaviours: fc.array(behaviour, { minLength: 3, maxLength: 3 }),
  /** Whether the log answers at once: then windows are full. */
  isFast: fc.boolean(),
  operations: fc.array(operation, { maxLength: 80, size: 'max' }),
});
type Behaviour = typeof behaviour extends fc.Arbitrary<infer T> ? T : never;
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

interface Stored {
  readonly serial: number;
  readonly action: string;
  readonly data: string;
}

let realtime: TestRealtime;
let log: InterleavedLog;
/** Of the run that is under way: what the log stored, by message. */
let messages = new Map<string, Stored[]>();
/** Serial of the last message that this node delivered. */
let delivered = 0;
let runs = 0;

function stored(_name: string, result: unknown): void {
  // CAST: the writes of a run answer these.
  const { entries = [], entry } = result as { entries?: LogEntry[]; entry?: VersionEntry };
  for (const { messageSerial = '', serial, data } of entries) {
    messages.set(messageSerial, [{ serial, action: 'create', data: JSON.parse(data) }]);
  }
  if (entry === undefined) return;
  const { messageSerial, serial, action, data } = entry;
  messages.get(messageSerial)?.push({ serial, action, data: JSON.parse(data ?? '""') });
}

/** Runs everything that waits for settled promises only. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await null;
}

class Reading {
  readonly reader: RolledReader;
  readonly #behaviour: Behaviour;
  readonly #channel: string;
  #client: TestClient | null = null;
  #hasPattern = false;

  constructor(channel: string, given: Behaviour) {
    this.#channel = channel;
    this.#behaviour = given;
    this.reader = new RolledReader(given.appendMode);
  }

  connect(): void {
    if (this.#client !== null) return;
    const { windowMs, appendMode, rewinds } = this.#behaviour;
    const options = { protocol: 2, appendMode, rollupWindowMs: windowMs } as const;
    this.#client = new TestClient(realtime.context, options);
    this.#hasPattern = false;
    if (this.reader.position !== null) this.#resume(this.reader.position);
    const isFirst = this.reader.position === null;
    this.#client.request('subscribe', { channel: this.#channel, ...(isFirst && rewinds && { rewind: 100 }) });
  }

  /** `cut`: frames at the end that never arrived. */
  disconnect(cut: number): void {
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    client.connection.outbox.flush();
    client.disconnect();
    const { frames } = client;
    const arrived = frames.slice(0, Math.max(0, frames.length - cut));
    // Before its first acknowledgement, and while it is shown the past, it has nothing to go on from.
    if (this.reader.position === null && !this.#isOpen(arrived)) return;
    for (const frame of arrived) this.reader.read(frame, this.#behaviour.rewinds);
  }

  #isOpen(frames: readonly Frame[]): boolean {
    const last = this.#behaviour.rewinds
      ? 'sockudo:rewind_complete'
      : 'sockudo_internal:subscription_succeeded';
    return frames.some(({ event }) => event === last);
  }

  togglePattern(): void {
    this.#client?.request(this.#hasPattern ? 'unsubscribe' : 'subscribe', { channel: `${this.#channel}*` });
    this.#hasPattern = !this.#hasPattern;
    this.reader.hasPattern = true;
  }

  /** On a live subscription, from where the channel is: nothing is missing. */
  resumeLive(): void {
    const subscription = this.#client?.connection.subscriptions.get(this.#channel);
    const attachedAt = subscription?.attachedAt;
    if (attachedAt) this.#resume(attachedAt);
  }

  #resume({ streamId, serial }: { readonly streamId: string; readonly serial: number }): void {
    const positions = { [this.#channel]: { stream_id: streamId, serial } };
    this.#client?.request('resume', { channel_positions: positions });
  }

  history(): void {
    if (this.#client?.connection.subscriptions.has(this.#channel) !== true) return;
    this.#client.request('channel_history', JSON.stringify({ channel: this.#channel }));
  }

  expectComplete(): void {
    const { known, startSerial, reached } = this.reader;
    const newest = Math.max(0, ...[...messages.values()].map((all) => all.at(-1)?.serial ?? 0));
    expect(reached).toBe(newest);
    for (const [id, all] of messages) {
      const since = all.filter(({ serial }) => serial > startSerial);
      if (since.length === 0) continue;
      const seen = known.get(id);
      expect(seen?.serial).toBe(since.at(-1)?.serial);
      const hasBase = seen?.hasBase === true || this.#behaviour.appendMode === 'full';
      expect(seen?.data).toBe(textOf(hasBase ? all : since));
    }
  }
}

function textOf(all: readonly Stored[]): string {
  return all.reduce((text, { action, data }) => (action === 'append' ? text + data : data), '');
}

class Run {
  readonly readings: readonly Reading[];
  readonly #channel: string;
  readonly #isFast: boolean;
  readonly #calls: Promise<unknown>[] = [];
  #made = 0;

  constructor({ behaviours, isFast }: Script) {
    runs += 1;
    messages = new Map();
    delivered = 0;
    this.#channel = `ai-${runs}-`;
    this.#isFast = isFast;
    this.readings = behaviours.map((given) => new Reading(this.#channel, given));
  }

  async do(operation: Operation): Promise<void> {
    const reading = 'client' in operation ? this.readings[operation.client] : undefined;
    if (operation.kind === 'create') this.#create();
    else if (operation.kind === 'typing') this.#typing();
    else if (operation.kind === 'step') await log.step(operation.choice);
    else if (operation.kind === 'advance') realtime.advance(operation.ms);
    else if (operation.kind === 'connect') reading?.connect();
    else if (operation.kind === 'disconnect') reading?.disconnect(operation.cut);
    else if (operation.kind === 'pattern') reading?.togglePattern();
    else if (operation.kind === 'resume') reading?.resumeLive();
    else if (operation.kind === 'history') reading?.history();
    else if ('message' in operation) this.#change(operation.kind, operation.message);
    await settle();
    if (this.#isFast) await this.#idle();
  }

  async #idle(): Promise<void> {
    for (await settle(); !log.isIdle; await settle()) await log.step(0);
  }

  async finish(): Promise<void> {
    for (const reading of this.readings) {
      reading.connect();
      await this.#idle();
    }
    await Promise.all(this.#calls);
    realtime.advance(600);
    for (const reading of this.readings) reading.disconnect(0);
  }

  #create(): void {
    this.#made += 1;
    const data = JSON.stringify(`m${this.#made}`);
    const event = { app: realtime.app, channel: this.#channel, event: 'ev', data };
    this.#calls.push(realtime.context.publisher.publishClientEvent(event));
  }

  #change(kind: 'append' | 'finish' | 'update', index: number): void {
    const messageSerial = [...messages.keys()].at(-1 - index);
    if (messageSerial === undefined) {
      this.#create();
      return;
    }
    this.#made += 1;
    const data = JSON.stringify(`${kind === 'update' ? 'u' : '+'}${this.#made}`);
    const request =
      kind === 'update'
        ? ({ kind, data, clear: new Set<never>() } as const)
        : ({ kind: 'append', data, ...(kind === 'finish' && { extras: TERMINAL }) } as const);
    const { mutations } = realtime.context;
    this.#calls.push(mutations.change(realtime.app, this.#channel, messageSerial, request));
  }

  /** Says how far the channel was when it was sent. */
  #typing(): void {
    const data = JSON.stringify(String(delivered));
    const typing = { channel: this.#channel, event: 'typing', data, publishedAtMs: 1 };
    realtime.context.fanout.publish({ key: { appId: 'app', channel: this.#channel }, message: typing });
  }
}

describe('appends that are rolled up', () => {
  beforeAll(() => {
    log = new InterleavedLog(stored);
    realtime = rolledRealtime({ drivers: { ...memoryDrivers(), durableLog: log.log }, maxMessages: 2 });
    const { hub } = realtime.context;
    const deliver = hub.deliver.bind(hub);
    hub.deliver = (envelope) => {
      delivered = envelope.message.position?.serial ?? delivered;
      return deliver(envelope);
    };
  });
  afterAll(async () => {
    await realtime.close();
    await log.behind.close();
  });

  it('are what the log has, for everybody, in order', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const run = new Run(given);
        try {
          for (const operation of given.operations) await run.do(operation);
          await run.finish();
          for (const reading of run.readings) reading.expectComplete();
        } finally {
          for (const reading of run.readings) reading.disconnect(Number.POSITIVE_INFINITY);
        }
        expect(realtime.errors).toEqual([]);
      }),
      { numRuns: RUNS },
    );
    const { rollupRatio, activeStreams } = realtime.context.counters.of('app');
    expect(rollupRatio.sum).toBeGreaterThan(rollupRatio.count * 1.1);
    realtime.advance(600);
    expect([activeStreams, realtime.context.hub.rollup?.isActive]).toEqual([0, false]);
  }, 300_000);
});
