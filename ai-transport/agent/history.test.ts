import { describe, expect, it } from 'vitest';
import { Conversation, type ConversationEnd } from './history.ts';

let serial = 0;

function row(
  name: string,
  runId: string,
  transport: Record<string, string>,
  data = '',
  type = 'text-end',
  action = 'create',
) {
  serial += 1;
  return {
    serial,
    message: {
      event: `sockudo:message.${action}`,
      name,
      channel: 'c',
      data,
      action: action as 'create',
      message_serial: `m${serial}`,
      serial,
      history_serial: serial,
      delivery_serial: serial,
      version: { serial: 'v', timestamp_ms: 1 },
      extras: {
        ai: { transport: { 'run-id': runId, ...transport }, codec: name === 'ai-output' ? { type } : {} },
      },
    },
  };
}

const input = (runId: string, id: string, more = {}) =>
  row('ai-input', runId, { 'codec-message-id': id, role: 'user', ...more }, `say ${id}`);
const output = (runId: string, id: string, data: string, more = {}, type = 'text-end') =>
  row('ai-output', runId, { 'codec-message-id': id, status: 'complete', ...more }, data, type);

function read(rows: readonly ReturnType<typeof row>[], end?: ConversationEnd): string[] {
  const conversation = new Conversation();
  for (const item of rows) conversation.add(item);
  return conversation.messages(end).map(({ role, text }) => `${role}: ${text}`);
}

