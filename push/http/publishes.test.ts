// Publishing over HTTP and what becomes of it, on a whole server whose deliveries are the test's.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptedPublish, DeliveryResult } from '../contracts.ts';
import {
  asDevice,
  audienceOf,
  type PushServer,
  registration,
  resultFor,
  startPushServer,
  subscription,
} from '../testing/push-server.ts';

let server: PushServer;

beforeAll(async () => {
  server = await startPushServer({ push: { default_quotas: { fanout_max: 3 } } });
  for (const id of ['d1', 'd2', 'd3']) {
    await server.call('POST', '/deviceRegistrations', registration(id, { clientId: `of-${id}` }));
    await server.call('POST', '/channelSubscriptions', subscription('news', id));
  }
});

afterAll(() => server.close());

beforeEach(() => {
  server.dispatcher.accepted.length = 0;
});

const toDevice = (id: string, more: Record<string, unknown> = {}) => ({
  recipients: [{ type: 'device', device_id: id }],
  payload: { title: 'T' },
  ...more,
});
const publish = (body: unknown, more = {}) => server.call('POST', '/publish', body, more);
const statusOf = async (publishId: string) => (await server.call('GET', `/publish/${publishId}/status`)).body;

/** Delivers an accepted publish, each member with the outcome for it. */
async function deliver(
  accepted: AcceptedPublish | undefined,
  outcomeOf: (id: string) => DeliveryResult['outcome'],
): Promise<void> {
  const { repository } = server.service;
  if (accepted === undefined) throw new Error('nothing was accepted');
  const { appId, publishId } = accepted;
  const begun = await repository.begin(appId, publishId);
  if (begun === null) throw new Error('nothing to begin');
  const members = await audienceOf(server.service, begun);
  await repository.planned(appId, publishId, { planned: members.length, complete: true });
  const results = members.map(({ ref, recipient }) =>
    resultFor(ref, recipient, outcomeOf(ref.kind === 'device' ? ref.deviceId : String(ref.index))),
  );
  await repository.recordResults(appId, publishId, results);
}

