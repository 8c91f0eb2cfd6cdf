// Sessions on a scripted socket: servers that know no sessions, losses at awkward moments, refusals.
import { describe, expect, it, onTestFinished } from 'vitest';
import { settled } from '../../../core/client/testing/fake-runtime.ts';
import { runToJson } from '../../wire/index.ts';
import { Conversation } from '../testing/conversation.ts';
import { historyPage, type Scripted, scripted, sessionAnswer } from '../testing/scripted.ts';
import { messageText } from '../testing/session-under-test.ts';

const HISTORY = 'sockudo:channel_history';
const SESSION = 'sockudo:ai_session';

const texts = ({ session }: Scripted): string[] => session.view().messages.map(messageText);
const statuses = ({ session }: Scripted): string[] => session.view().messages.map(({ status }) => status);
const closing = (made: Scripted): Scripted => {
  onTestFinished(() => {
    made.session.close();
    made.client.disconnect();
  });
  return made;
};

/** One question, and half an answer. */
function talk(): { channel: Conversation; key: string } {
  const channel = new Conversation();
  channel.ask('r1', 'u1');
  channel.start('r1');
  const key = channel.open('r1', 'a1');
  channel.append(key, 'one ');
  return { channel, key };
}

const run = (status: 'running' | 'lost', serial: number, updatedAtMs: number): object =>
  runToJson({
    runId: 'r1',
    status,
    generation: 1,
    attempt: 1,
    followUps: [],
    cancelRequested: false,
    createdAtMs: 1,
    updatedAtMs,
    serial,
    ...(status === 'lost' && { error: { code: 'lease_expired' } }),
  });

/** Live on a server that keeps runs. */
async function live(channel: Conversation, recovers = false): Promise<Scripted> {
  const made = closing(scripted({}, recovers));
  await made.attach();
  await made.answer(SESSION, sessionAnswer(channel, { runs: [run('running', 2, 1)] }));
  expect(made.session.status).toBe('live');
  // Asked for in case that the server knows no sessions.
  await made.answer(HISTORY, historyPage(channel));
  return made;
}

describe('on Sockudo 5', () => {
  it('reads the history when nobody answers for a session, and sends client events', async () => {
    const { channel } = talk();
    const made = closing(scripted());
    expect(made.session.status).toBe('connecting');
    await made.attach();
    expect(made.session.status).toBe('attaching');
    expect([made.sent(SESSION), made.sent(HISTORY)].map(({ length }) => length)).toEqual([1, 1]);
    await made.answer(HISTORY, historyPage(channel));
    expect(made.session.status).toBe('live');
    expect(texts(made)).toEqual(['question u1', 'one ']);
    const { published, messageId } = made.session.send('Next');
    const frame = made.socket().sent.at(-1) as unknown as {
      message_id: string;
      extras: unknown;
      data: unknown;
    };
    expect(frame).toMatchObject({
      event: 'ai-input',
      data: 'Next',
      extras: {
        ai: { transport: { 'codec-message-id': messageId, parent: 'a1', 'event-id': frame.message_id } },
      },
    });
    expect(statuses(made).at(-1)).toBe('sending');
    channel.ask('r2', messageId, { parent: 'a1', 'event-id': frame.message_id }, 'Next');
    await made.deliver(channel.frame(channel.head));
    expect(await published).toMatchObject({ serial: channel.head });
    expect(statuses(made).at(-1)).toBe('complete');
    expect(texts(made)).toHaveLength(3);
  });

  it('says that it does not know when nothing comes back', async () => {
    const made = closing(scripted());
    await made.attach();
    await made.answer(HISTORY, historyPage(new Conversation()));
    const { published, messageId } = made.session.send('Hello?');
    const outcome = expect(published).rejects.toMatchObject({ code: 'unconfirmed' });
    await settled();
    made.runtime.advance(30_000);
    await outcome;
    expect(statuses(made)).toEqual(['failed']);
    expect(made.session.retrySend(messageId)).toBe(true);
    expect(statuses(made)).toEqual(['sending']);
  });

  it('sends again after a loss only what did not arrive', async () => {
    const made = closing(scripted());
    const channel = new Conversation();
    await made.attach();
    await made.answer(HISTORY, historyPage(channel));
    const [first, second] = [made.session.send('one'), made.session.send('two')];
    const ids = made
      .socket()
      .sent.slice(-2)
      .map((frame) => Object(frame).message_id);
    channel.ask(first.runId, first.messageId, { 'event-id': ids[0] }, 'one');
    await made.reconnect();
    expect(made.sent('ai-input')).toEqual([]);
    await made.answer(HISTORY, historyPage(channel));
    expect(await first.published).toMatchObject({ serial: 1 });
    expect(made.sent('ai-input')).toEqual(['two']);
    expect(Object(made.socket().sent.at(-1)).message_id).toBe(ids[1]);
    expect(second.messageId).toBe(made.session.view().messages.at(-1)?.id);
  });
});

