// The agent on a real server with a worker: what its reader is told, on one screen, on two, after a cut.
import { type Event, EventType, type Message } from '@ag-ui/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../ai-transport/client/testing/session-server.ts';
import { expectNoComplaints } from './testing/reader.ts';
import {
  comesTrue,
  lineOf,
  saying,
  startWorld,
  typesOf,
  type Watched,
  type World,
  words,
} from './testing/world.ts';

let world: World;
beforeEach(async () => {
  expectNoComplaints();
  world = await startWorld();
});
afterEach(() => world.close());

const is =
  (type: EventType) =>
  (event: Event): boolean =>
    event.type === type;
const hasText = (text: string) => (event: Event) => 'delta' in event && String(event.delta).includes(text);
const isIdle = ({ session }: Watched) => until(session, ({ status }) => status === 'live');

describe('a run', () => {
  it('is told from its start to its end, and has the id that its reader gave it', async () => {
    world.handle = saying(
      { type: 'response', provider: 'anthropic', model: 'claude-test-1' },
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', text: 'Hm.' },
      { type: 'reasoning-end', id: 'r' },
      ...words('t', 'Hel', 'lo'),
      { type: 'data', name: 'state', data: { mood: 'good' } },
      { type: 'data', name: 'state-delta', data: [{ op: 'replace', path: '/mood', value: 'better' }] },
      { type: 'data', name: 'state-delta', data: [{ op: 'no patch' }] },
      { type: 'data', name: 'chart', data: [1, 2], id: 'x' },
      { type: 'source', sourceId: 's', kind: 'url', url: 'https://a.example' },
      { type: 'provider', provider: 'anthropic', name: 'odd', data: { odd: 1 } },
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 } },
      { type: 'finish', reason: 'stop' },
    );
    const ann = world.agent('ann');
    await ann.say('Hi', 'q1');
    const { events, agent, session } = ann;
    expect(events[0]).toMatchObject({ type: EventType.RUN_STARTED, threadId: session.channel });
    const [{ runId } = { runId: '' }] = events as { runId: string }[];
    expect(session.run(runId)?.status).toBe('complete');
    expect(events.at(-1)).toEqual({
      type: EventType.RUN_FINISHED,
      threadId: session.channel,
      runId,
      outcome: { type: 'success' },
      usage: [
        { provider: 'anthropic', model: 'claude-test-1', inputTokens: 3, outputTokens: 4, totalTokens: 7 },
      ],
    });
    expect(lineOf(agent.messages)).toEqual([
      ['user', 'Hi'],
      ['reasoning', 'Hm.'],
      ['assistant', 'Hello'],
    ]);
    expect(agent.state).toEqual({ mood: 'better' });
    expect(events).toContainEqual({
      type: EventType.CUSTOM,
      name: 'chart',
      value: [1, 2],
      metadata: { id: 'x' },
    });
    expect(events).toContainEqual(
      expect.objectContaining({ type: EventType.RAW, source: 'anthropic', event: { odd: 1 } }),
    );
    expect(events.filter(is(EventType.CUSTOM)).map((event) => 'name' in event && event.name)).toEqual([
      'state-delta',
      'chart',
      'source',
    ]);
    expect(typesOf(events)).not.toContain(EventType.MESSAGES_SNAPSHOT);
  });

  it('keeps what came before an error', async () => {
    world.handle = async (run, context) => {
      await saying(...words('t', 'So far'))(run, context);
      await run.end('error', { code: 'overloaded', message: 'Come back later.' });
    };
    const ann = world.agent('ann');
    await ann.say('Hi');
    expect(ann.events.at(-1)).toEqual({
      type: EventType.RUN_ERROR,
      code: 'overloaded',
      message: 'Come back later.',
    });
    expect(lineOf(ann.agent.messages).at(-1)).toEqual(['assistant', 'So far']);
  });

  it('is stopped for everybody by abortRun', async () => {
    world.handle = saying(...words('t', 'On and on').slice(0, 2), new Promise(() => {}));
    const ann = world.agent('ann');
    const said = ann.say('Hi');
    await ann.heard(hasText('On and on'));
    ann.agent.abortRun();
    await said;
    expect(ann.events.at(-1)).toMatchObject({ outcome: { type: 'cancelled' } });
    expect(ann.session.runs.map(({ status }) => status)).toEqual(['cancelled']);
  });

  it('is not begun when it was stopped before', async () => {
    const ann = world.agent('ann');
    const said = ann.say('Hi');
    await ann.heard(is(EventType.RUN_STARTED));
    ann.agent.abortRun();
    await said;
    await isIdle(ann);
    expect(typesOf(ann.events)).toEqual([EventType.RUN_STARTED]);
    expect(ann.session.view().messages).toEqual([]);
  });

  it('goes on when its reader is left alone, and is told to the end when it connects again', async () => {
    const more = Promise.withResolvers<void>();
    world.handle = saying(...words('t', 'One ').slice(0, 2), more.promise, ...words('t', 'two').slice(1));
    const ann = world.agent('ann');
    const said = ann.say('Hi');
    await ann.heard(hasText('One'));
    await ann.agent.detachActiveRun();
    await said;
    expect(ann.events.some(is(EventType.RUN_FINISHED))).toBe(false);
    const before = ann.events.length;
    const connected = ann.agent.connectAgent();
    await ann.heard(
      (event) => ann.events.indexOf(event) >= before && event.type === EventType.MESSAGES_SNAPSHOT,
    );
    more.resolve();
    await connected;
    expect(lineOf(ann.agent.messages)).toEqual([
      ['user', 'Hi'],
      ['assistant', 'One two'],
    ]);
    expect(ann.events.at(-1)).toMatchObject({ outcome: { type: 'success' } });
  });

  it('that the server refuses ends in an error', async () => {
    const client = world.server.client('ann', { operations: ['subscribe', 'history'] });
    const ann = world.agent('ann', world.server.session('ann', { client }));
    await ann.say('Hi');
    expect(typesOf(ann.events)).toEqual([EventType.RUN_STARTED, EventType.RUN_ERROR]);
    expect(ann.events.at(-1)).toMatchObject({ code: 'refused' });
  });

  it('ends when its session is closed, and says so where there is nothing to do', async () => {
    const ann = world.agent('ann');
    await isIdle(ann);
    await ann.agent.runAgent();
    expect(ann.events.at(-1)).toMatchObject({ code: 'nothing_to_do' });
    ann.session.close();
    await ann.say('Hi');
    expect(ann.events.at(-1)).toMatchObject({ code: 'closed' });
  });
});

