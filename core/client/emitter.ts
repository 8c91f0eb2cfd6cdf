/**
 * Handlers by event name, as Pusher users know them: bind, unbind, bind_global, unbind_global, unbind_all.
 * Must not know: what the events mean. A handler that throws is reported and disturbs nobody else.
 */
import type { JsonObject } from '@sockudo/protocol';
import type { Serial } from './frame.ts';

/** What a handler learns besides the data. Every member is absent where the frame did not carry it (protocol 7: nearly all). */
export interface EventMetadata {
  /** The channel the frame was published on; on a pattern subscription the real one. */
  readonly channel?: string;
  /** Presence channels: who sent a client event, vouched for by the server. */
  readonly user_id?: string;
  /** Original event name of a `sockudo:message.*` frame. */
  readonly name?: string;
  readonly message_id?: string;
  readonly stream_id?: string;
  readonly serial?: Serial;
  readonly tags?: JsonObject;
  readonly extras?: JsonObject;
  /** Messages that can change: the text that the data was parsed from. Appends add to it. */
  readonly rawData?: string;
}

/** A handler of one event. */
export type EventHandler<Data = unknown> = (data: Data, metadata: EventMetadata) => void;

/** A handler of every event. */
export type GlobalHandler = (event: string, data: unknown, metadata: EventMetadata) => void;

/** No declared events: every name may be bound, data is whatever the handler says it is. */
export type Undeclared = Record<never, never>;

/** A handler whose data type was settled by `bind`'s signature. */
type AnyHandler = (data: never, metadata: EventMetadata) => void;

interface Binding {
  readonly handler: AnyHandler;
  readonly context: unknown;
}

const NO_METADATA: EventMetadata = Object.freeze({});

/** How an emitter files names and where exceptions of handlers go. */
export interface EmitterOptions {
  /** Name under which handlers of an event are kept; default: the name itself. */
  readonly handlerKey?: (event: string) => string;
  /** Receives what handlers throw. */
  readonly report: (error: unknown) => void;
}

/**
 * `Events` maps event names to their data. Names it lists are typed; any other name may be bound with a type of the handler's
 * own choosing. Handlers run in the order of binding; global ones first.
 */
export class Emitter<Events extends object = Undeclared> {
  readonly #handlerKey: (event: string) => string;
  readonly #report: (error: unknown) => void;
  /** Lists are replaced, never changed: an emit under way sees the list it began with. */
  readonly #bindings = new Map<string, readonly Binding[]>();
  #global: readonly GlobalHandler[] = [];

  constructor(options: EmitterOptions) {
    this.#handlerKey = options.handlerKey ?? ((event) => event);
    this.#report = options.report;
  }

  /** Calls `handler` for every `event`. `context` becomes its `this`. */
  bind<Name extends keyof Events & string>(
    event: Name,
    handler: EventHandler<Events[Name]>,
    context?: unknown,
  ): this;
  bind<Data = unknown, Name extends string = string>(
    event: Name & (Name extends keyof Events ? never : unknown),
    handler: EventHandler<Data>,
    context?: unknown,
  ): this;
  bind(event: string, handler: AnyHandler, context?: unknown): this {
    const key = this.#handlerKey(event);
    this.#bindings.set(key, [...(this.#bindings.get(key) ?? []), { handler, context }]);
    return this;
  }

  /** Removes the bindings that match everything given: all of an event, all of a handler, all of a context, or all. */
  unbind(event?: string, handler?: AnyHandler, context?: unknown): this {
    const keys = event === undefined ? [...this.#bindings.keys()] : [this.#handlerKey(event)];
    for (const key of keys) {
      const kept = (this.#bindings.get(key) ?? []).filter(
        (binding) =>
          (handler !== undefined && binding.handler !== handler) ||
          (context !== undefined && binding.context !== context),
      );
      if (kept.length === 0) this.#bindings.delete(key);
      else this.#bindings.set(key, kept);
    }
    return this;
  }

  /** Calls `handler` for every event whatsoever, with the event's name first. */
  bind_global(handler: GlobalHandler): this {
    this.#global = [...this.#global, handler];
    return this;
  }

  /** Removes one global handler, or all of them. */
  unbind_global(handler?: GlobalHandler): this {
    this.#global = handler === undefined ? [] : this.#global.filter((bound) => bound !== handler);
    return this;
  }

  /** Removes every handler, global ones too. */
  unbind_all(): this {
    return this.unbind().unbind_global();
  }

  /** For internal use: calls the handlers of `event`. */
  emit(event: string, data?: unknown, metadata: EventMetadata = NO_METADATA): this {
    for (const handler of this.#global) this.#call(() => handler(event, data, metadata));
    for (const { handler, context } of this.#bindings.get(this.#handlerKey(event)) ?? []) {
      // CAST: bind's signature tied the handler's parameter to the event; what is on the wire is the publisher's word.
      this.#call(() => handler.call(context, data as never, metadata));
    }
    return this;
  }

  #call(invoke: () => void): void {
    try {
      invoke();
    } catch (error) {
      // The application's exception is the application's: made visible, but it stops neither other handlers nor the socket.
      this.#report(error);
    }
  }
}
