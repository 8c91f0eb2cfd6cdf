import { decodeJwt, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { CHANNEL } from '../shared/job.ts';
import { createBackend } from './app.ts';
import { Tokens } from './tokens.ts';

describe('backend', () => {
  const killed: string[] = [];
  const app = createBackend({
    tokens: new Tokens('http://key:s%2Fecret@127.0.0.1:1/apps/app'),
    about: { model: 'm', isStandIn: true },
    kill: (worker) => killed.push(worker),
  });
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });

  it('signs a token that is good for the channel of the example, and for nothing else', async () => {
    const { token } = (await post('/token', { visitor: 'visitor-1' })).json();
    await jwtVerify(token, new TextEncoder().encode('s/ecret'), { algorithms: ['HS256'] });
    expect(decodeJwt(token)).toMatchObject({
      'x-sockudo-client-id': 'visitor-1',
      'x-sockudo-capability': { [CHANNEL]: ['subscribe', 'history', 'publish'] },
    });
  });

  it.each(['', 'admin', 'visitor-', 'visitor-A b', `visitor-${'x'.repeat(65)}`])(
    'signs none for %j',
    async (visitor) => {
      expect((await post('/token', { visitor })).statusCode).toBe(400);
    },
  );

  it('passes on which worker is to die', async () => {
    expect((await post('/workers/kill', { worker: 'worker-1:7' })).statusCode).toBe(200);
    expect((await post('/workers/kill', { worker: 7 })).statusCode).toBe(400);
    expect(killed).toEqual(['worker-1:7']);
  });
});
