// What browsers ask about pushes: to be registered, and, from the buttons of a notification, to have a call approved or denied. A button
// is pressed where nobody is signed in: its token says who, which call and which answer, and counts once.
import { AnswerTokenError, type AnswerTokens, createAgent } from '@sockudo/ai-transport/agent';
import { steer } from '@sockudo/ai-transport/wire';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Sockudo } from 'sockudo';
import { pushProxy } from 'sockudo/push-proxy';
import { z } from 'zod';
import { type WaitingCall, waitingCalls } from '../shared/approvals.ts';
import { APPROVAL_RESPONSE, type ApprovalResponse } from '../shared/names.ts';
import { userOf } from './users.ts';

export interface PushParts {
  readonly sockudo: Sockudo;
  readonly vapidPublicKey: string;
  readonly answers: AnswerTokens;
}

const PATH = '/push';
const answerBody = z.object({ token: z.string() });

export function addPush(app: FastifyInstance, { sockudo, vapidPublicKey, answers }: PushParts): void {
  const proxy = pushProxy(sockudo, {
    basePath: PATH,
    vapidPublicKey,
    userOf: ({ headers }) => userOf(headers.get('authorization') ?? undefined),
    onError: console.error,
  });
  const method = ['GET', 'POST', 'DELETE'];
  app.route({ method, url: `${PATH}/*`, handler: (request) => proxy(requestOf(request)) });

  app.post('/answer', async (request, reply) => {
    const { token } = answerBody.parse(request.body);
    let asked: WaitingCall | undefined;
    try {
      await answers.redeem(token, {
        currentArguments: async ({ channel, runId, toolCallId }) => {
          const conversation = await createAgent({ sockudo }).session(channel).history();
          asked = waitingCalls(conversation, runId).find((call) => call.toolCallId === toolCallId);
          return asked?.inputText ?? null;
        },
        apply: ({ channel, runId, toolCallId, userId, answer, questionId }) => {
          const approvalId = asked?.approvalId ?? toolCallId;
          const approved = answer === 'approve';
          const response: ApprovalResponse = { toolCallId, approvalId, approved };
          const codec = { type: APPROVAL_RESPONSE, 'tool-call-id': toolCallId, 'approval-id': approvalId };
          const ids = { codecMessageId: questionId, eventId: questionId, clientId: userId };
          const { name, extras } = steer({ runId, ...ids, codec });
          return sockudo.trigger(channel, name, response, { message_id: questionId, extras });
        },
      });
      return {};
    } catch (error) {
      if (!(error instanceof AnswerTokenError)) throw error;
      return reply.code(error.code === 'busy' ? 503 : 409).send({ error: error.message });
    }
  });
}

function requestOf({ method, url, headers, body }: FastifyRequest): Request {
  const given = Object.entries(headers).filter(([name]) => name !== 'content-length');
  return new Request(new URL(url, 'http://backend'), {
    method,
    headers: given.map(([name, value]): [string, string] => [name, String(value)]),
    ...(body !== undefined && body !== null && { body: JSON.stringify(body) }),
  });
}
