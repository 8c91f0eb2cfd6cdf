import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RequestError, UnsupportedFeature } from './errors.ts';
import { REQUEST_ATTEMPTS_MAX, REQUEST_TIMEOUT_MS, REQUESTS_MAX } from './requests.ts';
import { type ConnectedClient, connectedClient } from './testing/connected-client.ts';
import { settled } from './testing/fake-runtime.ts';

let context: ConnectedClient;
beforeEach(() => {
  context = connectedClient({ protocolVersion: 2 });
});
afterEach(() => {
  context.client.disconnect();
  expect(context.runtime.reported).toEqual([]);
});

interface Sent {
  readonly request_id: string;
  readonly [member: string]: unknown;
}

const sent = (name = 'publish') => context.socket().sentData(`sockudo:${name}`) as Sent[];

function answer(name: string, data: object): void {
  context.socket().receive({ event: `sockudo:${name}`, data, message_id: 'm' });
}

/** The room, acknowledged. */
function room() {
  const channel = context.client.subscribe('room');
  context.acknowledge('room');
  return channel;
}

const ACK = { channel: 'room', message_serial: 's1', history_serial: 1, status: 'applied' };

/** What a promise was rejected with. */
const failureOf = (promise: Promise<unknown>): Promise<RequestError> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error as RequestError,
  );

describe('publish', () => {
  it('sends the request and resolves to its acknowledgement', async () => {
    const published = room().publish(
      'client-x',
      { a: 1 },
      { messageId: 'm1', tags: { k: 'v' }, extras: { headers: {} } },
    );
    const [request] = sent();
    expect(request).toEqual({
      request_id: expect.any(String),
      channel: 'room',
      name: 'client-x',
      data: { a: 1 },
      message_id: 'm1',
      tags: { k: 'v' },
      extras: { headers: {} },
    });
    answer('publish_ack', { request_id: request?.request_id, ...ACK });
    expect(await published).toEqual(ACK);
  });

  it('tells answers apart, in whatever order they come', async () => {
    const channel = room();
    const both = [channel.publish('client-a', 1), channel.publish('client-b', 2)];
    const [first, second] = sent();
    answer('publish_ack', { request_id: second?.request_id, ...ACK, message_serial: 's2' });
    answer('publish_ack', { request_id: first?.request_id, ...ACK });
    expect(await Promise.all(both)).toMatchObject([{ message_serial: 's1' }, { message_serial: 's2' }]);
  });

  it('waits for the subscription and keeps the order', async () => {
    const channel = context.client.subscribe('room');
    channel.publish('client-a', 1).catch(() => {});
    channel.appendMessage('s1', 'b').catch(() => {});
    channel.publish('client-c', 3).catch(() => {});
    expect(context.socket().sent.map(({ event }) => event)).toEqual(['sockudo:subscribe']);
    context.acknowledge('room');
    expect(context.socket().sent.map(({ event }) => event)).toEqual([
      'sockudo:subscribe',
      'sockudo:publish',
      'sockudo:mutate',
      'sockudo:publish',
    ]);
    channel.publish('client-d', 4).catch(() => {});
    expect(sent().map(({ name }) => name)).toEqual(['client-a', 'client-c', 'client-d']);
  });

  it('rejects with the refusal, and tells nobody else of it', async () => {
    const heard: unknown[] = [];
    context.client.bind('sockudo:error', (data) => heard.push(data));
    context.client.connection.bind('error', (error) => heard.push(error));
    const refused = failureOf(room().publish('client-x', 1));
    const refusal = {
      code: 4301,
      message: 'too fast',
      reason: 'rate_limited',
      retryable: true,
      retry_after: 2,
    };
    answer('error', { request_id: sent()[0]?.request_id, ...refusal });
    expect(await refused).toMatchObject({
      name: 'RequestError',
      message: 'too fast',
      outcome: 'refused',
      code: 4301,
      reason: 'rate_limited',
      isRetryable: true,
      retryAfterSeconds: 2,
    });
    expect(heard).toEqual([]);
    answer('error', { code: 4000, message: 'of something else' });
    expect(heard).toHaveLength(2);
  });

  it('takes no other answer for its own', async () => {
    const published = room().publish('client-x', 1);
    let isSettled = false;
    const note = () => {
      isSettled = true;
    };
    published.then(note, note);
    for (const request_id of ['99', 7, undefined]) {
      answer('publish_ack', { request_id, ...ACK });
      answer('error', { request_id, code: 4000, message: 'no' });
    }
    answer('publish_ack', { request_id: null });
    await settled();
    expect(isSettled).toBe(false);
  });

  it('rejects an acknowledgement that it does not understand', async () => {
    const failure = failureOf(room().publish('client-x', 1));
    answer('publish_ack', { request_id: sent()[0]?.request_id, odd: true });
    expect(await failure).toMatchObject({ outcome: 'unknown' });
  });
});

describe('changes of a message', () => {
  it('are sent in the words of the wire', async () => {
    const channel = room();
    const ack = { channel: 'room', message_serial: 's1', version_serial: 'v', status: 'applied' };
    const options = { opId: 'o1', description: 'why', metadata: { a: 1 } };
    const changes = [
      channel.appendMessage('s1', 'more', options),
      channel.updateMessage('s1', { name: 'client-y', data: 'all', clearFields: ['extras'], opId: 'o2' }),
      channel.deleteMessage('s1'),
    ];
    expect(sent('mutate')).toMatchObject([
      {
        action: 'append',
        message_serial: 's1',
        data: 'more',
        op_id: 'o1',
        description: 'why',
        metadata: { a: 1 },
      },
      {
        action: 'update',
        message_serial: 's1',
        name: 'client-y',
        data: 'all',
        clear_fields: ['extras'],
        op_id: 'o2',
      },
      { action: 'delete', message_serial: 's1' },
    ]);
    for (const { request_id, action } of sent('mutate')) answer('mutate_ack', { request_id, ...ack, action });
    expect(await Promise.all(changes)).toEqual([
      { ...ack, action: 'append' },
      { ...ack, action: 'update' },
      { ...ack, action: 'delete' },
    ]);
  });
});