describe('after a loss', () => {
  it('shows what it had until all of it is read anew, with what came meanwhile', async () => {
    const { channel, key } = talk();
    const made = await live(channel);
    channel.append(key, 'two ');
    await made.reconnect();
    expect(made.session.status).toBe('recovering');
    expect(texts(made)).toEqual(['question u1', 'one ']);
    const readAt = channel.head;
    channel.append(key, 'three ');
    channel.append(key, 'four');
    // Live before the answer that was read before it.
    await made.deliver(channel.mergedFrame(readAt + 1, readAt + 2));
    expect(texts(made)).toEqual(['question u1', 'one ']);
    await made.answer(SESSION, sessionAnswer(channel, { at: readAt, above: 1, hasMore: true }));
    expect(made.session.status).toBe('recovering');
    await made.answer(HISTORY, historyPage(channel, { at: readAt, below: 2 }));
    expect(made.session.status).toBe('live');
    expect(texts(made)).toEqual(['question u1', 'one two three four']);
  });

  it('goes on from a resume without reading more', async () => {
    const { channel, key } = talk();
    const made = await live(channel, true);
    channel.append(key, 'two ');
    const missed = channel.head;
    await made.deliver(channel.frame(missed));
    channel.append(key, 'three');
    await made.reconnect();
    expect(made.sent('sockudo:resume')).toHaveLength(1);
    await made.deliver(channel.frame(channel.head));
    expect(texts(made)[1]).toBe('one two ');
    const position = { stream_id: 'stream-1', serial: channel.head };
    const recovered = [{ channel: made.session.channel, source: 'hot', replayed: 1, position }];
    await made.answer('sockudo:resume_success', { recovered, failed: [] });
    expect(texts(made)[1]).toBe('one two three');
    await made.answer(SESSION, sessionAnswer(channel, { above: 3, hasMore: true }));
    expect(made.session.status).toBe('live');
    expect(texts(made)).toEqual(['question u1', 'one two three']);
    expect(made.sent(HISTORY)).toEqual([]);
  });

  it('cancels nothing', async () => {
    const made = await live(talk().channel);
    await made.reconnect();
    made.client.disconnect();
    expect(made.session.status).toBe('offline');
    made.session.close();
    for (const socket of made.runtime.sockets) expect(JSON.stringify(socket.sent)).not.toContain('ai-cancel');
  });

  it('begins anew when the channel did', async () => {
    const { channel } = talk();
    const made = await live(channel);
    const other = channel.frame(1);
    await made.deliver({ ...other, metadata: { ...other.metadata, stream_id: 'stream-2', message_id: 'x' } });
    expect(made.session.status).toBe('recovering');
    await made.answer(SESSION, {
      ...sessionAnswer(new Conversation()),
      position: { stream_id: 'stream-2', serial: 0 },
    });
    expect(made.session.status).toBe('live');
    expect(texts(made)).toEqual([]);
  });
});

