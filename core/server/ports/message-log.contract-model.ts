// Contract of mutable messages: random histories of creates, changes, annotations, purges, resets, retentions and reopenings are
// compared with plain lists (message-log.contract-lists.ts) after every step.
import { historySerialOf } from '@sockudo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOf } from './channel-log.contract-support.ts';
import type { Retention } from './channel-log.ts';
import { compareChannel } from './message-log.contract-compare.ts';
import {
  ListedChannel,
  type ListedMessage,
  type ListedVersion,
  recordOf,
} from './message-log.contract-lists.ts';
import {
  annotationEntryOf,
  annotationOf,
  entryOf,
  type MessageTest,
  mutationOf,
  type OpenDurableLog,
  plain,
  withMessages,
} from './message-log.contract-support.ts';
import type { MutationAction } from './message-log.ts';

const NO_TEXT = new Error('no text');

/** `message`: which of the messages there ever were, counted from the newest. */
type Operation =
  | { readonly kind: 'create'; readonly channel: number; readonly data: string; readonly isMutable: boolean }
  | {
      readonly kind: 'mutate';
      readonly channel: number;
      readonly message: number;
      readonly action: MutationAction;
      readonly data: string | null;
      readonly opId?: string;
    }
  | {
      readonly kind: 'annotate';
      readonly channel: number;
      readonly message: number;
      readonly type: string;
      /** Takes back one of the annotations there ever were. */
      readonly target?: number;
    }
  | { readonly kind: 'purge'; readonly channel: number; readonly back?: number; readonly agoMs?: number }
  | { readonly kind: 'reset'; readonly channel: number };

type Step =
  | { readonly kind: 'burst'; readonly operations: readonly Operation[] }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'retain'; readonly channel: number; readonly retention: Retention }
  | { readonly kind: 'trim' }
  | { readonly kind: 'reopen' };

const CHANNELS = 2;
const RETENTIONS: readonly Retention[] = [
  {},
  { messages: 3 },
  { ageMs: 50 },
  { messages: 2, ageMs: 50 },
  { messages: 2, versionsAgeMs: 60 },
  { messages: 1, versionsAgeMs: Number.MAX_SAFE_INTEGER },
  { ageMs: 60, versionsAgeMs: 20 },
  { bytes: 250, ageMs: 200 },
];

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const channel = fc.nat({ max: CHANNELS - 1 });
const message = fc.nat({ max: 5 });
const text = fc.constantFrom('', 'a', 'é🦊', '"\\', 'x'.repeat(40)).map((value) => JSON.stringify(value));
const data = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: fc.constant('{"n":1}') });

const create = fc.record({
  kind: fc.constant('create' as const),
  channel,
  data,
  isMutable: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
});
const mutate = fc
  .record({
    kind: fc.constant('mutate' as const),
    channel,
    message,
    action: fc.constantFrom<MutationAction>('append', 'append', 'append', 'update', 'delete'),
    data: fc.option(data, { freq: 8 }),
    opId: optional(fc.constantFrom('op-1', 'op-2')),
  })
  .map(({ opId, data: given, ...rest }): Operation => {
    const content = rest.action === 'append' ? (given?.startsWith('"') ? given : '"+"') : given;
    return { ...rest, data: content, ...(opId !== undefined && { opId }) };
  });
const annotate = fc
  .record({
    kind: fc.constant('annotate' as const),
    channel,
    message,
    type: fc.constantFrom('x', 'y'),
    target: optional(fc.nat({ max: 3 })),
  })
  .map(({ target, ...rest }): Operation => ({ ...rest, ...(target !== undefined && { target }) }));
const purge = fc
  .record({
    kind: fc.constant('purge' as const),
    channel,
    back: optional(fc.nat({ max: 8 })),
    agoMs: optional(fc.constantFrom(0, 5, 20, 40)),
  })
  .map(
    ({ back, agoMs, ...rest }): Operation => ({
      ...rest,
      ...(back !== undefined && { back }),
      ...(agoMs !== undefined && { agoMs }),
    }),
  );
const reset = fc.record({ kind: fc.constant('reset' as const), channel });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: create },
  { weight: 12, arbitrary: mutate },
  { weight: 6, arbitrary: annotate },
  { weight: 1, arbitrary: purge },
  { weight: 1, arbitrary: reset },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      operations: fc.array(operation, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(5, 20, 50) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('retain' as const),
      channel,
      retention: fc.constantFrom(...RETENTIONS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('trim' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

export function messageModelContract(open: OpenDurableLog, runs: number): void {
  describe('random histories of messages', () => {
    it('answer as plain lists do', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25, size: 'max' }), async (steps) => {
          await withMessages(open, async (context) => {
            const run = new ModelRun(context);
            for (const next of steps) {
              await run.take(next);
              await run.compare();
            }
          });
        }),
        { numRuns: runs },
      );
    }, 300_000);
  });
}

