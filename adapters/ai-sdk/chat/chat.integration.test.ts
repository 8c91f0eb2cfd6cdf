// The AI SDK's own `Chat` on sessions, against a whole server, a worker, and a model in the test's hands.
import { Chat as VueChat } from '@ai-sdk/vue';
import {
  APICallError,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  tool,
  type UIMessage,
  type UIMessageChunk,
} from 'ai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../../ai-transport/client/testing/session-server.ts';
import { createChatTransport, followSession } from '../index.ts';
import {
  type ChatWorld,
  type Device,
  deviceOf,
  finish,
  startChatWorld,
  text,
  textsOf,
  toolCall,
} from '../testing/chat-world.ts';

let world: ChatWorld;
beforeEach(async () => {
  world = await startChatWorld();
});
afterEach(async () => {
  await world.close();
  expect(world.errors).toEqual([]);
});

const isReady = ({ status }: Device['chat']): boolean => status === 'ready';
const readyWith = (count: number) => (chat: Device['chat']) =>
  isReady(chat) && chat.messages.length === count;
const shows =
  (part: string) =>
  ({ messages }: Device['chat']) =>
    textsOf(messages).join('\n').includes(part);

/** What every device shows in the end. */
async function isSame(...devices: readonly Device[]): Promise<readonly UIMessage[]> {
  const [first] = devices;
  const expected = JSON.parse(JSON.stringify(first?.chat.messages ?? []));
  for (const device of devices) {
    await device.until((chat) => isReady(chat) && JSON.stringify(chat.messages).length > 0);
    await device.until(readyWith(expected.length));
    expect(JSON.parse(JSON.stringify(device.chat.messages))).toEqual(expected);
  }
  return expected;
}