describe('the state of a run', () => {
  it("is the server's word: what it calls lost does not stream", async () => {
    const { channel } = talk();
    const made = await live(channel);
    expect(statuses(made)).toEqual(['complete', 'streaming']);
    await made.answer('sockudo:ai_run', { channel: made.session.channel, run: run('lost', channel.head, 2) });
    expect(statuses(made)).toEqual(['complete', 'error']);
    expect(made.session.run('r1')).toMatchObject({ status: 'lost', error: { code: 'lease_expired' } });
  });

  it("of another channel is nobody's here", async () => {
    const { channel } = talk();
    const made = await live(channel);
    made.socket().receive({ event: 'sockudo:ai_run', data: { channel: 'other', run: run('lost', 9, 9) } });
    await settled();
    expect(made.session.run('r1')?.status).toBe('running');
  });
});

describe('what goes wrong', () => {
  it('asks for a refused channel again when the page is back', async () => {
    const made = closing(scripted());
    made.socket().establish({ prefix: 'sockudo' });
    await made.answer('sockudo_internal:subscription_error', { type: 'AuthError', error: 'no', status: 403 });
    expect(made.session.status).toBe('failed');
    expect(made.session.error).toMatchObject({ code: 'refused' });
    made.wake();
    expect(made.sent('sockudo:subscribe')).toHaveLength(2);
    await made.answer('sockudo_internal:subscription_succeeded', '{}');
    await made.answer(SESSION, sessionAnswer(new Conversation()));
    expect(made.session).toMatchObject({ status: 'live', error: null });
  });

  it('reads again when reading fails', async () => {
    const made = closing(scripted());
    await made.attach();
    made.socket().receive({
      event: 'sockudo:error',
      data: { code: 4301, message: 'Too many concurrent history requests' },
    });
    await settled();
    expect(made.session).toMatchObject({ status: 'attaching', error: { code: 'history_failed' } });
    made.runtime.advance(2_000);
    expect(made.sent(SESSION)).toHaveLength(2);
  });

  it('does not take an answer for the question that came after it', async () => {
    const { channel, key } = talk();
    const made = await live(channel);
    const reset = channel.frame(1);
    await made.deliver({ ...reset, metadata: { ...reset.metadata, stream_id: 'gone', message_id: 'x' } });
    await made.answer('sockudo_internal:subscription_succeeded', '{}');
    expect(made.sent(SESSION)).toHaveLength(3);
    const early = channel.head;
    channel.append(key, 'two');
    await made.answer(SESSION, sessionAnswer(channel, { at: early }));
    expect(made.session.status).toBe('recovering');
    await made.answer(SESSION, sessionAnswer(channel));
    expect(made.session.status).toBe('live');
    expect(texts(made)[1]).toBe('one two');
  });

  it('keeps no more than 64 sends', () => {
    const made = closing(scripted());
    const sends = Array.from({ length: 65 }, (_, index) => made.session.send(`${index}`).published);
    made.session.close();
    return Promise.all([
      expect(sends[64]).rejects.toMatchObject({ code: 'outbox_full' }),
      expect(sends[0]).rejects.toMatchObject({ code: 'closed' }),
    ]);
  });

  it('is closed for good', async () => {
    const made = await live(talk().channel);
    made.session.close();
    expect(() => made.session.send('x')).toThrow(expect.objectContaining({ code: 'closed' }));
    await expect(made.session.loadOlder()).rejects.toMatchObject({ code: 'closed' });
    expect(made.client.channel(made.session.channel)).toBeUndefined();
    expect(made.session.status).toBe('closed');
  });

  it('has no message or run that nobody knows', async () => {
    const made = await live(talk().channel);
    const unknown = (code: string) => expect.objectContaining({ code });
    expect(() => made.session.edit('x', 'y')).toThrow(unknown('unknown_message'));
    expect(() => made.session.regenerate('x')).toThrow(unknown('unknown_message'));
    expect(() => made.session.steer('x', 'y')).toThrow(unknown('unknown_run'));
  });
});
