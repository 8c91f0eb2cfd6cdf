// Tells a user who looks at none of their windows that an answer is there, or that a call waits for a yes, which can be said to the
// notification itself.
import { type AnswerTokens, createAgent, notifyAway, type RunHandler } from '@sockudo/ai-transport/agent';
import type { Sockudo } from 'sockudo';
import { waitingCalls } from '../shared/approvals.ts';
import { placeOf } from '../shared/names.ts';

export interface NotifyParts {
  readonly sockudo: Sockudo;
  readonly answers: AnswerTokens;
  /** Whoever is back by then was not away, milliseconds. */
  readonly afterMs: number;
  readonly onError: (error: unknown) => void;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const notifying = (handle: RunHandler, parts: NotifyParts): RunHandler => {
  const { sockudo, answers } = parts;
  const agent = createAgent({ sockudo });
  return notifyAway(handle, {
    ...parts,
    // Below the page's own address, which nobody has told us.
    url: ({ channel }) => `/#/${placeOf(channel)?.conversation ?? ''}`,
    waiting: async ({ channel, runId }) => {
      const calls = waitingCalls(await agent.session(channel).history(), runId);
      return calls.map((call) => ({ ...call, arguments: call.inputText }));
    },
    answerUrl: (question, decision) => ({
      url: '/backend/answer',
      token: answers.make(question, decision, DAY_MS),
    }),
  });
};
