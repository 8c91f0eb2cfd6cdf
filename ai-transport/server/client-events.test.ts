import { parseTokenCapabilities } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame, TestClient } from '../../core/server/realtime/testing/test-client.ts';
import { type AiRealtime, aiRealtime, CHANNEL, transport } from './testing/ai-realtime.ts';

let server: AiRealtime;
let ann: TestClient;
let bob: TestClient;

beforeEach(async () => {
  server = aiRealtime();
  ann = server.client({ protocol: 2, echo: true });
  bob = server.client({ protocol: 2 });
  for (const client of [ann, bob]) await client.subscribe(CHANNEL);
  await ann.signIn('ann');
  await ann.answers();
});

afterEach(() => server.close());

async function send(frame: object, client = ann): Promise<Frame[]> {
  client.receive({ event: 'ai-input', channel: CHANNEL, data: 'x', ...frame });
  return client.answers();
}

const refused = async (frame: object, client = ann) => {
  const answers = await send(frame, client);
  expect(await bob.answers()).toEqual([]);
  expect(answers).toHaveLength(1);
  const { event, data } = answers[0] ?? { event: '' };
  expect(event).toMatch(/^(sockudo|pusher):error$/);
  return data;
};

describe('what clients may say', () => {
  it('is published with their verified id, and everything else as it came', async () => {
    await send({
      data: { id: 'm', parts: [] },
      message_id: 'msg_1',
      user_id: 'bob',
      tags: { a: 'b' },
      extras: { ai: { transport: { 'run-id': 'r1' }, codec: { type: 'text' } }, headers: { locale: 'en' } },
    });
    const [input] = await bob.answers();
    expect(input).toMatchObject({
      event: 'ai-input',
      data: { id: 'm', parts: [] },
      message_id: 'msg_1',
      user_id: 'ann',
      serial: 1,
      extras: {
        ai: { transport: { 'run-id': 'r1', 'input-client-id': 'ann' }, codec: { type: 'text' } },
        headers: { locale: 'en', sockudo_action: 'message.create' },
      },
    });
    await send({ event: 'ai-cancel', ...transport({ 'run-id': 'r1' }) });
    const [cancel] = await bob.answers();
    expect(cancel).toMatchObject({ extras: { ai: { transport: { 'run-client-id': 'ann' } } } });
    expect(cancel).not.toHaveProperty('user_id');
  });

  it('comes back to them unless they ask it not to', async () => {
    expect(await send({})).toMatchObject([{ event: 'ai-input' }]);
    expect(await send({ extras: { echo: false } })).toEqual([]);
    expect(await bob.answers()).toHaveLength(2);
  });

  it('is published once for each message_id', async () => {
    await send({ message_id: 'm' });
    await send({ message_id: 'm' });
    expect(await bob.answers()).toHaveLength(1);
    expect(await refused({ message_id: 'm', data: 'other' })).toMatchObject({ code: 4000 });
  });

  it('may be asked to be acknowledged', async () => {
    const extras = { ai: { transport: { 'run-id': 'r1' } } };
    const request = { request_id: 'q', channel: CHANNEL, name: 'ai-input', data: 'x', extras };
    ann.request('publish', request);
    expect(await ann.answers()).toMatchObject([{ event: 'sockudo:error', data: { reason: 'auth_failed' } }]);
    ann.connection.capabilities = parseTokenCapabilities({ [CHANNEL]: ['publish'] });
    ann.request('publish', request);
    const answers = await ann.answers();
    expect(answers.map(({ event }) => event).toSorted()).toEqual(['ai-input', 'sockudo:publish_ack']);
  });

  it('tells the webhook client_event only that it was said', async () => {
    const emit = vi.mocked(server.context.webhooks.emit);
    emit.mockClear();
    await send({ data: 'secret' });
    const events = emit.mock.calls.map(([, event]) => event).filter(({ name }) => name === 'client_event');
    expect(events).toEqual([
      { name: 'client_event', channel: CHANNEL, event: 'ai-event', data: null, socket_id: ann.socketId },
    ]);
  });
});

