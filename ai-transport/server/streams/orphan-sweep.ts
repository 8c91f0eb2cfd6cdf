// Ends messages that were left open: when nothing was added to one for `orphan_ttl_ms`, nobody will (ai-transport-wire.md section
// 13.2). Every node looks; the step that ends a message lets one of them do it.
import { ProtocolError } from '@sockudo/protocol';
import type { App, RealtimeContext } from '@sockudo/server/plugins';
import type { ChannelRecord, DurableLog, RecordChange } from '@sockudo/server/ports';
import { cancelStream } from './cancel-stream.ts';
import { closedWithoutStep, type OpenStream, putOff, STREAM_KIND, streamsIn } from './stream-records.ts';
import { isOpen } from './stream-rules.ts';

const SWEEP_MS = 1000;
/** Records that are looked at together. */
const PAGE = 100;
/** Looked at again after this long where nothing can be done: the app is gone, or its messages cannot be changed now. */
const HOPELESS_MS = 3_600_000;

const ORPHANED = {
  code: 'orphan_timeout',
  text: 'stream cancelled after orphan timeout',
  system: 'ai_transport_orphan_janitor',
};

export interface OrphanSweepOptions {
  readonly orphanTtlMs: number;
  /** After a message was ended. Must not throw. */
  readonly onOrphan: (app: App, channel: string, messageSerial: string) => void;
}

export class OrphanSweep {
  readonly #context: RealtimeContext;
  readonly #options: OrphanSweepOptions;
  readonly #apps: ReadonlyMap<string, App>;
  readonly #deadline = { due: () => void this.#tick() };
  #slot: number;
  #sweeping: Promise<void> | null = null;
  #isClosed = false;

  /** Begins at once, and goes on until it is closed. */
  constructor(context: RealtimeContext, options: OrphanSweepOptions) {
    this.#context = context;
    this.#options = options;
    this.#apps = new Map(context.settings.apps.map((app) => [app.id, app]));
    this.#slot = context.wheel.schedule(this.#deadline, SWEEP_MS);
  }

  /** Resolves when no sweep is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#context.wheel.cancel(this.#deadline, this.#slot);
    await this.#sweeping;
  }

  /** Deals with everything that is due now. Rejects when a store failed; what is left is due still. */
  async sweep(): Promise<void> {
    for (const log of this.#logs()) {
      let found: readonly ChannelRecord[];
      do {
        found = await log.search({ kind: STREAM_KIND, dueByMs: Date.now(), limit: PAGE });
        for (const record of found) {
          if (this.#isClosed) return;
          await this.#settle(log, record);
        }
      } while (found.length === PAGE);
    }
  }

  async #tick(): Promise<void> {
    if (this.#isClosed) return;
    this.#sweeping = this.sweep().catch((error: unknown) => {
      this.#context.logger.error({ err: error }, 'unfinished messages could not be looked for');
    });
    await this.#sweeping;
    if (!this.#isClosed) this.#slot = this.#context.wheel.schedule(this.#deadline, SWEEP_MS);
  }

  #logs(): ReadonlySet<DurableLog> {
    const logs = [...this.#apps.values()].map((app) => this.#context.logs.of(app));
    return new Set(logs.filter((log) => log !== null));
  }

  /** After it, the record is gone or due later: a record that stayed due would be found for ever. */
  async #settle(log: DurableLog, record: ChannelRecord): Promise<void> {
    const app = this.#apps.get(record.key.appId);
    let dueAtMs = Date.now() + HOPELESS_MS;
    if (app !== undefined) {
      for (const stream of streamsIn(record)) {
        dueAtMs = Math.min(dueAtMs, await this.#settleStream(app, log, record, stream));
      }
    }
    await change(log, record, putOff(record.id, dueAtMs));
  }

  /** Ends the message if it is silent for long enough, and answers when to look at it again if it is still open. */
  async #settleStream(
    app: App,
    log: DurableLog,
    record: ChannelRecord,
    { messageSerial }: OpenStream,
  ): Promise<number> {
    const { key, id } = record;
    const nowMs = Date.now();
    const state = await log.message(key, messageSerial);
    if (state === null || !isOpen(state)) {
      // Another node may have ended it since the record was found, and counted it out in its step.
      const noted = streamsIn(await log.record(key, STREAM_KIND, id));
      if (!noted.some((other) => other.messageSerial === messageSerial)) return Number.POSITIVE_INFINITY;
      for (const step of closedWithoutStep(id, messageSerial)) await change(log, record, step);
      return Number.POSITIVE_INFINITY;
    }
    const silentUntilMs = state.versionAtMs + this.#options.orphanTtlMs;
    if (silentUntilMs > nowMs) return silentUntilMs;
    try {
      const isEnded = await cancelStream(this.#context, app, key.channel, state, ORPHANED);
      if (isEnded) this.#options.onOrphan(app, key.channel, messageSerial);
      return nowMs + this.#options.orphanTtlMs;
    } catch (error) {
      if (ProtocolError.is(error) && error.retryable) throw error;
      this.#context.logger.error(
        { err: error, app_id: app.id, message_serial: messageSerial },
        'an unfinished message could not be ended',
      );
      return nowMs + HOPELESS_MS;
    }
  }
}

async function change(log: DurableLog, { key }: ChannelRecord, step: RecordChange): Promise<void> {
  const result = await log.change(key, step);
  if (result.kind === 'refused') throw result.error;
}