describe('the conversation', () => {
  it('is the same on another device, in the middle of a run and at its end', async () => {
    const more = Promise.withResolvers<void>();
    world.handle = saying(...words('t', 'One ').slice(0, 2), more.promise, ...words('t', 'two').slice(1));
    const ann = world.agent('ann');
    const phone = world.agent('ann');
    const said = ann.say('Hi');
    await ann.heard(hasText('One'));
    await until(phone.session, (session) => session.view().messages.length === 2);
    const connected = phone.agent.connectAgent();
    await phone.heard(is(EventType.MESSAGES_SNAPSHOT));
    more.resolve();
    await Promise.all([said, connected]);
    expect(phone.agent.messages).toEqual(ann.agent.messages);
    expect(lineOf(phone.agent.messages)).toEqual([
      ['user', 'Hi'],
      ['assistant', 'One two'],
    ]);
  });

  it('is shown to a reader that knows nothing of it, with its state', async () => {
    world.handle = saying({ type: 'data', name: 'state', data: { n: 1 } }, ...words('t', 'Hello'));
    const ann = world.agent('ann');
    await ann.say('Hi');
    const later = world.agent('ann');
    await later.agent.connectAgent();
    expect(typesOf(later.events)).toEqual([
      'RUN_STARTED',
      'MESSAGES_SNAPSHOT',
      'STATE_SNAPSHOT',
      'RUN_FINISHED',
    ]);
    expect(later.agent.messages).toEqual(ann.agent.messages);
    expect(later.agent.state).toEqual({ n: 1 });
  });

  it('is followed: what others say and get', async () => {
    world.handle = saying(...words('t', 'Hello'));
    const ann = world.agent('ann');
    const phone = world.agent('ann');
    const stop = phone.agent.follow();
    await isIdle(phone);
    for (const question of ['One', 'Two']) await ann.say(question);
    await comesTrue(() => phone.agent.messages.length === 4 && !phone.agent.isRunning);
    stop();
    expect(phone.agent.messages).toEqual(ann.agent.messages);
  });

  it('goes on over a lost connection', async () => {
    const more = Promise.withResolvers<void>();
    world.handle = saying(...words('t', 'One ').slice(0, 2), more.promise, ...words('t', 'two').slice(1));
    const client = world.server.client('ann');
    const ann = world.agent('ann', world.server.session('ann', { client }));
    const said = ann.say('Hi');
    await ann.heard(hasText('One'));
    client.disconnect();
    more.resolve();
    const other = world.server.session('bob');
    await until(other, ({ runs }) => runs[0]?.status === 'complete');
    client.connect();
    await said;
    expect(lineOf(ann.agent.messages).at(-1)).toEqual(['assistant', 'One two']);
    expect(typesOf(ann.events)).not.toContain(EventType.MESSAGES_SNAPSHOT);
  });
});

