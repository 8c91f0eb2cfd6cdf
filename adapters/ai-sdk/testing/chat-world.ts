// A whole server with a worker that answers with the AI SDK and a model in the test's hands, and chats on sessions.
import { Chat } from '@ai-sdk/react';
import { type ChatInit, isStepCount, streamText, type ToolSet, type UIMessage } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { type Agent, createAgent, createWorker, type Worker } from '../../../ai-transport/agent/index.ts';
import type { Session } from '../../../ai-transport/client/index.ts';
import {
  CHANNEL,
  type SessionServer,
  startSessionServer,
  until,
} from '../../../ai-transport/client/testing/session-server.ts';
import { answerWith } from '../agent/index.ts';
import { createChatTransport, followSession } from '../index.ts';

type Parts =
  Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer Part>
    ? Part
    : never;

const usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 5, text: 5, reasoning: undefined },
};

export const finish = (unified: 'stop' | 'tool-calls' = 'stop'): Parts => ({
  type: 'finish',
  finishReason: { unified, raw: unified },
  usage,
});

export const text = (...deltas: readonly string[]): Parts[] => [
  { type: 'text-start', id: '0' },
  ...deltas.map((delta) => ({ type: 'text-delta', id: '0', delta }) as const),
  { type: 'text-end', id: '0' },
];

export const toolCall = (toolCallId: string, toolName: string, input: object): Parts[] => [
  { type: 'tool-input-start', id: toolCallId, toolName },
  { type: 'tool-input-delta', id: toolCallId, delta: JSON.stringify(input) },
  { type: 'tool-input-end', id: toolCallId },
  { type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) },
];

/** A stream that the test lets go on. */
export interface Held {
  push(...parts: readonly Parts[]): void;
  end(...parts: readonly Parts[]): void;
}

/** Answers each call with what it was given for it, in order. */
export class Model {
  /** What it was asked with. */
  readonly prompts: unknown[] = [];
  readonly tools: ToolSet = {};
  readonly #answers: ReadableStream<Parts>[] = [];
  readonly model = new MockLanguageModelV4({
    doStream: async ({ prompt }) => {
      this.prompts.push(prompt);
      const stream = this.#answers.shift();
      if (stream === undefined) throw new Error('The model was called once too often');
      return { stream };
    },
  });

  says(...parts: readonly Parts[]): void {
    const { end } = this.holds(...parts);
    end();
  }

  holds(...parts: readonly Parts[]): Held {
    const { readable, writable } = new TransformStream<Parts, Parts>(undefined, { highWaterMark: 1e4 });
    const writer = writable.getWriter();
    const push = (...more: readonly Parts[]): void => {
      for (const part of more) void writer.write(part).catch(() => {});
    };
    push({ type: 'stream-start', warnings: [] }, ...parts);
    this.#answers.push(readable);
    return {
      push,
      end(...more) {
        push(...more);
        void writer.close().catch(() => {});
      },
    };
  }
}

export interface ChatWorld {
  readonly server: SessionServer;
  readonly agent: Agent;
  readonly model: Model;
  /** Errors of workers. */
  readonly errors: unknown[];
  /** A device: a session of its own, and a chat that follows it. */
  device(user?: string): Promise<Device>;
  close(): Promise<void>;
}

export interface Device {
  readonly session: Session;
  readonly chat: Chat<UIMessage>;
  /** Resolves once the chat is so. */
  until<Value>(look: (chat: Chat<UIMessage>) => Value | false | undefined): Promise<Value>;
  close(): void;
}

export async function startChatWorld(): Promise<ChatWorld> {
  const server = await startSessionServer();
  const { app, host, port } = server;
  const agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
  const model = new Model();
  const errors: unknown[] = [];
  const worker: Worker = createWorker({
    agent,
    channelPrefix: CHANNEL,
    waitMs: 200,
    graceMs: 100,
    onError: (error) => errors.push(error),
    handle: answerWith(
      ({ messages, signal }) =>
        streamText({
          model: model.model,
          messages,
          abortSignal: signal,
          tools: model.tools,
          stopWhen: isStepCount(5),
          onError: () => {},
        }),
      { tools: model.tools },
    ),
  });
  const devices: Device[] = [];
  return {
    ...{ server, agent, model, errors },
    async device(user = 'ann') {
      const device = deviceOf(server.session(user));
      devices.push(device);
      await until(device.session, ({ status }) => status === 'live');
      return device;
    },
    async close() {
      for (const device of devices) device.close();
      await worker.stop({ graceMs: 0 });
      await server.close();
    },
  };
}

export function deviceOf(session: Session, more: Partial<ChatInit<UIMessage>> = {}): Device {
  const chat = new Chat<UIMessage>({ transport: createChatTransport(session), ...more });
  const stop = followSession(chat, session);
  const listeners = new Set<() => void>();
  const told = (): void => {
    for (const listener of [...listeners]) listener();
  };
  chat['~registerMessagesCallback'](told);
  chat['~registerStatusCallback'](told);
  return {
    session,
    chat,
    close: stop,
    until: (look) =>
      new Promise((resolve) => {
        const check = (): void => {
          const value = look(chat);
          if (value === false || value === undefined) return;
          listeners.delete(check);
          resolve(value);
        };
        listeners.add(check);
        check();
      }),
  };
}

export const textsOf = (messages: readonly UIMessage[]): string[] =>
  messages.map(
    ({ role, parts }) => `${role}: ${parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}`,
  );
