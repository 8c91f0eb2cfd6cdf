import type { ConversationMessage, MessagePart } from '@sockudo/ai-transport/agent';
import { describe, expect, it } from 'vitest';
import { waitingCalls } from './approvals.ts';

const part = (type: string, callId: string, data: string): MessagePart => ({
  type,
  data,
  codec: { type, 'tool-call-id': callId, 'tool-name': 'send', 'approval-id': callId },
  status: 'complete',
});
const message = (parts: readonly MessagePart[], isInput = false, runId = 'r'): ConversationMessage => ({
  ...{ id: `m${parts[0]?.type}`, role: isInput ? 'user' : 'assistant', isInput, runId, serial: 1, text: '' },
  parts,
});
const asked = (callId: string): readonly MessagePart[] => [
  part('tool-input', callId, `{"n":"${callId}"}`),
  part('tool-approval-request', callId, '{}'),
];
const answered = part('tool-approval-response', 'a', '{"approved":true}');

describe('calls that wait', () => {
  it('are those of the run that nobody has answered', () => {
    const conversation = [message([...asked('a'), ...asked('b')]), message(asked('c'), false, 'other')];
    expect(waitingCalls(conversation, 'r').map(({ toolCallId }) => toolCallId)).toEqual(['a', 'b']);
    const [call] = waitingCalls([...conversation, message([answered], true)], 'r');
    expect(call).toMatchObject({ toolCallId: 'b', approvalId: 'b', inputText: '{"n":"b"}' });
  });

  it('are none that a user made up', () => {
    expect(waitingCalls([message(asked('a'), true)], 'r')).toEqual([]);
  });
});