interface ListedReceipt {
  readonly fingerprint: string;
  readonly expiresAtMs: number;
  readonly version: ListedVersion;
  readonly channel: ListedChannel;
  readonly message: ListedMessage;
}

class ModelRun {
  #context: MessageTest;
  readonly #channels: ListedChannel[] = [];
  readonly #retentions: Retention[] = Array.from({ length: CHANNELS }, () => ({}));
  readonly #receipts = new Map<string, ListedReceipt>();

  constructor(context: MessageTest) {
    this.#context = context;
  }

  async take(next: Step): Promise<void> {
    const { clock, log, reopen } = this.#context;
    if (next.kind === 'burst') await this.#burst(next.operations);
    else if (next.kind === 'wait') clock.nowMs += next.ms;
    else if (next.kind === 'retain') this.#retentions[next.channel] = next.retention;
    else if (next.kind === 'trim') await log.trim();
    else if (reopen !== undefined) this.#context = { ...this.#context, log: await reopen() };
  }

  /** All that can be read, against the lists. */
  async compare(): Promise<void> {
    for (const listed of this.#channels) {
      listed.age(this.#context.clock.nowMs);
      await compareChannel(this.#context.log, listed);
    }
    for (const id of this.#receipts.keys()) {
      const stored = await this.#context.log.receipt('ops', id);
      expect(stored?.answer ?? null).toBe(this.#receipt(id)?.version.text ?? null);
    }
  }

  /** Operations of one turn: none waits for another. The lists are changed in the order of the calls. */
  async #burst(operations: readonly Operation[]): Promise<void> {
    for (let index = this.#channels.length; index < CHANNELS; index += 1) {
      const key = this.#context.key(`channel-${index}`);
      this.#channels.push(new ListedChannel(key, (await this.#context.log.head(key)).streamId));
    }
    const named = this.#channels.map(({ earlier, messages }) => [...earlier, ...messages]);
    await Promise.all(
      operations.map((next) => {
        const listed = this.#channels[next.channel];
        if (listed === undefined) throw new Error('no such channel');
        listed.age(this.#context.clock.nowMs);
        const message = 'message' in next ? named[next.channel]?.at(-1 - next.message) : undefined;
        return this.#start(next, listed, message);
      }),
    );
  }

  async #start(next: Operation, listed: ListedChannel, message: ListedMessage | undefined): Promise<void> {
    if (next.kind === 'create') await this.#create(next, listed);
    else if (next.kind === 'purge') await this.#purge(next, listed);
    else if (next.kind === 'reset') await this.#reset(listed);
    else if (message === undefined || !message.isMutable) return;
    else if (next.kind === 'mutate') await this.#mutate(next, listed, message);
    else await this.#annotate(next, listed, message);
  }

  async #create(next: Extract<Operation, { kind: 'create' }>, listed: ListedChannel): Promise<void> {
    const { log, serials, clock } = this.#context;
    const retention = this.#retentions[next.channel] ?? {};
    const draft = draftOf(listed.key, {
      event: 'e',
      data: next.data,
      publishedAtMs: clock.nowMs,
      retention,
      creatorId: 'me',
      ...(next.isMutable && { versionSerial: (historySerial: number) => serials.next(historySerial) }),
    });
    const committing = log.commit({ entries: [draft], receipts: [] });
    const message = listed.create(next, retention, clock.nowMs);
    const { streamId } = listed;
    const result = await committing;
    const entry = result.kind === 'committed' ? result.entries[0] : undefined;
    if (entry === undefined) throw new Error(`an entry was expected, not ${result.kind}`);
    message.text = entry.messageSerial ?? '';
    expect(plain(entry)).toEqual({ ...listed.createOf(message), streamId: await streamId });
    if (next.isMutable) expect(historySerialOf(message.text)).toBe(message.serial);
  }

  async #mutate(
    next: Extract<Operation, { kind: 'mutate' }>,
    listed: ListedChannel,
    message: ListedMessage,
  ): Promise<void> {
    const { log, clock } = this.#context;
    const { action, data: given, opId } = next;
    const retention = this.#retentions[next.channel] ?? {};
    const fingerprint = JSON.stringify([action, given]);
    const { streamId } = listed;
    const receipt = {
      scope: 'ops',
      key: opId ?? '',
      fingerprint,
      expiresAtMs: clock.nowMs + 30,
      answer: ({ versionSerial }: { readonly versionSerial: string }) => versionSerial,
    };
    const mutating = log.mutate(
      mutationOf(
        this.#context,
        { key: listed.key, messageSerial: message.text },
        {
          retention,
          apply: (current) => {
            if (action === 'append' && current.dataKind !== 'string') throw NO_TEXT;
            return { action, data: given, event: current.event === 'e' ? 'f' : 'e', userId: 'editor' };
          },
          ...(opId !== undefined && { receipt }),
        },
      ),
    );
    const used = opId === undefined ? null : this.#receipt(opId);
    const whole = message.whole();
    if (!listed.isKnown(message)) {
      expect((await mutating).kind).toBe('unknown-message');
    } else if (used !== null) {
      expect((await mutating).kind).toBe(used.fingerprint === fingerprint ? 'duplicate' : 'conflict');
    } else if (action === 'append' && whole?.startsWith('"') !== true) {
      expect(await mutating).toEqual({ kind: 'refused', error: NO_TEXT });
    } else {
      const event = message.event === 'e' ? 'f' : 'e';
      const version = listed.addVersion(message, { action, data: given, event }, retention, clock.nowMs);
      const index = message.versions.length - 1;
      const shown = listed.versionOf(message, index);
      if (opId !== undefined) {
        const { expiresAtMs } = receipt;
        this.#receipts.set(opId, { fingerprint, expiresAtMs, version, channel: listed, message });
      }
      const entry = entryOf(await mutating);
      version.text = entry.versionSerial;
      expect(plain({ ...entry, whole: () => null })).toEqual({
        ...shown,
        streamId: await streamId,
        versionSerial: version.text,
        whole: null,
      });
      expect(version.text > (message.versions[index - 1]?.text ?? message.text)).toBe(true);
      expect(historySerialOf(version.text)).toBe(message.serial);
    }
  }

