// What was sent when the connection broke, and whose answer was lost with it: it is there once, whether it had arrived or not.
import { expect, it, onTestFinished } from 'vitest';
import { Conversation } from '../testing/conversation.ts';
import { type Scripted, scripted, sessionAnswer } from '../testing/scripted.ts';

const SESSION = 'sockudo:ai_session';

interface Sent {
  readonly request_id: string;
  readonly message_id: string;
  readonly data: string;
  readonly extras: { readonly ai: { readonly transport: Record<string, string> } };
}

/** A run that works, and somebody who is about to add to it. */
async function world() {
  const channel = new Conversation();
  channel.ask('r1', 'u1');
  channel.start('r1');
  const made = scripted();
  onTestFinished(() => {
    made.session.close();
    made.client.disconnect();
  });
  await made.attach();
  await made.answer(SESSION, sessionAnswer(channel));
  return { channel, made };
}

// CAST: the shape of what the client sends.
const publishes = ({ sent }: Scripted) => sent('sockudo:publish') as Sent[];

const store = (channel: Conversation, { message_id, data, extras }: Sent): void =>
  void channel.publish('ai-input', extras.ai.transport, { data, messageId: message_id });

const steersOf = ({ session }: Scripted) => session.view().messages.filter(({ id }) => id !== 'u1');

it('a steer that had arrived is not sent again, and shown once', async () => {
  const { channel, made } = await world();
  const { published, messageId } = made.session.steer('r1', 'And now?');
  const [first] = publishes(made);
  if (first === undefined) throw new Error('nothing was sent');
  store(channel, first);
  await made.reconnect();
  expect(steersOf(made)).toMatchObject([{ id: messageId, status: 'sending' }]);
  await made.answer(SESSION, sessionAnswer(channel));
  expect(await published).toMatchObject({ serial: channel.head });
  made.runtime.advance(60_000);
  expect(publishes(made)).toEqual([]);
  expect(steersOf(made)).toMatchObject([{ id: messageId, status: 'complete', runId: 'r1' }]);
});

it('a steer that had not arrived is sent again with the same ids, once', async () => {
  const { channel, made } = await world();
  const { published, messageId } = made.session.steer('r1', 'And now?');
  const [first] = publishes(made);
  await made.reconnect();
  expect(publishes(made)).toEqual([]);
  await made.answer(SESSION, sessionAnswer(channel));
  made.runtime.advance(60_000);
  const [again, ...more] = publishes(made);
  expect(more).toEqual([]);
  if (first === undefined || again === undefined) throw new Error('nothing was sent');
  expect({ ...again, request_id: '' }).toEqual({ ...first, request_id: '' });
  store(channel, again);
  await made.deliver(channel.frame(channel.head));
  expect(await published).toMatchObject({ serial: channel.head });
  expect(steersOf(made)).toMatchObject([{ id: messageId, status: 'complete' }]);
});

it('a send outlives any number of losses', async () => {
  const { channel, made } = await world();
  const { published, messageId } = made.session.send('Hello');
  for (let loss = 0; loss < 8; loss += 1) {
    expect(publishes(made)).toHaveLength(1);
    await made.reconnect();
    await made.answer(SESSION, sessionAnswer(channel));
  }
  expect(made.session.message(messageId)?.status).toBe('sending');
  const [last] = publishes(made);
  if (last === undefined) throw new Error('nothing was sent');
  store(channel, last);
  await made.deliver(channel.frame(channel.head));
  expect(await published).toMatchObject({ serial: channel.head });
});
