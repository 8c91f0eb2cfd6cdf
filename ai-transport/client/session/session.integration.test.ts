// Sessions against a real server with the AI plug-in, stores in memory.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CHANNEL,
  isLive,
  line,
  type SessionServer,
  startSessionServer,
  until,
} from '../testing/session-server.ts';
import { createSession, messageText, type Session } from '../testing/session-under-test.ts';

let server: SessionServer;
beforeEach(async () => {
  server = await startSessionServer();
});
afterEach(() => server.close());

const texts = (session: Session): string[] => session.view().messages.map(messageText);
const statuses = (session: Session): string[] => session.view().messages.map(({ status }) => status);
const has = (text: string) => (session: Session) => texts(session).includes(text);
const runIs = (runId: string, status: string) => (session: Session) => session.run(runId)?.status === status;

describe('a session', () => {
  it('shows what is sent at once, and the answer as it comes, on both screens', async () => {
    const ann = server.session('ann');
    const other = server.session('ann');
    const { runId, messageId, published } = ann.send('Plan my week');
    expect(statuses(ann)).toEqual(['sending']);
    expect(await published).toMatchObject({ serial: 1, messageSerial: expect.any(String) });
    await until(other, has('Plan my week'));
    expect(other.view().messages[0]).toMatchObject({
      id: messageId,
      clientId: 'ann',
      role: 'user',
      status: 'complete',
    });
    await until(other, runIs(runId, 'queued'));
    await server.agent.start(runId);
    const serial = await server.agent.open(runId, 'a1');
    for (const word of ['42', ' is', ' {"the":', ' answer}']) await server.agent.append(serial, word);
    for (const session of [ann, other]) {
      await until(session, has('42 is {"the": answer}'));
      expect(statuses(session)).toEqual(['complete', 'streaming']);
      expect(session.run(runId)?.status).toBe('running');
    }
    await server.agent.close(serial, runId, 'a1');
    await server.agent.end(runId);
    for (const session of [ann, other]) await until(session, runIs(runId, 'complete'));
    expect(ann.view().messages).toEqual(other.view().messages);
    expect(statuses(ann)).toEqual(['complete', 'complete']);
  });

  it('goes on in the middle of a stream after a reload, and stop works there', async () => {
    const first = server.session('ann');
    const { runId, published } = first.send('Go');
    await published;
    await server.agent.start(runId, { 'run-client-id': 'ann' });
    const serial = await server.agent.open(runId, 'a1');
    await server.agent.append(serial, 'one ');
    await until(first, has('one '));
    const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
    first.close();
    await server.agent.append(serial, 'two ');
    const second = server.session('ann', { snapshot });
    expect(texts(second)).toEqual(['Go', 'one ']);
    await until(second, isLive);
    expect(texts(second)).toEqual(['Go', 'one two ']);
    await server.agent.append(serial, 'three');
    await until(second, has('one two three'));
    await second.cancel(runId);
    expect((await server.get(`/channels/${CHANNEL}/runs/${runId}`)).body.run).toMatchObject({
      cancel_requested: true,
    });
    await server.agent.close(serial, runId, 'a1', {}, 'cancelled');
    await server.agent.end(runId, 'cancelled');
    await until(second, runIs(runId, 'cancelled'));
    expect(statuses(second)).toEqual(['complete', 'cancelled']);
    expect(await second.cancel(runId)).toBeNull();
  });

  it('cancels from another device what waits, and the queue shows it', async () => {
    const ann = server.session('ann');
    const phone = server.session('ann');
    const runs = ['first', 'second', 'third'].map((text) => ann.send(text));
    for (const { published } of runs) await published;
    const [one, two, three] = runs.map(({ runId }) => runId);
    if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');
    await until(phone, ({ queue }) => queue.length === 3);
    expect(phone.queue.map(({ id }) => id)).toEqual([one, two, three]);
    await phone.move(three, one);
    await until(ann, ({ queue }) => queue[0]?.id === three);
    expect(ann.queue.map(({ id }) => id)).toEqual([three, one, two]);
    await phone.cancel(one);
    await until(ann, runIs(one, 'cancelled'));
    expect(ann.queue.map(({ id }) => id)).toEqual([three, two]);
    // Each of several is told what became of it.
    const [late, unknown, again] = await Promise.allSettled([
      phone.move(one, null),
      phone.move('nobodys', null),
      phone.move(three, null),
    ]);
    expect(late).toMatchObject({ reason: { code: 'refused' } });
    expect(unknown).toMatchObject({ reason: { code: 'refused' } });
    expect(again).toMatchObject({ status: 'fulfilled' });
  });

  it('regenerates, and follow-ups stay', async () => {
    const ann = server.session('ann');
    const first = ann.send('Hello');
    await first.published;
    await server.agent.answer(first.runId, 'a1', ['Hi']);
    await until(ann, runIs(first.runId, 'complete'));
    const again = ann.regenerate('a1');
    await again.published;
    const place = { parent: first.messageId, 'msg-regenerate': 'a1' };
    await server.agent.answer(again.runId, 'a1b', ['Hey'], place);
    await until(ann, runIs(again.runId, 'complete'));
    expect(texts(ann)).toEqual(['Hello', 'Hey']);
    const next = ann.send('And?');
    await next.published;
    await server.agent.answer(next.runId, 'a2', ['More'], { parent: 'a1b' });
    await until(ann, runIs(next.runId, 'complete'));
    expect(texts(ann)).toEqual(['Hello', 'Hey', 'And?', 'More']);
    expect(ann.view().versions('a1b')).toMatchObject({ count: 2, index: 1 });
    expect(ann.view().select('a1b', 0)).toBe(true);
    expect(texts(ann)).toEqual(['Hello', 'Hi']);
    expect(texts({ view: () => ann.view('other') } as Session)).toHaveLength(4);
  });

  it('edits, and shows the new version with its answer', async () => {
    const ann = server.session('ann');
    const first = ann.send('Hallo');
    await first.published;
    await server.agent.answer(first.runId, 'a1', ['Hi']);
    await until(ann, has('Hi'));
    const edited = ann.edit(first.messageId, 'Hello');
    expect(texts(ann)).toEqual(['Hello']);
    await edited.published;
    await server.agent.answer(edited.runId, 'a2', ['Hey'], { 'fork-of': first.messageId });
    await until(ann, has('Hey'));
    const follow = ann.send('Go on');
    await follow.published;
    await until(ann, runIs(follow.runId, 'queued'));
    expect(texts(ann)).toEqual(['Hello', 'Hey', 'Go on']);
    const other = server.session('bob');
    await until(other, isLive);
    expect(texts(other)).toEqual(['Hello', 'Hey', 'Go on']);
  });

  it('pages back to the beginning', async () => {
    for (let turn = 0; turn < 70; turn += 1)
      await server.publish(CHANNEL, 'ai-input', `text ${turn}`, {
        extras: {
          ai: {
            transport: {
              'run-id': `r${turn}`,
              'codec-message-id': `u${turn}`,
              ...(turn > 0 && { parent: `u${turn - 1}` }),
            },
          },
        },
      });
    for (let turn = 70; turn < 130; turn += 1)
      await server.publish(CHANNEL, 'ai-input', `text ${turn}`, {
        extras: {
          ai: { transport: { 'run-id': `r${turn}`, 'codec-message-id': `u${turn}`, parent: `u${turn - 1}` } },
        },
      });
    const ann = server.session('ann');
    await until(ann, isLive);
    expect(ann.hasOlder).toBe(true);
    expect(line(ann)).toHaveLength(100);
    const [once, twice] = await Promise.all([ann.loadOlder(), ann.loadOlder()]);
    expect([once, twice]).toEqual([false, false]);
    expect(line(ann)).toEqual(Array.from({ length: 130 }, (_, turn) => `u${turn}`));
  });

  it('sends what was said without a connection once it is back, once', async () => {
    const client = server.client('ann');
    const ann = server.session('ann', { client });
    await until(ann, isLive);
    client.disconnect();
    expect(ann.status).toBe('offline');
    const { published, messageId } = ann.send('Are you there?');
    expect(statuses(ann)).toEqual(['sending']);
    client.connect();
    await published;
    await until(ann, isLive);
    const other = server.session('bob');
    await until(other, isLive);
    expect(line(other)).toEqual([messageId]);
  });

  it('is refused where the token does not say publish, and the message can be taken back', async () => {
    const client = server.client('eve', { operations: ['subscribe', 'history'] });
    const eve = server.session('eve', { client });
    const { published, messageId } = eve.send('Hello');
    await expect(published).rejects.toMatchObject({ code: 'refused' });
    expect(eve.view().messages).toMatchObject([
      { id: messageId, status: 'failed', error: { code: 'refused' } },
    ]);
    expect(eve.discard(messageId)).toBe(true);
    expect(line(eve)).toEqual([]);
  });

  it('refuses snapshots that are none, or of another channel', async () => {
    const client = server.client('ann');
    const make = (snapshot: unknown) => () =>
      createSession({ client, channel: CHANNEL, snapshot: snapshot as never });
    expect(make({})).toThrow(expect.objectContaining({ code: 'invalid_snapshot' }));
    const ann = server.session('ann', { client });
    expect(make({ ...ann.snapshot(), channel: 'private-ai-2' })).toThrow(/private-ai-2/);
  });
});

it('shows which agents are there, and what they say they do', async () => {
  const room = 'presence-agents';
  const operations = ['subscribe', 'history', 'publish', 'presence'];
  const ann = server.session('ann', { client: server.client('ann', { operations }), agents: room });
  const agent = server.client('agent-1', { operations });
  const there = agent.subscribe(room);
  await until(ann, ({ agents }) => agents.some(({ id }) => id === 'agent-1'));
  there.update({ status: 'thinking' });
  await until(ann, ({ agents }) => agents.some(({ status }) => status === 'thinking'));
  const gone = until(ann, ({ agents }) => !agents.some(({ id }) => id === 'agent-1'));
  agent.unsubscribe(room);
  await gone;
});