  async #annotate(
    next: Extract<Operation, { kind: 'annotate' }>,
    listed: ListedChannel,
    message: ListedMessage,
  ): Promise<void> {
    const { log, clock } = this.#context;
    const named = message.notes.filter(({ text: serial }) => serial !== '');
    const target = next.target === undefined ? null : (named[next.target] ?? null);
    const isRefused = next.target !== undefined && (target === null || message.takerOf(target) !== undefined);
    const retention = this.#retentions[next.channel] ?? {};
    const annotating = log.annotate(
      annotationOf(
        this.#context,
        { key: listed.key, messageSerial: message.text },
        {
          type: next.type,
          retention,
          ...(next.target !== undefined && { targetSerial: target?.text ?? 'unknown' }),
        },
      ),
    );
    if (!listed.isKnown(message)) {
      expect(await annotating).toEqual({ kind: 'unknown-message' });
      return;
    }
    if (isRefused) {
      expect((await annotating).kind).toBe('refused');
      return;
    }
    const type = target?.type ?? next.type;
    const content = { type, target, timestampMs: clock.nowMs };
    const note = listed.addNote(message, content, retention, clock.nowMs);
    const sum = message.sumOf(type);
    const { streamId } = listed;
    const shown = listed.noteOf(message, note);
    const result = await annotating;
    const { record, ...rest } = annotationEntryOf(result);
    note.text = record.annotationSerial;
    expect(rest).toEqual({ ...shown, streamId: await streamId, record: undefined });
    expect(record).toEqual(recordOf(message, note));
    expect(result).toMatchObject({ projection: sum });
    expect(note.text > (message.notes[message.notes.indexOf(note) - 1]?.text ?? '')).toBe(true);
  }

  async #purge(next: Extract<Operation, { kind: 'purge' }>, listed: ListedChannel): Promise<void> {
    const serial = next.back === undefined ? undefined : listed.head + 1 - next.back;
    const timeMs = next.agoMs === undefined ? undefined : this.#context.clock.nowMs - next.agoMs;
    const purging = this.#context.log.purge(listed.key, {
      ...(serial !== undefined && { serial }),
      ...(timeMs !== undefined && { timeMs }),
    });
    const removed = listed.purge(serial ?? Number.POSITIVE_INFINITY, timeMs ?? Number.POSITIVE_INFINITY);
    expect(await purging).toEqual(removed);
  }

  async #reset(listed: ListedChannel): Promise<void> {
    const resetting = this.#context.log.reset(listed.key);
    const { streamId, head } = listed;
    const { messages, bytes } = listed.state();
    listed.reset(resetting.then((result) => result.head.streamId));
    const previous = { streamId: await streamId, serial: head };
    expect(await resetting).toMatchObject({ messages, bytes, previous, head: { serial: 0 } });
  }

  #receipt(id: string): ListedReceipt | null {
    const receipt = this.#receipts.get(id);
    const { nowMs } = this.#context.clock;
    if (receipt === undefined || receipt.expiresAtMs <= nowMs) return null;
    receipt.channel.age(nowMs);
    return receipt.channel.isKnown(receipt.message) ? receipt : null;
  }
}