describe('versions', () => {
  const echo: World['handle'] = async (run, context) => {
    const question = (await context.history()).at(-1)?.text ?? '';
    await saying(...words('t', `You said ${question}`))(run, context);
  };
  const without = (agent: Watched['agent'], from: number): void =>
    agent.setMessages(agent.messages.slice(0, from));

  it('come of messages that were taken out and said otherwise', async () => {
    world.handle = echo;
    const ann = world.agent('ann');
    await ann.say('one', 'q1');
    await ann.say('two', 'q2');
    without(ann.agent, 2);
    await ann.say('three', 'q3');
    expect(lineOf(ann.agent.messages)).toEqual([
      ['user', 'one'],
      ['assistant', 'You said one'],
      ['user', 'three'],
      ['assistant', 'You said three'],
    ]);
    expect(ann.session.view().versions('q3')).toMatchObject({ count: 2, index: 1 });
    without(ann.agent, 0);
    await ann.say('zero', 'q0');
    expect(lineOf(ann.agent.messages)).toEqual([
      ['user', 'zero'],
      ['assistant', 'You said zero'],
    ]);
  });

  it('come of an answer that was taken out', async () => {
    world.handle = echo;
    const ann = world.agent('ann');
    await ann.say('one', 'q1');
    const [first] = ann.agent.messages.slice(1);
    without(ann.agent, 1);
    await ann.agent.runAgent();
    const again = ann.agent.messages[1];
    expect(lineOf(ann.agent.messages)).toHaveLength(2);
    expect(again?.id).not.toBe(first?.id);
    expect(ann.session.view().versions(again?.id ?? '')).toMatchObject({ count: 2 });
  });

  it('do not come of what a reader has not seen yet', async () => {
    world.handle = echo;
    const ann = world.agent('ann');
    const phone = world.agent('ann');
    await ann.say('one');
    await phone.say('two');
    await ann.say('three');
    expect(lineOf(ann.agent.messages).map((line) => (line as unknown[])[1])).toEqual([
      ...['one', 'You said one', 'two', 'You said two'],
      ...['three', 'You said three'],
    ]);
  });
});

it('is the same agent where it was cloned', async () => {
  world.handle = saying(...words('t', 'Hello'));
  const ann = world.agent('ann');
  await ann.say('Hi', 'q1');
  const clone = ann.agent.clone();
  const seen: Message[][] = [];
  clone.use((input, next) => {
    seen.push(input.messages);
    return next.run(input);
  });
  clone.clone().addMessage({ id: 'q2', role: 'user', content: 'Again' });
  expect(clone.messages).toEqual(ann.agent.messages);
  const third = clone.clone();
  third.addMessage({ id: 'q3', role: 'user', content: 'Again' });
  await third.runAgent();
  expect(seen).toHaveLength(1);
  expect(lineOf(third.messages).slice(2)).toEqual([
    ['user', 'Again'],
    ['assistant', 'Hello'],
  ]);
});