describe('a conversation', () => {
  it('holds what a browser published as an object, as its JSON text', () => {
    const { serial: at, message } = input('r1', 'u1');
    // CAST: a history shows such data as it was published, whatever the type of its rows says.
    const item = { serial: at, message: { ...message, data: { folder: 'docs' } as unknown as string } };
    expect(read([item])).toEqual(['user: {"folder":"docs"}']);
  });

  it('lets nobody speak as the model or the application but those who may', () => {
    const ofClient = input('r1', 'u1', { role: 'system', 'input-client-id': 'eve' });
    const ofBackend = input('r1', 'u2', { role: 'system' });
    expect(read([ofClient, ofBackend])).toEqual(['user: say u1', 'system: say u2']);
  });

  it('is everything in a row where nobody names parents', () => {
    const rows = [input('r1', 'u1'), output('r1', 'a1', 'one'), input('r2', 'u2'), output('r2', 'a2', 'two')];
    const last = input('r3', 'u3');
    const later = output('r3', 'a3', 'of a try that failed');
    const end = { runId: 'r3', inputSerial: last.serial };
    expect(read([...rows, last, later], end)).toEqual([
      'user: say u1',
      'assistant: one',
      'user: say u2',
      'assistant: two',
      'user: say u3',
    ]);
  });

  it('is the branch of its input, with edits and regenerations', () => {
    const rows = [
      input('r1', 'u1'),
      output('r1', 'a1', 'one'),
      input('r2', 'u2', { parent: 'a1' }),
      output('r2', 'a2', 'two', { parent: 'a1' }),
      // The second question, edited.
      input('r3', 'u2b', { parent: 'a1', 'fork-of': 'u2' }),
      output('r3', 'a2b', 'two, edited', { parent: 'a1' }),
    ];
    const follow = input('r4', 'u4', { parent: 'a2b' });
    expect(read([...rows, follow], { runId: 'r4', inputSerial: follow.serial, parent: 'a2b' })).toEqual([
      'user: say u1',
      'assistant: one',
      'user: say u2b',
      'assistant: two, edited',
      'user: say u4',
    ]);
    const again = input('r5', 'g1', { parent: 'u2', 'msg-regenerate': 'a2' });
    const regenerated = { runId: 'r5', inputSerial: again.serial, parent: 'u2', replaces: 'a2' };
    expect(read([...rows, follow, again], regenerated)).toEqual([
      'user: say u1',
      'assistant: one',
      'user: say u2',
    ]);
  });

  it('holds the answers to what was asked before, also where they came later than the next question', () => {
    const [first, second, third] = [
      input('r1', 'u1'),
      input('r2', 'u2', { parent: 'u1' }),
      input('r3', 'u3', { parent: 'u2' }),
    ];
    const answers = [output('r1', 'a1', 'one'), output('r2', 'a2', 'two', { parent: 'u1' })];
    const rows = [first, second, third, ...answers];
    const end = { runId: 'r3', inputSerial: third.serial, parent: 'u2' };
    const led = ['user: say u1', 'assistant: one', 'user: say u2', 'assistant: two'];
    const own = output('r3', 'a3', 'of a try that failed', { parent: 'u2' });
    expect(read([...rows, own], end)).toEqual([...led, 'user: say u3']);
    // The third question, edited: what it came after is what was answered by then.
    const edited = input('r4', 'u3b', { parent: 'u2', 'fork-of': 'u3' });
    const other = { runId: 'r4', inputSerial: edited.serial, parent: 'u2', replaces: 'u3' };
    expect(read([...rows, own, edited], other)).toEqual([...led, 'user: say u3b']);
    // Another answer to the second one is given without the first, and is what a question after it follows.
    const again = input('r5', 'g', { parent: 'u2', 'msg-regenerate': 'a2' });
    const regenerated = { runId: 'r5', inputSerial: again.serial, parent: 'u2', replaces: 'a2' };
    expect(read([...rows, again], regenerated)).toEqual(led.slice(0, 3));
    const better = output('r5', 'a2b', 'two again', { parent: 'u2', 'msg-regenerate': 'a2' });
    const next = input('r6', 'u6', { parent: 'a2b' });
    const after = { runId: 'r6', inputSerial: next.serial, parent: 'a2b' };
    expect(read([...rows, again, better, next], after)).toEqual([
      ...led.slice(0, 3),
      'assistant: two again',
      'user: say u6',
    ]);
  });

  it('has them in their order where nobody names parents', () => {
    const rows = [input('r1', 'u1'), input('r2', 'u2'), output('r1', 'a1', 'one')];
    const later = [input('r3', 'u3'), output('r3', 'a3', 'three')];
    const end = { runId: 'r2', inputSerial: rows[1]?.serial };
    expect(read([...rows, ...later], end)).toEqual(['user: say u1', 'assistant: one', 'user: say u2']);
  });

  it('goes up to the regenerated answer also where nobody else names parents', () => {
    const rows = [input('r1', 'u1'), output('r1', 'a1', 'one'), input('r2', 'u2'), output('r2', 'a2', 'two')];
    const again = input('r3', 'g', { parent: 'u2', 'msg-regenerate': 'a2' });
    const end = { runId: 'r3', inputSerial: again.serial, parent: 'u2', replaces: 'a2' };
    expect(read([...rows, again], end)).toEqual(['user: say u1', 'assistant: one', 'user: say u2']);
  });

  it('does not go in circles, nor stumble over a parent that is gone', () => {
    const rows = [input('r1', 'u1', { parent: 'a2' }), output('r1', 'a1', 'one', { parent: 'a2' })];
    const more = [input('r2', 'u2', { parent: 'a1' }), output('r2', 'a2', 'two', { parent: 'a1' })];
    expect(read([...rows, ...more], { runId: 'r3', parent: 'a2' })).toHaveLength(4);
    expect(read(rows, { runId: 'r3', parent: 'gone' })).toEqual([]);
  });

  it('leaves out what was deleted, and what a step wrote that was tried again', () => {
    const step = (id: number) => ({ 'step-id': 's', 'step-start-serial': String(id) });
    const first = row('ai-step-start', 'r1', { 'step-id': 's' });
    const wrong = output('r1', 'a1', 'first try', step(first.serial));
    const second = row('ai-step-start', 'r1', { 'step-id': 's' });
    const right = output('r1', 'a1', 'second try', step(second.serial));
    const stock = output('r1', 'a1', ', and more', { 'step-id': 's', 'step-start-serial': '0001:n1:0001' });
    const gone = row('ai-output', 'r1', { 'codec-message-id': 'x' }, 'deleted', 'text-end', 'delete');
    expect(read([first, wrong, second, right, stock, gone])).toEqual(['assistant: second try, and more']);
  });

  it('keeps text apart from reasoning and tools', () => {
    const conversation = new Conversation();
    for (const item of [
      output('r1', 'a1', 'hm', {}, 'reasoning-end'),
      output('r1', 'a1', '{"q":1}', { status: 'cancelled' }, 'tool-input-available'),
      output('r1', 'a1', 'Hello', { status: 'streaming' }, 'text-start'),
    ])
      conversation.add(item);
    const [message] = conversation.messages();
    expect(message).toMatchObject({ id: 'a1', text: 'Hello', runId: 'r1', role: 'assistant' });
    expect(message?.parts.map(({ type, status }) => [type, status])).toEqual([
      ['reasoning', 'complete'],
      ['tool-input', 'cancelled'],
      ['text', 'streaming'],
    ]);
  });
});