describe('a publish', () => {
  it('counts whom it is expected to reach, in both spellings', async () => {
    const recipients = [
      { type: 'device', deviceId: 'd1' },
      { type: 'device', device_id: 'nobody' },
      { type: 'client', clientId: 'of-d2' },
      { type: 'recipient', recipient: { transportType: 'apns', deviceToken: 'aa11' } },
    ];
    const { status, body, headers } = await publish({
      ...toDevice('x', { recipients }),
      payload: { title: 'T', unknown: 1 },
    });
    // No credential for APNs is there, so this recipient is refused, and the publish with it.
    expect({ status, error: body.error }).toEqual({
      status: 503,
      error: 'push admission unavailable: provider apns is not active',
    });
    expect(headers.get('retry-after')).toBeNull();
    const accepted = await publish({ ...toDevice('x', { recipients: recipients.slice(0, 3) }) });
    expect(accepted).toMatchObject({
      status: 202,
      body: { status: 'accepted', expectedRecipients: 2, fanoutRegime: 'fastPath' },
    });
    expect(accepted.headers.get('x-sockudo-forced-async')).toBeNull();
    expect(accepted.body.renderedPayloads.map(({ provider }: { provider: string }) => provider)).toEqual([
      'fcm',
      'apns',
      'webPush',
      'hms',
      'wns',
      'realtime',
    ]);
  });

  it('says that it is asynchronous to who hoped otherwise', async () => {
    const header = async (body: unknown, more = {}) =>
      (await publish(body, more)).headers.get('x-sockudo-forced-async');
    expect(await header(toDevice('d1', { sync: true }))).toBe('publish-api-is-async');
    expect(await header(toDevice('d1'), { query: { mode: 'sync' } })).toBe('publish-api-is-async');
  });

  it('ends with counters and the state that they mean', async () => {
    const expectations: [Record<string, DeliveryResult['outcome']['kind']>, string][] = [
      [{ d1: 'accepted', d2: 'accepted', d3: 'accepted' }, 'succeeded'],
      [{ d1: 'accepted', d2: 'rejected', d3: 'expired' }, 'partiallySucceeded'],
      [{ d1: 'rejected', d2: 'expired', d3: 'dead' }, 'expired'],
      [{ d1: 'rejected', d2: 'rejected', d3: 'dead' }, 'dead_lettered'],
      [{ d1: 'rejected', d2: 'rejected', d3: 'gone' }, 'failed'],
    ];
    for (const [kinds, state] of expectations) {
      const { body } = await publish({
        recipients: [{ type: 'channel', channel: 'news' }],
        payload: { title: 'T' },
      });
      expect(await statusOf(body.publishId)).toMatchObject({ state: 'queued' });
      await deliver(server.dispatcher.accepted.at(-1), (id) => outcomeOf(kinds[id]));
      const status = await statusOf(body.publishId);
      expect(status).toMatchObject({ state, counters: { planned: 3 } });
      const count = (kind: string) => Object.values(kinds).filter((one) => one === kind).length;
      expect(status.counters).toMatchObject({
        succeeded: count('accepted'),
        failed: count('rejected') + count('gone'),
        expired: count('expired'),
        deadLettered: count('dead'),
        dispatched: count('accepted') + count('rejected') + count('expired'),
      });
    }
  });

  it('to nobody succeeds (divergence D71)', async () => {
    const { body } = await publish({
      recipients: [{ type: 'channel', channel: 'empty' }],
      payload: { title: 'T' },
    });
    expect(body).toMatchObject({ status: 'accepted', expectedRecipients: 0 });
    await deliver(server.dispatcher.accepted[0], () => ({ kind: 'accepted' }));
    const status = await statusOf(body.publishId);
    expect(status.state).toBe('succeeded');
    expect(new Set(Object.values(status.counters))).toEqual(new Set([0]));
  });

  it('is accepted once under its id, whatever comes later', async () => {
    const first = await publish(toDevice('d1', { publishId: 'once' }));
    await deliver(server.dispatcher.accepted[0], () => ({ kind: 'accepted' }));
    const second = await publish(toDevice('d2', { publishId: 'once', payload: { title: 'Other' } }));
    expect(second).toMatchObject({
      status: 202,
      body: { publishId: 'once', status: 'succeeded', expectedRecipients: 1 },
    });
    expect(second.body.renderedPayloads).toEqual(first.body.renderedPayloads);
    expect(server.dispatcher.accepted).toHaveLength(1);
  });

  it('is accepted once, too, of many that come at the same moment', async () => {
    const bodies = await Promise.all(
      Array.from({ length: 8 }, () => publish(toDevice('d1', { publishId: 'race' }))),
    );
    expect(new Set(bodies.map(({ status }) => status))).toEqual(new Set([202]));
    expect(server.dispatcher.accepted).toHaveLength(1);
  });

  it('beyond a quota is answered so, has a status, and is never sent', async () => {
    const recipients = Array.from({ length: 4 }, () => ({ type: 'device', device_id: 'd1' }));
    const { status, body } = await publish({ recipients, payload: { title: 'T' } });
    expect({ status, word: body.status }).toEqual({ status: 202, word: 'quota_exceeded' });
    expect(await statusOf(body.publishId)).toMatchObject({ state: 'quota_exceeded' });
    expect(server.dispatcher.accepted).toEqual([]);
    const headers = { 'x-sockudo-push-quota-override': '1' };
    expect((await publish({ recipients, payload: { title: 'T' } }, { headers })).body.status).toBe(
      'accepted',
    );
  });

  it('is for trusted callers only', async () => {
    for (const [method, path] of [
      ['POST', '/publish'],
      ['POST', '/batch/publish'],
      ['GET', '/publish/x/status'],
      ['DELETE', '/scheduled/x'],
      ['POST', '/deliveryStatus'],
      ['GET', '/deadLetters'],
      ['POST', '/deadLetters/x/replay'],
      ['GET', '/templates'],
      ['GET', '/credentials'],
    ] as const) {
      const body = method === 'POST' ? {} : undefined;
      expect(await server.call(method, path, body, asDevice('x'))).toMatchObject({ status: 403 });
    }
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { recipients: [{ type: 'userTopic', topic: 'x' }] },
      'recipients of type userTopic cannot be delivered to',
    ],
    [{ recipients: [{ type: 'device' }] }, 'device_id must not be empty'],
    [{ recipients: [{ type: 'recipient' }] }, 'recipient is invalid'],
    [{ recipients: Array(1025).fill({ type: 'device', device_id: 'd' }) }, 'at most 1024 targets'],
    [{ payload: { body: 'x'.repeat(4097) } }, 'body exceeds 4096 bytes'],
    [{ payload: { templateData: { a: 'x'.repeat(8192) } } }, 'templateData exceeds 8192 bytes'],
    [{ payload: { templateId: 'none' } }, 'push template none not found'],
    [{ providerOverrides: [{ provider: 'fcm', payload: { a: 'x'.repeat(4096) } }] }, 'fcm override exceeds'],
    [
      { providerOverrides: [{ provider: 'apns', payload: { headers: { 'apns-priority': '7' } } }] },
      'apns override is invalid: headers.apns-priority',
    ],
    [
      { providerOverrides: [{ provider: 'webPush', payload: { headers: { urgency: 'now' } } }] },
      'webPush override is invalid: headers.urgency',
    ],
    [{ publishId: 'x'.repeat(129) }, 'publishId exceeds 128 bytes'],
    [{ notBeforeMs: 8.64e15 }, 'notBeforeMs is invalid'],
  ])('of %j is refused', async (more, error) => {
    const { status, body } = await publish(toDevice('d1', more));
    expect(status).toBe(400);
    expect(body.error).toContain(error);
    expect(server.dispatcher.accepted).toEqual([]);
  });
});

