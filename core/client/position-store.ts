/**
 * Positions that outlive a page (option `recoveryStorage`): read once at the start, written a moment after they changed and when
 * the page goes away. What is stored is bounded, and is checked when it is read: others can write there. Must not know: what
 * positions are for.
 */
import { isJsonObject, tryParseJson } from '@sockudo/protocol';
import type { Logger } from './logger.ts';
import { type RecoveryPosition, readPosition } from './positions.ts';
import type { Runtime, TimerHandle } from './runtime.ts';
import { messageOf } from './values.ts';

/** Where an application keeps positions: text in, the same text out. */
export interface RecoveryStorage {
  /** What `save` was given last; null or undefined: nothing. */
  load(): Answered<string | null | undefined>;
  save(text: string): Answered<void>;
}

type Answered<Value> = Value | Promise<Value>;

type Positions = Iterable<readonly [channel: string, position: RecoveryPosition]>;

/** Channels that are stored; of more, those known longest are left out. */
export const STORED_POSITIONS_MAX = 1_000;
/** Changes are written together, this long after the first of them, in ms. */
const SAVE_AFTER_MS = 250;
/** A storage that does not answer is given up, so that it can't keep the client from connecting, in ms. */
const LOAD_PATIENCE_MS = 2_000;

export interface PositionStoreOptions {
  readonly storage: RecoveryStorage;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** What is to be stored, the longest known first. */
  readonly positions: () => Positions;
}

export class PositionStore {
  readonly #options: PositionStoreOptions;
  #timer: TimerHandle;
  #stopWatching: (() => void) | undefined;

  constructor(options: PositionStoreOptions) {
    this.#options = options;
  }

  /**
   * Hands over what was stored, at once where the storage answers at once. Else the promise resolves when that is done or given
   * up; what comes later is not used. Never throws or rejects.
   */
  load(restore: (positions: Positions) => void): Promise<void> | undefined {
    const { storage, runtime } = this.#options;
    const take = (text: string | null | undefined) => restore(storedPositions(text));
    try {
      const given = storage.load();
      if (!(given instanceof Promise)) {
        take(given);
        return undefined;
      }
      return new Promise((resolve) => {
        let isOver = false;
        const end = () => {
          isOver = true;
          runtime.clearTimer(timer);
          resolve();
        };
        const timer = runtime.setTimer(() => {
          this.#warn('did not answer');
          end();
        }, LOAD_PATIENCE_MS);
        given
          .then((text) => isOver || take(text))
          .catch((error: unknown) => this.#warn(messageOf(error)))
          .then(end);
      });
    } catch (error) {
      this.#warn(messageOf(error));
      return undefined;
    }
  }

  /** From now on positions are written, also when the page is hidden or goes away. */
  start(): void {
    this.#stopWatching ??= this.#options.runtime.watchHide(() => this.#flush());
  }

  /** Writes what is not written yet, and watches no more. */
  stop(): void {
    this.#flush();
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  /** Positions are others than before. They are written when handlers have had their messages: those may come twice, never not at all. */
  changed(): void {
    this.#timer ??= this.#options.runtime.setTimer(() => this.#flush(), SAVE_AFTER_MS);
  }

  #flush(): void {
    if (this.#timer === undefined) return;
    this.#options.runtime.clearTimer(this.#timer);
    this.#timer = undefined;
    const all = [...this.#options.positions()];
    const text = JSON.stringify({ positions: all.slice(-STORED_POSITIONS_MAX) });
    try {
      const saved = this.#options.storage.save(text);
      if (saved instanceof Promise) saved.catch((error: unknown) => this.#warn(messageOf(error)));
    } catch (error) {
      this.#warn(messageOf(error));
    }
  }

  /** Without stored positions an application still works, so nothing of this is an error to it. */
  #warn(text: string): void {
    this.#options.logger.warn(`recoveryStorage: ${text}`);
  }
}

/** Everything readable in a stored text. */
function storedPositions(text: string | null | undefined): [string, RecoveryPosition][] {
  const value = typeof text === 'string' ? tryParseJson(text) : undefined;
  const entries = isJsonObject(value) && Array.isArray(value.positions) ? value.positions : [];
  return entries.slice(-STORED_POSITIONS_MAX).flatMap((entry: unknown): [string, RecoveryPosition][] => {
    const [channel, stored] = Array.isArray(entry) ? entry : [];
    const position = readPosition(stored);
    return typeof channel === 'string' && position !== undefined ? [[channel, position]] : [];
  });
}

/** The tab's own storage: kept over reloads, gone with the tab. */
export function sessionRecoveryStorage(runtime: Runtime, key: string): RecoveryStorage {
  return {
    load: () => runtime.sessionStorage?.getItem(key),
    save: (text) => runtime.sessionStorage?.setItem(key, text),
  };
}
