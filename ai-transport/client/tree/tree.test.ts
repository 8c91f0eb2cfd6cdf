import type { HistoryItem } from '@sockudo/client';
import { describe, expect, it } from 'vitest';
import { entryOfRow } from '../log/entry.ts';
import { MessageLog } from '../log/message-log.ts';
import { Conversation } from '../testing/conversation.ts';
import { ids, shown, textsOf } from '../testing/shown.ts';
import { branchOf } from './branch.ts';

const conversation = (): Conversation => new Conversation();

describe('a line of runs', () => {
  it('shows questions and answers in their order', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.turn('r2', 'u2', 'a2', { parent: 'a1' });
    const view = shown(channel.whole());
    expect(ids(view)).toEqual(['u1', 'a1', 'u2', 'a2']);
    expect(textsOf(view)).toEqual(['question u1', 'answer a1', 'question u2', 'answer a2']);
    expect(view.messages.map(({ role, status }) => `${role} ${status}`)).toEqual([
      'user complete',
      'assistant complete',
      'user complete',
      'assistant complete',
    ]);
  });

  it('keeps both of two questions that were asked before the first was answered', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.ask('r2', 'u2', { parent: 'u1' });
    channel.start('r1');
    channel.answer('r1', 'a1', ['one']);
    channel.end('r1');
    channel.start('r2', { parent: 'u1' });
    channel.answer('r2', 'a2', ['two'], { parent: 'u1' });
    expect(ids(shown(channel.whole()))).toEqual(['u1', 'a1', 'u2', 'a2']);
  });

  it('hangs a run whose parent was not read at the beginning, and moves it when the parent is', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    const before = channel.head;
    channel.turn('r2', 'u2', 'a2', { parent: 'a1' });
    const log = new MessageLog();
    const read = (rows: HistoryItem[]) => log.foldAll(rows.flatMap((row) => entryOfRow(row) ?? []));
    read(channel.rows({ above: before }));
    expect(shown(log).tree.roots.map(({ id }) => id)).toEqual(['r2']);
    expect(ids(shown(log))).toEqual(['u2', 'a2']);
    read(channel.rows({ below: before + 1 }));
    expect(shown(log).tree.roots.map(({ id }) => id)).toEqual(['r1']);
    expect(ids(shown(log))).toEqual(['u1', 'a1', 'u2', 'a2']);
  });

  it('puts a steer where it was said', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    channel.answer('r1', 'a1', ['one']);
    channel.ask('r1', 's1', { 'run-continue': 'true', parent: 'a1' });
    channel.answer('r1', 'a2', ['two']);
    const { messages, tree } = shown(channel.whole());
    expect(ids({ messages })).toEqual(['u1', 'a1', 's1', 'a2']);
    expect(tree.roots).toHaveLength(1);
  });
});

describe('regenerating', () => {
  it('replaces the answer, and follow-ups to the new one stay', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.turn('r2', 'u2', 'a2', { parent: 'a1' });
    channel.regenerate('r3', 'a1', 'u1', 'a1b');
    const log = channel.whole();
    expect(ids(shown(log))).toEqual(['u1', 'a1b']);
    channel.turn('r4', 'u3', 'a3', { parent: 'a1b' });
    const after = channel.whole();
    expect(ids(shown(after))).toEqual(['u1', 'a1b', 'u3', 'a3']);
    expect(ids(shown(after, new Map([['a1', 'r1']])))).toEqual(['u1', 'a1', 'u2', 'a2']);
  });

  it('again and again gives versions of one answer', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.regenerate('r2', 'a1', 'u1', 'a1b');
    channel.regenerate('r3', 'a1b', 'u1', 'a1c');
    const { tree } = shown(channel.whole());
    const branch = branchOf(tree, new Map());
    expect(branch.forks.get('a1c')).toEqual({ messageId: 'a1', runIds: ['r1', 'r2', 'r3'], index: 2 });
  });

  it('reads an input that carries the id of the answer it asks for again as no message', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.publish('ai-input', {
      'run-id': 'r2',
      'codec-message-id': 'a1',
      parent: 'u1',
      'msg-regenerate': 'a1',
    });
    const view = shown(channel.whole());
    // The new version has begun; its answer is still to come.
    expect(ids(view)).toEqual(['u1']);
    channel.end('r2', 'error');
    expect(ids(shown(channel.whole()))).toEqual(['u1', 'a1']);
  });
});

describe('editing', () => {
  it('stands beside the question with all that follows it', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.turn('r2', 'u2', 'a2', { parent: 'a1' });
    channel.turn('r3', 'u2b', 'a2b', { parent: 'a1', 'fork-of': 'u2' });
    channel.turn('r4', 'u3', 'a3', { parent: 'a2b' });
    const log = channel.whole();
    expect(ids(shown(log))).toEqual(['u1', 'a1', 'u2b', 'a2b', 'u3', 'a3']);
    expect(ids(shown(log, new Map([['u2', 'r2']])))).toEqual(['u1', 'a1', 'u2', 'a2']);
  });

  it('of the first question replaces everything', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.turn('r2', 'u1b', 'a1b', { 'fork-of': 'u1' });
    expect(ids(shown(channel.whole()))).toEqual(['u1b', 'a1b']);
  });
});