describe('a batch', () => {
  it('is accepted whole or not at all (divergence D77)', async () => {
    const items = [toDevice('d1'), toDevice('d2', { payload: { title: 'x'.repeat(257) } })];
    expect(await server.call('POST', '/batch/publish', items)).toMatchObject({ status: 400 });
    const hidden = [toDevice('d1'), toDevice('d2', { payload: { title: '{{ data.a }}' } })];
    expect(await server.call('POST', '/batch/publish', hidden)).toMatchObject({ status: 400 });
    expect(server.dispatcher.accepted).toEqual([]);
    const { status, body } = await server.call('POST', '/batch/publish', [toDevice('d1'), toDevice('d2')]);
    expect({ status, items: body.items.length }).toEqual({ status: 202, items: 2 });
    expect(server.dispatcher.accepted).toHaveLength(2);
    expect(await server.call('POST', '/batch/publish', {})).toMatchObject({ status: 400 });
  });
});

describe('a scheduled publish', () => {
  it('is cancelled as long as nobody began it (divergence D76)', async () => {
    const notBeforeMs = Date.now() + 3_600_000;
    const { body } = await publish(toDevice('d1', { notBeforeMs }));
    expect(await statusOf(body.publishId)).toMatchObject({ state: 'queued', retryAfterMs: notBeforeMs });
    expect(await server.call('DELETE', `/scheduled/${body.publishId}`)).toMatchObject({ status: 204 });
    expect(await statusOf(body.publishId)).toMatchObject({ state: 'cancelled' });
    expect(await server.service.repository.begin(server.app.id, body.publishId)).toBeNull();
    expect(await server.call('DELETE', '/scheduled/nobody')).toMatchObject({ status: 204 });
  });

  it('is not cancelled any more when it was begun', async () => {
    const { body } = await publish(toDevice('d1'));
    await server.service.repository.begin(server.app.id, body.publishId);
    expect(await server.call('DELETE', `/scheduled/${body.publishId}`)).toMatchObject({ status: 204 });
    expect(await statusOf(body.publishId)).toMatchObject({ state: 'planning' });
  });
});

