// A bus inside one process for tests: as many ends as nodes, and a hand on what it loses, delays and swaps.
import type { Bus, BusListener, BusState } from '../../ports/bus.ts';

type Frame = { readonly topic: string; readonly text: string };

export interface MemoryBusNet {
  end(): MemoryBusEnd;
}

export interface MemoryBusEnd extends Bus {
  /** Frames for this end that wait until `take` is called; null: they arrive at once. */
  held: Frame[] | null;
  /** Delivers the held frame at this place. */
  take(index: number): void;
  /** Loses everything until it is set up again. */
  setState(state: BusState): void;
}

export function createMemoryBusNet(): MemoryBusNet {
  const ends: (MemoryBusEnd & { arrive(frame: Frame): void })[] = [];
  return {
    end() {
      const end = createEnd((frame) => {
        for (const other of ends) other.arrive(frame);
      });
      ends.push(end);
      return end;
    },
  };
}

function createEnd(send: (frame: Frame) => void): MemoryBusEnd & { arrive(frame: Frame): void } {
  const topics = new Set<string>();
  const prefixes = new Set<string>();
  let listener: BusListener | null = null;
  let state: BusState = 'up';

  function deliver({ topic, text }: Frame): void {
    if (topics.has(topic)) listener?.onMessage(text);
    for (const prefix of prefixes) if (topic.startsWith(prefix)) listener?.onMessage(text);
  }

  const end: MemoryBusEnd & { arrive(frame: Frame): void } = {
    held: null,
    counts: { reconnections: 0, pending: 0 },
    get state() {
      return state;
    },
    listen(newListener) {
      listener = newListener;
    },
    async publish(topic, text) {
      if (state === 'down') throw new Error('the bus is down');
      send({ topic, text });
    },
    async subscribe(topic) {
      topics.add(topic);
    },
    unsubscribe: (topic) => topics.delete(topic),
    async subscribePrefix(prefix) {
      prefixes.add(prefix);
    },
    unsubscribePrefix: (prefix) => prefixes.delete(prefix),
    async close() {
      listener = null;
    },
    arrive(frame) {
      if (state === 'down') return;
      if (end.held === null) deliver(frame);
      else end.held.push(frame);
    },
    take(index) {
      const [frame] = end.held?.splice(index, 1) ?? [];
      if (frame !== undefined) deliver(frame);
    },
    setState(newState) {
      state = newState;
      listener?.onState(newState);
    },
  };
  return end;
}
