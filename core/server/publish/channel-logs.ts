// Which log an app's channels are kept in: the durable one where history is on, the one in memory where messages only need
// serials for recovery, none where neither is. Receipts always have a place.
import type { App } from '../apps/app.ts';
import { isDurable } from '../apps/durability.ts';
import type { DurableLog, Position } from '../ports/index.ts';

export class ChannelLogs {
  readonly #durable: DurableLog;
  readonly #volatile: DurableLog;

  constructor(durable: DurableLog, volatile: DurableLog) {
    this.#durable = durable;
    this.#volatile = volatile;
  }

  /** Null: messages of this app have no position. */
  of(app: App): DurableLog | null {
    if (isDurable(app)) return this.#durable;
    return app.recovery.enabled ? this.#volatile : null;
  }

  receiptsOf(app: App): DurableLog {
    return isDurable(app) ? this.#durable : this.#volatile;
  }

  async head(app: App, channel: string): Promise<Position | null> {
    const log = this.of(app);
    return log === null ? null : log.head({ appId: app.id, channel });
  }
}