describe('a lost connection', () => {
  it('leaves the outcome of what was sent unknown', async () => {
    const channel = room();
    const lost = [failureOf(channel.publish('client-x', 1)), failureOf(channel.appendMessage('s1', 'b'))];
    context.reconnect();
    for (const failure of await Promise.all(lost)) {
      expect(failure).toBeInstanceOf(RequestError);
      expect(failure).toMatchObject({ outcome: 'unknown', code: null, isRetryable: false });
    }
    context.acknowledge('room');
    expect([...sent(), ...sent('mutate')]).toEqual([]);
  });

  it('repeats what the server knows again, in order, once the channel is back', async () => {
    const channel = room();
    const first = channel.publish('client-x', 1, { messageId: 'm1' });
    const second = channel.appendMessage('s1', 'b', { opId: 'o1' });
    context.reconnect();
    expect([...sent(), ...sent('mutate')]).toEqual([]);
    context.acknowledge('room');
    const [publish, mutate] = [sent()[0], sent('mutate')[0]];
    expect([publish, mutate]).toMatchObject([{ message_id: 'm1' }, { op_id: 'o1' }]);
    answer('publish_ack', { request_id: publish?.request_id, ...ACK, status: 'duplicate' });
    answer('mutate_ack', { request_id: mutate?.request_id, ...ACK, version_serial: 'v' });
    expect(await Promise.all([first, second])).toMatchObject([
      { status: 'duplicate' },
      { version_serial: 'v' },
    ]);
  });

  it('is not provoked for ever by one request', async () => {
    const failure = failureOf(room().publish('client-x', 'too large', { messageId: 'm1' }));
    for (let attempt = 1; attempt < REQUEST_ATTEMPTS_MAX; attempt += 1) {
      context.reconnect();
      context.acknowledge('room');
      expect(sent()).toHaveLength(1);
    }
    context.reconnect();
    context.acknowledge('room');
    expect(sent()).toEqual([]);
    expect(await failure).toMatchObject({ outcome: 'unknown' });
  });
});

describe('a request ends', () => {
  it('after its time: unknown once it was sent, else not sent', async () => {
    const failures = [
      failureOf(room().publish('client-x', 1)),
      failureOf(context.client.subscribe('other').publish('client-x', 1)),
    ];
    context.runtime.advance(REQUEST_TIMEOUT_MS);
    expect(await Promise.all(failures)).toMatchObject([{ outcome: 'unknown' }, { outcome: 'not-sent' }]);
  });

  it('with its signal, before and after it was sent', async () => {
    const [early, late, before] = [new AbortController(), new AbortController(), AbortSignal.abort('gone')];
    const waiting = context.client.subscribe('other').publish('client-x', 1, { signal: early.signal });
    const under = room().publish('client-x', 1, { signal: late.signal });
    early.abort('enough');
    late.abort('stop');
    await expect(waiting).rejects.toBe('enough');
    await expect(under).rejects.toBe('stop');
    await expect(room().publish('client-x', 1, { signal: before })).rejects.toBe('gone');
    context.acknowledge('other');
    expect(sent()).toHaveLength(1);
    answer('publish_ack', { request_id: sent()[0]?.request_id, ...ACK });
  });

  it('with its channel, unless it was sent', async () => {
    const waiting = failureOf(context.client.subscribe('other').publish('client-x', 1));
    const under = room().publish('client-x', 1);
    context.client.unsubscribe('room');
    context.client.unsubscribe('other');
    context.acknowledge('other');
    expect(await waiting).toMatchObject({ outcome: 'not-sent' });
    expect(sent()).toHaveLength(1);
    answer('publish_ack', { request_id: sent()[0]?.request_id, ...ACK });
    expect(await under).toEqual(ACK);
  });

  it('at once where there are too many, and leaves no timer', async () => {
    const channel = context.client.subscribe('room');
    const timers = context.runtime.timerCount;
    const all = Array.from({ length: REQUESTS_MAX }, () => failureOf(channel.publish('client-x', 1)));
    expect(await failureOf(channel.publish('client-x', 1))).toMatchObject({
      outcome: 'not-sent',
      isRetryable: true,
    });
    context.runtime.advance(REQUEST_TIMEOUT_MS);
    await Promise.all(all);
    expect(context.runtime.timerCount).toBeLessThanOrEqual(timers);
  });

  it('at once on protocol 7, on patterns and on encrypted channels', async () => {
    const v1 = connectedClient();
    const failures = await Promise.all([
      failureOf(v1.client.subscribe('room').publish('client-x', 1)),
      failureOf(context.client.subscribe('room-*').publish('client-x', 1)),
      failureOf(context.client.subscribe('private-encrypted-x').publish('client-x', 1)),
      failureOf(context.client.subscribe('private-encrypted-x').appendMessage('s1', 'x')),
    ]);
    for (const failure of failures) expect(failure).toBeInstanceOf(UnsupportedFeature);
    v1.client.disconnect();
  });
});
