// Which channels' histories have lost a transition on this node. Such a history still reads, but proves nothing: its state says
// so until it is reset (http.md section 6). Forgotten with the process.

export interface Ailment {
  /** `reset_required`: transitions are retained that the lost one belonged between; `degraded`: none are. */
  readonly state: 'degraded' | 'reset_required';
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** Most channels remembered as ailing; beyond it the one that has been ailing longest is forgotten. */
const MAX_CHANNELS = 100_000;

export class StreamHealth {
  readonly #ailments = new Map<string, Ailment>();

  /** Null: healthy. */
  of(id: string): Ailment | null {
    return this.#ailments.get(id) ?? null;
  }

  /** A transition was lost. What the channel suffers from already stays as it is. */
  lost(id: string, reason: string): void {
    if (this.#ailments.has(id)) return;
    this.#ailments.set(id, { state: 'degraded', reason, sinceMs: Date.now() });
    for (const oldest of this.#ailments.keys()) {
      if (this.#ailments.size <= MAX_CHANNELS) return;
      this.#ailments.delete(oldest);
    }
  }

  /** It was lost among transitions that are retained. Nothing happens to a channel that was reset meanwhile. */
  requireReset(id: string): void {
    const ailment = this.#ailments.get(id);
    if (ailment !== undefined) this.#ailments.set(id, { ...ailment, state: 'reset_required' });
  }

  healed(id: string): void {
    this.#ailments.delete(id);
  }

  /** Channels that are not healthy, and among them those that want a reset. */
  counts(): { degraded: number; resetRequired: number } {
    let resetRequired = 0;
    for (const { state } of this.#ailments.values()) if (state === 'reset_required') resetRequired += 1;
    return { degraded: this.#ailments.size, resetRequired };
  }
}