describe('what they may not', () => {
  const notEnabled = { code: 4000, message: 'AI Transport is not enabled for this channel', ai_code: 104003 };

  it('is refused for the first rule that it breaks', async () => {
    const bad = { message_id: '', ...transport({ 'Run-Id': 'x', 'run-client-id': 'bob' }) };
    const old = server.client({ protocol: 1 });
    const stranger = server.client({ protocol: 2 });
    const output = { event: 'ai-output', ...bad };
    expect(await refused({ ...output, channel: undefined }, old)).toEqual({
      code: 4000,
      message: 'channel required for AI event',
    });
    expect(await refused({ ...output, channel: 'private-room' }, old)).toEqual(notEnabled);
    expect(await refused(output, old)).toEqual({
      code: 4000,
      message: 'AI events require protocol v2',
      ai_code: 104003,
    });
    expect(await refused(output, stranger)).toEqual({
      code: 4000,
      message: 'agent AI events require trusted app-key publish',
      ai_code: 104003,
    });
    expect(await refused(bad, stranger)).toEqual({
      code: 4009,
      message: 'Authentication error: AI client events require an authenticated client_id',
    });
    await stranger.signIn('eve');
    expect(await refused(bad, stranger)).toMatchObject({ code: 4000, ai_code: 104000 });
    expect(await refused(transport({ 'run-client-id': 'bob' }), stranger)).toMatchObject({ ai_code: 104002 });
    expect(await refused({}, stranger)).toEqual({
      code: 4301,
      message: `Client event error: Socket ${stranger.socketId} is not subscribed to channel ${CHANNEL}`,
    });
  });

  it.each([
    ['a key with capitals', transport({ 'Run-Id': 'x' }), 104000],
    ['a value that is too long', transport({ 'run-id': 'x'.repeat(257) }), 104001],
    ['an id that is too long', { message_id: 'm'.repeat(65) }, 104001],
    ["somebody else's id", transport({ 'input-client-id': 'bob' }), 104002],
    ['no id in place of one', transport({ 'step-client-id': '' }), 104002],
    ["the server's own headers", { extras: { headers: { sockudo_action: 'message.append' } } }, 104000],
  ])('includes %s', async (_, frame, aiCode) => {
    expect(await refused(frame)).toMatchObject({ code: 4000, ai_code: aiCode });
  });

  it('includes headers that are no texts', async () => {
    expect(await refused({ extras: { ai: { transport: { 'run-id': 1 } } } })).toEqual({
      code: 4000,
      message: 'Invalid message format: Decode failed: extras.ai.transport must be a map of strings',
    });
  });

  it('includes what a channel is closed to', async () => {
    ann.connection.capabilities = parseTokenCapabilities({ '*': ['subscribe'] });
    expect(await refused({})).toMatchObject({ code: 4009 });
  });

  it("includes to put somebody else's id on a message later", async () => {
    await send(transport({ 'run-id': 'r1' }));
    const [{ extras } = { extras: {} }] = await bob.answers();
    const { headers } = extras as { headers: { sockudo_message_serial: string } };
    ann.connection.capabilities = parseTokenCapabilities({ '*': ['publish', 'message-update-own'] });
    const change = (clientId: string) => {
      const more = transport({ 'run-id': 'r1', 'input-client-id': clientId });
      const message_serial = headers.sockudo_message_serial;
      ann.request('mutate', { request_id: 'q', action: 'update', channel: CHANNEL, message_serial, ...more });
      return ann.answers();
    };
    expect(await change('bob')).toMatchObject([
      { event: 'sockudo:error', data: { request_id: 'q', ai_code: 104002 } },
    ]);
    const answers = await change('ann');
    expect(answers).toContainEqual(expect.objectContaining({ event: 'sockudo:mutate_ack' }));
  });

  it('includes more than a message may hold', async () => {
    await server.close();
    server = aiRealtime({ ai: { max_accumulated_message_bytes: 4 } });
    ann = server.client({ protocol: 2, echo: true });
    bob = server.client({ protocol: 2 });
    for (const client of [ann, bob]) await client.subscribe(CHANNEL);
    await ann.signIn('ann');
    expect(await refused({ data: 'xxxxx' })).toEqual({
      code: 4000,
      message: 'accumulated message content exceeds 4 bytes',
      ai_code: 40009,
    });
  });
});
