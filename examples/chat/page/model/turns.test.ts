// What the page makes of messages: one answer out of what stands in several, and a tool's fate out of what is said about it.
import type { MessagePart, SessionMessage } from '@sockudo/ai-transport';
import { describe, expect, it } from 'vitest';
import { APPROVAL_RESPONSE } from '../../shared/names.ts';
import { type ToolState, Turns } from './turns.ts';

let parts = 0;
const part = (type: string, text: string, more: Partial<MessagePart> = {}): MessagePart => {
  parts += 1;
  return { id: `p${parts}`, text, isInput: false, transport: {}, ...more, codec: { type, ...more.codec } };
};
const message = (
  id: string,
  role: string,
  all: readonly MessagePart[],
  more: Partial<SessionMessage> = {},
) => ({
  ...{ id, runId: 'r1', role, status: 'complete' as const, parts: all },
  ...more,
});

const CALL = { 'tool-call-id': 'c1', 'tool-name': 'send_email' };
const ASKED = message('u1', 'user', [part('text', 'Write to Ann', { isInput: true })]);
const CALLED = part('tool-input-available', '{"to":"ann"}', { codec: CALL });
const REQUEST = part('tool-approval-request', '{"approvalId":"a1"}', {
  codec: { ...CALL, 'approval-id': 'a1' },
});
const response = (approved: boolean, id = 'y1') =>
  message(id, 'user', [
    part(APPROVAL_RESPONSE, JSON.stringify({ toolCallId: 'c1', approvalId: 'a1', approved }), {
      isInput: true,
      codec: CALL,
    }),
  ]);

/** State of the call after these messages. */
function stateAfter(...messages: readonly SessionMessage[]): ToolState | undefined {
  const tool = new Turns().of([ASKED, ...messages])[1]?.pieces.find(({ kind }) => kind === 'tool');
  return tool?.kind === 'tool' ? tool.state : undefined;
}

describe('Turns', () => {
  it('makes one answer of a run that waited for a yes', () => {
    const turns = new Turns().of([
      ASKED,
      message('a1', 'assistant', [part('text-end', 'I will.'), CALLED, REQUEST]),
      response(true),
      message('a2', 'assistant', [
        part('tool-output-available', '{"sent":true}', { codec: CALL }),
        part('text-end', 'Done.'),
      ]),
      message('u2', 'user', [part('text', 'Thanks', { isInput: true })], { runId: 'r2' }),
    ]);
    expect(turns.map(({ id, isUser, text }) => [id, isUser, text])).toEqual([
      ['u1', true, 'Write to Ann'],
      ['a1', false, 'I will.\n\nDone.'],
      ['u2', true, 'Thanks'],
    ]);
    expect(turns[1]?.pieces).toMatchObject([
      { kind: 'text', text: 'I will.' },
      { kind: 'tool', name: 'send_email', input: '{"to":"ann"}', state: 'done', output: '{"sent":true}' },
      { kind: 'text', text: 'Done.' },
    ]);
  });

  it('tells where a tool stands', () => {
    const half = message(
      'a1',
      'assistant',
      [part('tool-input-start', '{"t', { codec: CALL, status: 'streaming' })],
      { status: 'streaming' },
    );
    const called = message('a1', 'assistant', [CALLED]);
    const asks = message('a1', 'assistant', [CALLED, REQUEST]);
    const failed = message('a2', 'assistant', [
      part('tool-output-error', '{"errorText":"No."}', { codec: CALL }),
    ]);
    expect([
      stateAfter(half),
      stateAfter(called),
      stateAfter(asks),
      stateAfter(asks, response(true)),
      stateAfter(asks, response(false)),
      stateAfter(asks, response(false), response(true, 'y2')),
      stateAfter(asks, response(false), failed),
      stateAfter(asks, response(true), failed),
    ]).toEqual(['writing', 'running', 'approval', 'approved', 'denied', 'denied', 'denied', 'failed']);
  });

  it('marks what grows, and keeps what did not change', () => {
    const turns = new Turns();
    const first = message('a1', 'assistant', [part('reasoning-end', 'Hm.'), part('text-start', 'He')], {
      status: 'streaming',
    });
    const before = turns.of([ASKED, first]);
    expect(before[1]?.pieces).toMatchObject([
      { kind: 'reasoning', isStreaming: false },
      { kind: 'text', isStreaming: true },
    ]);
    const after = turns.of([ASKED, { ...first, status: 'complete' }]);
    expect(after[0]).toBe(before[0]);
    expect(after[1]?.pieces).toMatchObject([{ isStreaming: false }, { isStreaming: false }]);
  });

  it('shows only addresses of the web as links', () => {
    const sources = message('a1', 'assistant', [
      part('source-url', 'https://example.org/a', { codec: { 'source-id': 's1', title: 'A' } }),
      part('source-url', 'javascript:alert(1)', { codec: { 'source-id': 's2' } }),
    ]);
    expect(new Turns().of([sources])[0]?.pieces).toMatchObject([
      { title: 'A', url: 'https://example.org/a' },
      { title: 'Document', url: null },
    ]);
  });
});
