/**
 * Tells the server whether the page can be seen, so that pushes go to users who look at nothing: when it changes, and again to each
 * connection and whenever the server learns whose that is. Must not know: sockets, channels.
 */
import type { EventNames } from './event-names.ts';
import type { Frame } from './frame.ts';
import type { Runtime } from './runtime.ts';

export interface VisibilityHost {
  readonly names: EventNames;
  readonly runtime: Pick<Runtime, 'watchVisibility'>;
  send(event: string, data: unknown): boolean;
}

export class Visibility {
  readonly #host: VisibilityHost;
  /** Undefined: there is no page. */
  #isVisible: boolean | undefined;
  #stop: (() => void) | undefined;

  constructor(host: VisibilityHost) {
    this.#host = host;
  }

  /** Idempotent. */
  start(): void {
    this.#stop ??= this.#host.runtime.watchVisibility((isVisible) => {
      if (isVisible === this.#isVisible) return;
      this.#isVisible = isVisible;
      this.report();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#isVisible = undefined;
  }

  /** By a sign-in and by a presence channel the server learns whose connection this is. */
  handleFrame({ event, channel }: Pick<Frame, 'event' | 'channel'>): void {
    const { names } = this.#host;
    const isMember =
      event === names.internal('subscription_succeeded') && channel?.startsWith('presence-') === true;
    if (isMember || event === names.platform('signin_success')) this.report();
  }

  /** Once more, as it is. */
  report(): void {
    const visible = this.#isVisible;
    if (visible !== undefined) this.#host.send(this.#host.names.platform('visibility'), { visible });
  }
}