describe('superseding', () => {
  it('leaves the question and hides the reply that was left', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    channel.answer('r1', 'a1', ['may I?']);
    channel.publish('ai-run-suspend', { 'run-id': 'r1' });
    const place = { parent: 'u1', 'fork-of': 'a1', supersedes: 'r1' };
    channel.publish(
      'ai-input',
      { role: 'assistant', 'run-id': 'r2', 'codec-message-id': 'a1', ...place },
      { data: '{}' },
    );
    channel.start('r2', place);
    channel.answer('r2', 'a2', ['done'], place);
    channel.end('r2');
    const { messages, tree } = shown(channel.whole());
    expect(messages.map(({ runId, id }) => [runId, id])).toEqual([
      ['r1', 'u1'],
      ['r2', 'a1'],
      ['r2', 'a2'],
    ]);
    expect(branchOf(tree, new Map([['a1', 'r1']])).forks.size).toBe(0);
    channel.turn('r3', 'u2', 'a3', { parent: 'a2' });
    expect(ids(shown(channel.whole()))).toEqual(['u1', 'a1', 'a2', 'u2', 'a3']);
  });
});

describe('steps', () => {
  const attempt = (channel: Conversation, serial: string, id: string) =>
    channel.answer('r1', id, [id], { 'step-id': 's1', 'step-start-serial': serial });

  it.each(['delivery', 'message'])('count by their newest attempt, named by its %s serial', (kind) => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    const begin = (): string => {
      const key = channel.publish('ai-step-start', { 'run-id': 'r1', 'step-id': 's1' });
      return kind === 'message' ? key : String(channel.head);
    };
    attempt(channel, begin(), 'a1');
    const second = begin();
    expect(ids(shown(channel.whole()))).toEqual(['u1']);
    attempt(channel, second, 'a2');
    channel.publish('ai-step-end', { 'run-id': 'r1', 'step-id': 's1', 'step-start-serial': second });
    const { messages, runs } = shown(channel.whole());
    expect(ids({ messages })).toEqual(['u1', 'a2']);
    expect(runs[0]?.steps).toEqual([{ id: 's1', status: 'complete', attempts: 2 }]);
  });

  it('keep what names an attempt that was not read', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    attempt(channel, '1', 'a1');
    expect(ids(shown(channel.whole()))).toEqual(['u1', 'a1']);
  });
});

describe('runs', () => {
  it('are over when the server says so, whatever their streams say', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    const key = channel.open('r1', 'a1');
    channel.append(key, 'half');
    expect(shown(channel.whole()).messages[1]?.status).toBe('streaming');
    const lost = { status: 'lost', error: { code: 'lease_expired' }, serial: channel.head } as const;
    const known = {
      runId: 'r1',
      generation: 3,
      attempt: 3,
      followUps: [],
      cancelRequested: false,
      createdAtMs: 0,
      updatedAtMs: 0,
      ...lost,
    };
    const view = shown(channel.whole(), new Map(), new Map([['r1', known]]));
    expect(view.runs[0]).toMatchObject({ status: 'lost', error: { code: 'lease_expired' } });
    expect(view.messages[1]).toMatchObject({ status: 'error', error: { code: 'lease_expired' } });
  });

  it('wait when the server took them from a worker, whatever that one had put out since', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    const serial = channel.head;
    channel.append(channel.open('r1', 'a1'), 'half');
    const known = {
      runId: 'r1',
      status: 'queued',
      generation: 1,
      attempt: 1,
      followUps: [],
      cancelRequested: false,
      createdAtMs: 0,
      updatedAtMs: 0,
      // An output changes nothing about its run, so this is older.
      serial,
    } as const;
    const view = shown(channel.whole(), new Map(), new Map([['r1', known]]));
    expect(view.runs[0]?.status).toBe('queued');
    expect(shown(channel.whole()).runs[0]?.status).toBe('running');
  });

  it('are over at their end, and nothing that comes late revives them', () => {
    const channel = conversation();
    channel.turn('r1', 'u1', 'a1');
    channel.publish('ai-run-suspend', { 'run-id': 'r1' });
    channel.start('r1');
    expect(shown(channel.whole()).runs[0]?.status).toBe('complete');
  });

  it('are lost where Sockudo gave up their stream', () => {
    const channel = conversation();
    channel.ask('r1', 'u1');
    channel.start('r1');
    const key = channel.open('r1', 'a1');
    channel.append(key, 'half');
    channel.update(key, 'half', {
      'run-id': 'r1',
      'codec-message-id': 'a1',
      status: 'cancelled',
      'error-code': 'orphan_timeout',
    });
    const { runs, messages } = shown(channel.whole());
    expect(runs[0]).toMatchObject({ status: 'lost', error: { code: 'orphan_timeout' } });
    expect(messages[1]).toMatchObject({ status: 'error' });
  });

  it('are read under their old names', () => {
    const channel = conversation();
    channel.publish('ai-turn-start', { 'turn-id': 't1' });
    channel.publish('ai-turn-end', { 'turn-id': 't1', 'turn-reason': 'suspended' });
    expect(shown(channel.whole()).runs[0]?.status).toBe('suspended');
  });
});

describe('what nobody knows', () => {
  it('survives: headers, codec keys, events, messages without a run', () => {
    const channel = conversation();
    channel.publish('ai-new-thing', { 'run-id': 'r1' });
    channel.publish('chat', {}, { data: 'hello' });
    channel.publish(
      'ai-output',
      { 'codec-message-id': 'a1', later: 'x' },
      { data: '{"k":1}', codec: { type: 'new', K: 'v' } },
    );
    const { messages } = shown(channel.whole());
    expect(ids({ messages })).toEqual(['a1']);
    expect(messages[0]?.parts[0]).toMatchObject({
      text: '{"k":1}',
      codec: { type: 'new', K: 'v' },
      transport: { later: 'x' },
    });
  });
});
