/** A server, a worker whose model the test is, and agents of AG-UI on sessions of users. For integration tests. */
import type { Event, Message } from '@ag-ui/core';
import type { Session } from '@sockudo/ai-transport';
import { createAgent, createWorker, type RunHandler } from '@sockudo/ai-transport/agent';
import { type ModelEvent, writeModel } from '@sockudo/ai-transport/model';
import {
  CHANNEL,
  type SessionServer,
  startSessionServer,
} from '../../../ai-transport/client/testing/session-server.ts';
import { SessionAgent } from '../agent.ts';
import { expectValid } from './reader.ts';

export interface World {
  readonly server: SessionServer;
  /** What the worker does with a run. */
  handle: RunHandler;
  /** A user's agent, on a session of its own. */
  agent(userId: string, session?: Session): Watched;
  close(): Promise<void>;
}

export interface Watched {
  readonly agent: SessionAgent;
  readonly session: Session;
  /** All that was told, in its order. */
  readonly events: Event[];
  /** Says something and resolves when its run has ended, or the reader was left alone. */
  say(words: string, id?: string): Promise<void>;
  /** Resolves once such an event was told. */
  heard(is: (event: Event) => boolean): Promise<Event>;
}

export async function startWorld(): Promise<World> {
  const server = await startSessionServer();
  const { app, host, port } = server;
  const agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
  const world: World = {
    server,
    handle: async () => {},
    agent: (userId, session = server.session(userId)) => watched(new SessionAgent({ session })),
    async close() {
      await worker.stop({ graceMs: 0 });
      await server.close();
    },
  };
  const worker = createWorker({
    agent,
    channelPrefix: CHANNEL,
    waitMs: 500,
    onError() {},
    handle: (...all) => world.handle(...all),
  });
  return world;
}

function watched(agent: SessionAgent): Watched {
  const events: Event[] = [];
  let wake = Promise.withResolvers<void>();
  agent.subscribe({
    onEvent({ event }) {
      // CAST: checked right there.
      expectValid([event as Event]);
      events.push(event as Event);
      wake.resolve();
      wake = Promise.withResolvers();
    },
  });
  return {
    agent,
    session: agent.session,
    events,
    async say(words, id = crypto.randomUUID()) {
      agent.addMessage({ id, role: 'user', content: words });
      await agent.runAgent();
    },
    async heard(is) {
      for (;;) {
        const found = events.find(is);
        if (found !== undefined) return found;
        await wake.promise;
      }
    },
  };
}

/** Resolves once it is so: agents tell of no change at its very end. */
export async function comesTrue(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** A handler that lets a model say this; what is a promise is waited for. */
export const saying =
  (...all: (ModelEvent | Promise<unknown>)[]): RunHandler =>
  async (run) => {
    async function* events(): AsyncGenerator<ModelEvent> {
      for (const each of all) {
        if (each instanceof Promise) await each;
        else yield each;
      }
    }
    await writeModel(run, events());
  };

export const words = (id: string, ...pieces: string[]): ModelEvent[] => [
  { type: 'text-start', id },
  ...pieces.map((text): ModelEvent => ({ type: 'text-delta', id, text })),
  { type: 'text-end', id },
];

export const typesOf = (events: readonly Event[]): string[] =>
  events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);

/** Without ids, which are made up. */
export const lineOf = (messages: readonly Message[]): unknown[] =>
  messages.map(({ role, content }) => [role, content]);
