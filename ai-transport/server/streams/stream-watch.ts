// The open messages that this node has to do with, for its metrics: what it creates and appends to. A message that another node ends
// is forgotten here once it has been silent for longer than any open one can be.
import { parseVersionSerial } from '@sockudo/protocol';
import type { AiMetrics } from '../metrics.ts';

/** What happened to a message. */
export interface StreamEvent {
  readonly app: { readonly id: string };
  readonly messageSerial: string;
  readonly isOpen: boolean;
  readonly atMs: number;
  /** What it begins with or grows by, UTF-8 bytes of JSON text. */
  readonly bytes: number;
}

interface Watched {
  readonly appId: string;
  readonly lastMs: number;
}

/** Beyond it, messages are not counted as open. */
const MAX_WATCHED = 65_536;

export class StreamWatch {
  readonly #metrics: AiMetrics;
  readonly #silenceMs: number;
  readonly #watched = new Map<string, Watched>();

  /** @param silenceMs after which an open message must have been ended by somebody */
  constructor(metrics: AiMetrics, silenceMs: number) {
    this.#metrics = metrics;
    this.#silenceMs = silenceMs;
  }

  saw({ app, messageSerial, isOpen, atMs, bytes }: StreamEvent): void {
    const isKnown = this.#watched.has(messageSerial);
    if (!isOpen && !isKnown) return;
    const counts = this.#metrics.of(app);
    counts.streamBytes += bytes;
    if (isOpen) {
      if (isKnown || this.#watched.size < MAX_WATCHED)
        this.#watched.set(messageSerial, { appId: app.id, lastMs: atMs });
      return;
    }
    this.#watched.delete(messageSerial);
    const createdAtMs = parseVersionSerial(messageSerial)?.timestampMs ?? atMs;
    counts.streamSeconds.observe(Math.max(0, atMs - createdAtMs) / 1000);
  }

  /** Open messages of each app that has had any. */
  openByApp(nowMs: number): ReadonlyMap<string, number> {
    const open = new Map<string, number>();
    for (const [appId, { streamBytes }] of this.#metrics.all()) if (streamBytes > 0) open.set(appId, 0);
    for (const [serial, { appId, lastMs }] of this.#watched) {
      if (nowMs - lastMs > this.#silenceMs) this.#watched.delete(serial);
      else open.set(appId, (open.get(appId) ?? 0) + 1);
    }
    return open;
  }
}
