import type { SqliteChannelLogOptions } from '../index.ts';

/** Syncs that wait for the test once it holds them. */
export class HeldSync {
  isHolding = false;
  #held: (() => void) | null = null;
  #arrived: () => void = () => {};

  readonly syncFile: NonNullable<SqliteChannelLogOptions['syncFile']> = (_, done) => {
    if (!this.isHolding) return done(null);
    this.#held = () => done(null);
    this.#arrived();
  };

  /** Resolves when the next sync has begun. */
  hold(): Promise<void> {
    this.isHolding = true;
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  release(): void {
    this.isHolding = false;
    this.#held?.();
  }
}
