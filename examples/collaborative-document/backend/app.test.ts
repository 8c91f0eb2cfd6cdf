// Who may change the document, and what reaches the realtime server of it.
import { Sockudo } from 'sockudo';
import { describe, expect, it } from 'vitest';
import { createBackend } from './app.ts';
import { reactionOf } from './reactions.ts';
import { Sessions } from './sessions.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** The backend before a realtime server that answers so and notes what it was asked. */
function start(answer: object = {}, status = 200) {
  const sent: Sent[] = [];
  const sockudo = new Sockudo({
    appId: 'app',
    key: 'key',
    secret: 'secret',
    maxRetries: 1,
    fetch: async (input, init) => {
      const { pathname } = new URL(String(input));
      const body = init?.body === undefined ? null : JSON.parse(String(init.body));
      sent.push({ method: init?.method ?? '', path: pathname.replace('/apps/app', ''), body });
      return Response.json(answer, { status });
    },
  });
  const app = createBackend({ sockudo, sessions: new Sessions('s') });
  const post = (url: string, payload: object, token?: string) =>
    app.inject({
      method: 'POST',
      url,
      payload,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  const join = async (name: string): Promise<{ token: string; user: { id: string } }> =>
    (await post('/session', { name })).json();
  return { sent, post, join };
}

const ACK = { message_serial: 'm1', version_serial: 'v2', status: 'applied' };

describe('sessions', () => {
  it('outlive the process, and belong to their secret', async () => {
    const session = new Sessions('s').open('Ada');
    expect(new Sessions('s').userOf(`Bearer ${session.token}`)).toEqual(session.user);
    expect(new Sessions('other').userOf(`Bearer ${session.token}`)).toBeUndefined();
  });

  it.each([undefined, '', 'Bearer x', 'Bearer QWRhIzE.', 'Bearer QWRhIzE.AAAA'])('refuse %j', (header) => {
    expect(new Sessions('s').userOf(header)).toBeUndefined();
  });

  it.each(['', ' ', 'a#b', 'x'.repeat(41)])('have no user %j', async (name) => {
    expect((await start().post('/session', { name })).statusCode).toBe(400);
  });
});

describe('changes', () => {
  it.each(['/paragraphs', '/paragraphs/change', '/paragraphs/remove', '/reactions'])(
    '%s needs a session',
    async (url) => {
      const { sent, post } = start();
      expect((await post(url, { serial: 'm1', text: 'x', opId: 'o', id: 'i' }, 'made.up')).statusCode).toBe(
        401,
      );
      expect(sent).toEqual([]);
    },
  );

  it('are attributed to the user of the session, whatever the body says', async () => {
    const { sent, post, join } = start(ACK);
    const { token, user } = await join('Ada');
    const body = { serial: 'm1', opId: 'o1', text: 'new', client_id: 'ben' };
    expect((await post('/paragraphs/change', body, token)).json()).toEqual(ACK);
    expect(sent).toEqual([
      {
        method: 'POST',
        path: '/channels/document/messages/m1/update',
        body: { data: 'new', client_id: user.id, op_id: 'o1' },
      },
    ]);
  });

  it('say 503 when trying again may help, and the status of a refusal otherwise', async () => {
    for (const [theirs, ours] of [
      [500, 503],
      [429, 503],
      [404, 404],
    ] as const) {
      const { post, join } = start({}, theirs);
      const { token } = await join('Ada');
      const response = await post('/paragraphs/change', { serial: 'm1', opId: 'o', text: 'x' }, token);
      expect(response.statusCode).toBe(ours);
    }
  });
});

describe('questions', () => {
  it('are answered about the document only', async () => {
    const { sent, post } = start({ has_more: false, items: [] });
    const question = { action: 'get_message_versions', channel: 'document', messageSerial: 'm1' };
    expect((await post('/messages', question)).json()).toEqual({ has_more: false, items: [] });
    expect((await post('/messages', { ...question, channel: 'private-other' })).statusCode).toBe(400);
    expect((await post('/messages', { ...question, action: 'delete_annotation' })).statusCode).toBe(400);
    expect(sent).toHaveLength(1);
  });
});

describe('reactionOf', () => {
  it('finds the one that was not taken back', async () => {
    const event = (action: 'create' | 'delete', serial: string, clientId: string) => ({
      action: `annotation.${action}`,
      serial,
      clientId,
      messageSerial: 'm1',
      type: 'reactions:distinct.v1',
      name: 'love',
      timestamp: 1,
    });
    const items = [
      event('create', 'a1', 'ada'),
      event('delete', 'a2', 'ada'),
      event('create', 'a3', 'ben'),
      event('create', 'a4', 'ada'),
    ];
    const fetch = async () => Response.json({ hasMore: false, nextCursor: null, items });
    const sockudo = new Sockudo({ appId: 'app', key: 'key', secret: 'secret', fetch });
    expect(await reactionOf(sockudo, 'm1', { name: 'love', clientId: 'ada' })).toBe('a4');
    expect(await reactionOf(sockudo, 'm1', { name: 'love', clientId: 'cy' })).toBeUndefined();
    expect(await reactionOf(sockudo, 'm1', { name: 'agree', clientId: 'ada' })).toBeUndefined();
  });
});
