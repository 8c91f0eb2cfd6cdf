import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeServer, serveFake } from '../testing/fakes/fake-service.ts';
import { Exchange, NoAnswer } from './exchange.ts';

let server: FakeServer;
let exchange: Exchange;
let heard: () => void;
const asked = (): Promise<void> =>
  new Promise((resolve) => {
    heard = resolve;
  });

beforeEach(async () => {
  heard = () => {};
  exchange = new Exchange({ allowPrivateNetworks: true });
  server = await serveFake(async ({ path }) => {
    heard();
    if (path === '/never') await new Promise(() => {});
    return { status: 200, headers: { 'x-a': 'b' }, body: path === '/long' ? 'x'.repeat(1_000_000) : 'short' };
  });
});
afterEach(async () => {
  await exchange.close();
  await server.close();
});

const post = (path: string, signal: AbortSignal = new AbortController().signal) =>
  exchange.post({ url: `${server.origin}${path}`, headers: {}, body: 'question' }, signal);

describe('Exchange', () => {
  it('answers with status, headers and text', async () => {
    const answer = await post('/');
    expect(answer).toMatchObject({ status: 200, text: '"short"' });
    expect(answer.header('x-a')).toBe('b');
    expect(answer.header('x-none')).toBeUndefined();
  });

  it('reads no more of an answer than it may, and goes on', async () => {
    expect((await post('/long')).text).toHaveLength(64 * 1024);
    expect((await post('/')).status).toBe(200);
  });

  it('ends with the signal, before and during a request', async () => {
    const reason = new Error('closing');
    await expect(post('/', AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const [begun, pending] = [asked(), post('/never', controller.signal)];
    await begun;
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  it.each(['ftp://a.example/', 'https://user@a.example/', 'https://user:secret@a.example/', 'nothing'])(
    'does not ask %s',
    async (url) => {
      const asking = exchange.post({ url, headers: {}, body: '' }, new AbortController().signal);
      await expect(asking).rejects.toMatchObject({ reason: 'address not allowed', isFinal: true });
    },
  );

  it('asks nobody without TLS where only public addresses are allowed', async () => {
    const strict = new Exchange({ allowPrivateNetworks: false });
    const asking = strict.post(
      { url: 'http://a.example/', headers: {}, body: '' },
      new AbortController().signal,
    );
    await expect(asking).rejects.toBeInstanceOf(NoAnswer);
    await strict.close();
  });

  it('says what the network said, and not to whom', async () => {
    await server.close();
    await expect(post('/secret-token')).rejects.toMatchObject({
      reason: 'ECONNREFUSED',
      isFinal: false,
      message: 'no answer: ECONNREFUSED',
    });
  });
});