describe('dead letters', () => {
  it('are listed, filtered, and replayed without changing the counters', async () => {
    const { body } = await publish(toDevice('d1'));
    await deliver(server.dispatcher.accepted[0], () => outcomeOf('dead'));
    const query = { provider: 'fcm', limit: '1000', sinceMs: '0', untilMs: String(Date.now() + 60_000) };
    const { body: page } = await server.call('GET', '/deadLetters', undefined, { query });
    const letter = page.items.find((item: { publishId: string }) => item.publishId === body.publishId);
    expect(letter).toMatchObject({
      appId: server.app.id,
      provider: 'fcm',
      reason: 'max attempts reached',
      replayable: true,
    });
    const replay = await server.call('POST', `/deadLetters/${letter.deadLetterId}/replay`);
    expect(replay).toMatchObject({
      status: 202,
      body: { deadLetterId: letter.deadLetterId, replayed: true },
    });
    expect(server.dispatcher.replays).toEqual([
      {
        appId: server.app.id,
        publishId: body.publishId,
        ref: { kind: 'device', deviceId: 'd1' },
        replayId: replay.body.messageId,
      },
    ]);
    const { appId } = server.dispatcher.replays[0] ?? { appId: '' };
    const recipient = { transportType: 'gcm', registrationToken: 'token-d1' } as const;
    const result = resultFor({ kind: 'device', deviceId: 'd1' }, recipient, { kind: 'accepted' });
    const again = { ...result, replayId: replay.body.messageId };
    await server.service.repository.recordResults(appId, body.publishId, [again]);
    expect(await statusOf(body.publishId)).toMatchObject({
      state: 'dead_lettered',
      counters: { deadLettered: 1, succeeded: 0 },
    });
  });

  it('go on behind a cursor, each once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '1', ...(cursor !== null && { cursor }) };
      const { body } = await server.call('GET', '/deadLetters', undefined, { query });
      seen.push(...body.items.map(({ deadLetterId }: { deadLetterId: string }) => deadLetterId));
      cursor = body.next_cursor;
    } while (cursor !== null);
    const { body } = await server.call('GET', '/deadLetters', undefined, { query: { limit: '1000' } });
    expect(seen).toEqual(body.items.map(({ deadLetterId }: { deadLetterId: string }) => deadLetterId));
    expect(seen.length).toBeGreaterThan(1);
  });

  it.each([[{ provider: 'pigeon' }], [{ sinceMs: '2', untilMs: '1' }], [{ sinceMs: 'x' }]])(
    'are not listed by %j',
    async (query) => {
      expect(await server.call('GET', '/deadLetters', undefined, { query })).toMatchObject({ status: 400 });
    },
  );

  it('cannot be replayed where there is none, or it was a refusal', async () => {
    expect(await server.call('POST', '/deadLetters/dl-x/replay')).toMatchObject({ status: 404 });
    const { body } = await publish(toDevice('d2'));
    await deliver(server.dispatcher.accepted[0], () => outcomeOf('rejected'));
    const { body: page } = await server.call('GET', '/deadLetters', undefined, { query: { limit: '1000' } });
    const letter = page.items.find((item: { publishId: string }) => item.publishId === body.publishId);
    expect(letter.replayable).toBe(false);
    expect(await server.call('POST', `/deadLetters/${letter.deadLetterId}/replay`)).toMatchObject({
      status: 400,
    });
  });
});

describe('a delivery status from outside', () => {
  const event = {
    appId: 'another',
    publishId: 'p',
    eventId: 'e',
    occurredAtMs: 1,
    result: { provider: 'apns', outcome: 'rejected', deviceId: 'd9', error: { class: 'invalid_token' } },
  };

  it('is kept and echoed for the app of the path', async () => {
    const { status, body } = await server.call('POST', '/deliveryStatus', event);
    const appId = server.app.id;
    expect({ status, body }).toEqual({
      status: 202,
      body: { ...event, appId, result: { ...event.result, appId, publishId: 'p' } },
    });
    expect(await server.call('POST', '/deliveryStatus', event)).toMatchObject({ status: 202 });
  });

  it.each([
    [{ eventId: '' }],
    [{ occurredAtMs: -1 }],
    [{ result: { provider: 'apns', outcome: 'lost' } }],
    [{ result: undefined }],
  ])('with %j is refused', async (more) => {
    expect(await server.call('POST', '/deliveryStatus', { ...event, ...more })).toMatchObject({
      status: 400,
    });
  });
});

function outcomeOf(kind: DeliveryResult['outcome']['kind'] | undefined): DeliveryResult['outcome'] {
  if (kind === 'rejected') return { kind, failureClass: 'caller_payload', reason: 'INVALID_ARGUMENT' };
  if (kind === 'dead') return { kind, failureClass: 'provider_quota', reason: 'max attempts reached' };
  return { kind: kind ?? 'accepted' };
}
