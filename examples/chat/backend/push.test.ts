import fastify from 'fastify';
import { Sockudo } from 'sockudo';
import { afterEach, describe, expect, it } from 'vitest';
import { answerTokens } from '../shared/approvals.ts';
import { addPush } from './push.ts';

const ADDRESS = `http://key:${'s'.repeat(48)}@127.0.0.1:1/apps/app`;
const QUESTION = {
  ...{ channel: 'private-chat-u-c1', runId: 'r1', toolCallId: 'call-1' },
  ...{ arguments: '{"to":"ann"}', userId: 'u' },
};

describe('pushes at the backend', () => {
  const app = fastify();
  afterEach(() => app.close());

  it('takes no answer without a token of its own, and registers nobody who is not signed in', async () => {
    addPush(app, {
      sockudo: Sockudo.forURL(ADDRESS),
      vapidPublicKey: 'key',
      answers: answerTokens(ADDRESS),
    });
    const answer = (token: string) => app.inject({ method: 'POST', url: '/answer', payload: { token } });
    const foreign = answerTokens(ADDRESS.replace('sss', 'ttt')).make(QUESTION, 'approve');
    for (const token of ['', 'a1.e30.x', foreign]) expect((await answer(token)).statusCode).toBe(409);
    const over = answerTokens(ADDRESS).make(QUESTION, 'approve', -1);
    expect((await answer(over)).json()).toEqual({ error: 'The token has ended' });
    const registered = await app.inject({ method: 'POST', url: '/push/deviceRegistrations', payload: {} });
    expect(registered.statusCode).toBe(401);
    const key = await app.inject({
      url: '/push/vapidPublicKey',
      headers: { authorization: `Bearer ${'a'.repeat(48)}` },
    });
    expect(key.json()).toEqual({ vapidPublicKey: 'key' });
  });
});