describe('a chat', () => {
  it('sends and streams, and another device follows without having asked', async () => {
    const [phone, desktop] = [await world.device(), await world.device()];
    const held = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Hel' },
    );
    const sent = phone.chat.sendMessage({ text: 'Hi' });
    await phone.until(shows('Hel'));
    await desktop.until(shows('Hel'));
    expect(desktop.chat.status).toBe('streaming');
    held.end({ type: 'text-delta', id: '0', delta: 'lo' }, { type: 'text-end', id: '0' }, finish());
    await sent;
    await desktop.until(readyWith(2));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Hi', 'assistant: Hello']);
    await isSame(phone, desktop, await world.device());
    expect(world.model.prompts).toHaveLength(1);
  });

  it('goes on after a reload, and is stopped from another device', async () => {
    const phone = await world.device();
    world.model.holds({ type: 'text-start', id: '0' }, { type: 'text-delta', id: '0', delta: 'Once upon' });
    void phone.chat.sendMessage({ text: 'A story' });
    await phone.until(shows('Once upon'));
    phone.close();
    const [again, other] = [await world.device(), await world.device()];
    await again.until((chat) => chat.status === 'streaming' && shows('Once upon')(chat));
    await other.until((chat) => chat.status === 'streaming' && shows('Once upon')(chat));
    await other.chat.stop();
    await again.until(readyWith(2));
    await until(again.session, ({ runs }) => runs.every(({ status }) => status === 'cancelled'));
    await again.until(({ messages }) => JSON.stringify(messages).includes('"done"'));
    expect(textsOf(again.chat.messages)).toEqual(['user: A story', 'assistant: Once upon']);
    expect(world.model.prompts).toHaveLength(1);
  });

  it('regenerates, and edits under a new id', async () => {
    const phone = await world.device();
    world.model.says(...text('one'), finish());
    await phone.chat.sendMessage({ text: 'Count' });
    world.model.says(...text('two'), finish());
    await phone.chat.regenerate();
    await phone.until(shows('two'));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Count', 'assistant: two']);
    world.model.says(...text('drei'), finish());
    const [question] = phone.chat.messages;
    await phone.chat.sendMessage({ text: 'Zähle', messageId: question?.id ?? '' });
    await phone.until(({ messages }) => messages[0]?.id !== question?.id);
    await phone.until(readyWith(2));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Zähle', 'assistant: drei']);
    expect(phone.session.view().versions(phone.chat.messages[0]?.id ?? '')?.count).toBe(2);
    world.model.says(...text('vier'), finish());
    await phone.chat.sendMessage({ text: 'Weiter' });
    expect(JSON.stringify(world.model.prompts.at(-1))).toContain('drei');
    expect(JSON.stringify(world.model.prompts.at(-1))).not.toContain('two');
    await isSame(phone, await world.device());
    expect(world.model.prompts).toHaveLength(4);
  });

  it('shows another version while one streams, and comes back to it', async () => {
    const phone = await world.device();
    world.model.says(...text('one'), finish());
    await phone.chat.sendMessage({ text: 'Count' });
    const answer = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'tw' },
    );
    void phone.chat.regenerate();
    await phone.until(shows('tw'));
    const view = phone.session.view();
    view.select(phone.chat.messages[1]?.id ?? '', 0);
    await phone.until((chat) => isReady(chat) && shows('one')(chat));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Count', 'assistant: one']);
    view.select(phone.chat.messages[1]?.id ?? '', 1);
    await phone.until((chat) => chat.status === 'streaming' && shows('tw')(chat));
    answer.end({ type: 'text-delta', id: '0', delta: 'o' }, { type: 'text-end', id: '0' }, finish());
    await phone.until((chat) => isReady(chat) && shows('two')(chat));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Count', 'assistant: two']);
    expect(world.model.prompts).toHaveLength(2);
  });

  it('asks for an approval, which another device gives', async () => {
    let executed = 0;
    world.model.tools.book = tool({
      inputSchema: z.object({ day: z.string() }),
      needsApproval: true,
      execute: ({ day }) => {
        executed += 1;
        return { booked: day };
      },
    });
    const phone = await world.device();
    const session = world.server.session('ann');
    const desktop = deviceOf(session, {
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    });
    world.model.says(...toolCall('call_1', 'book', { day: 'Monday' }), finish('tool-calls'));
    await phone.chat.sendMessage({ text: 'Book it' });
    const approvalId = await desktop.until(
      ({ messages }) =>
        messages[1]?.parts.flatMap((part) =>
          'approval' in part && part.state === 'approval-requested' ? [part.approval.id] : [],
        )[0],
    );
    await desktop.until(isReady);
    world.model.says(...text('Booked for Monday.'), finish());
    await desktop.chat.addToolApprovalResponse({ id: approvalId, approved: true });
    await desktop.until(shows('Booked'));
    await desktop.until(readyWith(2));
    await phone.until(shows('Booked'));
    const [, answer] = await isSame(desktop, phone, await world.device());
    expect(answer?.parts.map(({ type }) => type)).toEqual(['step-start', 'tool-book', 'step-start', 'text']);
    expect(answer?.parts[1]).toMatchObject({ state: 'output-available', output: { booked: 'Monday' } });
    expect(executed).toBe(1);
    expect(world.model.prompts).toHaveLength(2);
    desktop.close();
  });

  it('executes a tool in the page, and the run goes on with its output', async () => {
    world.model.tools.locate = tool({ inputSchema: z.object({}) });
    const phone = await world.device();
    world.model.says(...toolCall('call_1', 'locate', {}), finish('tool-calls'));
    await phone.chat.sendMessage({ text: 'Where am I?' });
    await phone.chat.addToolOutput({ tool: 'locate', toolCallId: 'call_1', output: { city: 'Bern' } });
    expect(phone.chat.messages[1]?.parts[1]).toMatchObject({ state: 'output-available' });
    world.model.says(...text('You are in Bern.'), finish());
    await phone.chat.sendMessage();
    await isSame(phone, await world.device());
    expect(textsOf(phone.chat.messages)).toEqual(['user: Where am I?', 'assistant: You are in Bern.']);
    expect(JSON.stringify(world.model.prompts.at(-1))).toContain('Bern');
  });

  it('goes on after answers, one after the other, without telling anything twice', async () => {
    const executed: string[] = [];
    world.model.tools.locate = tool({ inputSchema: z.object({}) });
    world.model.tools.book = tool({
      inputSchema: z.object({}),
      needsApproval: true,
      execute: () => executed.push('book'),
    });
    const told: string[] = [];
    const session = world.server.session('ann');
    const transport = createChatTransport(session);
    const phone: Device = deviceOf(session, {
      transport: {
        ...transport,
        sendMessages: async (request) => {
          const stream = await transport.sendMessages(request);
          return stream.pipeThrough(
            new TransformStream<UIMessageChunk, UIMessageChunk>({
              transform: (chunk, controller) => {
                told.push(chunk.type);
                controller.enqueue(chunk);
              },
            }),
          );
        },
      },
      onToolCall: ({ toolCall: { toolName, toolCallId } }) => {
        if (toolName !== 'locate') return;
        executed.push(toolName);
        void phone.chat.addToolOutput({ tool: toolName, toolCallId, output: { city: 'Bern' } });
      },
      sendAutomaticallyWhen: (event) =>
        lastAssistantMessageIsCompleteWithToolCalls(event) ||
        lastAssistantMessageIsCompleteWithApprovalResponses(event),
    });
    await until(session, ({ status }) => status === 'live');
    world.model.says(...toolCall('call_1', 'locate', {}), finish('tool-calls'));
    world.model.says(...text('In Bern, then.'), ...toolCall('call_2', 'book', {}), finish('tool-calls'));
    world.model.says(...text('Booked.'), finish());
    void phone.chat.sendMessage({ text: 'Book where I am' });
    const id = await phone.until(
      (chat) =>
        isReady(chat) &&
        chat.messages[1]?.parts.flatMap((part) =>
          'approval' in part && part.state === 'approval-requested' ? [part.approval.id] : [],
        )[0],
    );
    await phone.chat.addToolApprovalResponse({ id, approved: true });
    await phone.until((chat) => isReady(chat) && shows('Booked.')(chat));
    expect(executed).toEqual(['locate', 'book']);
    expect(told.filter((type) => type === 'tool-input-available')).toHaveLength(2);
    expect(told).not.toContain('reset-step');
    const [, answer] = await isSame(phone, await world.device());
    expect(answer?.parts.flatMap((part) => ('toolCallId' in part ? [part.state] : []))).toEqual([
      'output-available',
      'output-available',
    ]);
    expect(world.model.prompts).toHaveLength(3);
    expect(JSON.stringify(world.model.prompts[2])).toContain('Bern');
    phone.close();
  });

  it('shows an error, with what had come, and tries again', async () => {
    const phone = await world.device();
    const held = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Half' },
    );
    const sent = phone.chat.sendMessage({ text: 'Go' });
    await phone.until(shows('Half'));
    held.end({ type: 'error', error: new Error('secret of the provider') });
    await sent;
    expect(phone.chat.status).toBe('error');
    expect(phone.chat.error?.message).not.toContain('secret');
    await phone.until(({ messages }) => JSON.stringify(messages).includes('data-error'));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Go', 'assistant: Half']);
    expect(world.errors.splice(0)).toMatchObject([{ name: 'ModelError', code: 'provider_error' }]);
    world.model.says(...text('Whole'), finish());
    await phone.chat.regenerate();
    await phone.until(shows('Whole'));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Go', 'assistant: Whole']);
  });

  it('shows what the next attempt says, where the first one broke off', async () => {
    const [phone, desktop] = [await world.device(), await world.device()];
    const first = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Half' },
    );
    const sent = phone.chat.sendMessage({ text: 'Go' });
    await phone.until(shows('Half'));
    await desktop.until(shows('Half'));
    world.model.says(...text('Whole'), finish());
    const cause = { url: 'u', requestBodyValues: {}, statusCode: 503, message: 'overloaded' };
    first.end({ type: 'error', error: new APICallError(cause) });
    await sent;
    expect(textsOf(phone.chat.messages)).toEqual(['user: Go', 'assistant: Whole']);
    await desktop.until(readyWith(2));
    await isSame(phone, desktop, await world.device());
    expect(world.errors.splice(0)).toMatchObject([{ name: 'ModelError', code: 'overloaded', status: 503 }]);
  });

  it('is a Vue chat as well', async () => {
    const phone = await world.device();
    const session = world.server.session('ann');
    const chat = new VueChat<UIMessage>({ transport: createChatTransport(session) });
    const stop = followSession(chat, session);
    const answer = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Hel' },
    );
    const sent = phone.chat.sendMessage({ text: 'Hi' });
    await phone.until(shows('Hel'));
    await expect.poll(() => chat.status).toBe('streaming');
    expect(textsOf(chat.messages).join()).toContain('Hel');
    answer.end({ type: 'text-delta', id: '0', delta: 'lo' }, { type: 'text-end', id: '0' }, finish());
    await sent;
    await expect.poll(() => chat.status).toBe('ready');
    expect(textsOf(chat.messages)).toEqual(['user: Hi', 'assistant: Hello']);
    world.model.says(...text('Again'), finish());
    await chat.sendMessage({ text: 'And' });
    expect(textsOf(chat.messages).at(-1)).toBe('assistant: Again');
    stop();
  });

  it('is told when what it says is refused', async () => {
    const session = world.server.session('ann', {
      client: world.server.client('ann', { operations: ['subscribe', 'history'] }),
    });
    const phone = deviceOf(session);
    await until(session, ({ status }) => status === 'live');
    await phone.chat.sendMessage({ text: 'Hi' });
    expect(phone.chat.status).toBe('error');
    expect(phone.chat.error).toMatchObject({ name: 'SessionError', code: 'refused' });
    phone.close();
  });

  it('shows a snapshot at once, before there is a connection', async () => {
    const phone = await world.device();
    world.model.says(...text('Hello'), finish());
    await phone.chat.sendMessage({ text: 'Hi' });
    const session = world.server.session('ann', {
      // As if there were more to read: nobody waits for that here.
      snapshot: { ...phone.session.snapshot(), hasOlder: true },
    });
    const again = deviceOf(session);
    await again.until(({ messages }) => messages.length === 2);
    expect(session.status).toBe('connecting');
    expect(textsOf(again.chat.messages)).toEqual(['user: Hi', 'assistant: Hello']);
    again.close();
  });

  it('shows older messages while it streams', async () => {
    const phone = await world.device();
    for (let turn = 0; turn < 20; turn += 1) {
      world.model.says(...text(`answer ${turn}`), finish());
      await phone.chat.sendMessage({ text: `question ${turn}` });
    }
    const answer = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'last' },
    );
    const sent = phone.chat.sendMessage({ text: 'one more' });
    await phone.until(shows('last'));
    const desktop = await world.device();
    await desktop.until((chat) => chat.status === 'streaming' && shows('last')(chat));
    expect(desktop.chat.messages.length).toBeGreaterThanOrEqual(20);
    expect(desktop.chat.messages.length).toBeLessThan(42);
    while (desktop.session.hasOlder) await desktop.session.loadOlder();
    await desktop.until(({ messages }) => messages.length === 42);
    expect(desktop.chat.status).toBe('streaming');
    answer.end({ type: 'text-end', id: '0' }, finish());
    await sent;
    await desktop.until(readyWith(42));
    expect(textsOf(desktop.chat.messages).slice(0, 2)).toEqual(['user: question 0', 'assistant: answer 0']);
  });

  it('sends a message once, however often it is told to', async () => {
    const phone = await world.device();
    world.model.says(...text('Hello'), finish());
    const message = { id: 'greeting', role: 'user', parts: [{ type: 'text', text: 'Hi' }] } as const;
    await Promise.all([
      phone.chat.sendMessage({ ...message, parts: [...message.parts] }),
      phone.chat.sendMessage({ ...message, parts: [...message.parts] }),
    ]);
    await phone.until(readyWith(2));
    expect(textsOf(phone.chat.messages)).toEqual(['user: Hi', 'assistant: Hello']);
    expect(world.model.prompts).toHaveLength(1);
  });

  it('sends files and metadata, and the model gets them', async () => {
    const phone = await world.device();
    world.model.says(...text('A picture'), finish());
    await phone.chat.sendMessage({
      text: 'What is this?',
      files: [{ type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' }],
      metadata: { from: 'camera' },
    });
    const [question, answer] = await isSame(phone, await world.device());
    expect(question?.parts.map(({ type }) => type)).toEqual(['file', 'text']);
    expect(question?.metadata).toEqual({ from: 'camera' });
    expect(answer?.metadata).toMatchObject({ usage: { inputTokens: 3, outputTokens: 5 } });
    expect(JSON.stringify(world.model.prompts[0])).toContain('image/png');
  });
});
