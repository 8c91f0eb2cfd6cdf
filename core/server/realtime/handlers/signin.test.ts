import { userSignatureInput } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signatureOf } from '../../apps/app-signature.ts';
import { type TestRealtime, testRealtime } from '../testing/test-realtime.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

const refused = (code: number, message: string): unknown[] => [
  expect.objectContaining({
    event: expect.stringMatching(/^(pusher|sockudo):error$/),
    data: { code, message },
  }),
];
describe('D18: sign-in', () => {
  const notAuthorized = refused(4009, 'Authentication error: Connection not authorized for signin.');

  it('takes only KEY:SIGNATURE with the key of this app', async () => {
    const client = realtime.client();
    const userData = '{"id":"ada"}';
    const signature = signatureOf(realtime.app, userSignatureInput(client.socketId, userData));
    for (const auth of [
      signature,
      `:${signature}`,
      `other-key:${signature}`,
      `key:${signature.toUpperCase()}`,
      '',
    ]) {
      client.request('signin', { auth, user_data: userData });
      expect(await client.answers()).toEqual(notAuthorized);
    }
    expect(client.connection.user).toBeNull();
    client.request('signin', { auth: `key:${signature}`, user_data: userData });
    expect(await client.answers()).toEqual([
      { event: 'pusher:signin_success', data: { user_data: userData } },
    ]);
  });

  it('is refused where the app has it off', async () => {
    const off = testRealtime({ app: { enable_user_authentication: false } });
    expect(await off.client().signIn('ada')).toEqual(
      refused(4009, 'Authentication error: User authentication is disabled for this app'),
    );
    await off.close();
  });
});
