// What is refused although nothing is wrong with it: rates, room, quotas, providers that cannot send. Each on a server of its own.
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type PushServer,
  type PushServerOptions,
  registration,
  startPushServer,
} from '../testing/push-server.ts';

async function start(options: PushServerOptions = {}): Promise<PushServer> {
  const server = await startPushServer(options);
  onTestFinished(() => server.close());
  await server.call('POST', '/deviceRegistrations', registration('d1'));
  await server.call(
    'POST',
    '/deviceRegistrations',
    registration('rare', { pushRatePolicy: { capacity: 1, refillPerSecond: 1 } }),
  );
  return server;
}

const toDevices = (...ids: string[]) => ({
  recipients: ids.map((device_id) => ({ type: 'device', device_id })),
  payload: { title: 'T' },
});
const publish = (server: PushServer, body: unknown, path = '/publish') => server.call('POST', path, body);
const words = async (server: PushServer, bodies: readonly unknown[]) => {
  const answers: unknown[] = [];
  for (const body of bodies) answers.push((await publish(server, body)).body.status);
  return answers;
};

describe('a publish is refused', () => {
  it('with 429 while the queue is long, and taken when it is short again', async () => {
    const server = await start({ push: { backpressure: { max_waiting_jobs: 10, retry_after_secs: 7 } } });
    server.dispatcher.waiting = 10;
    const refused = await publish(server, toDevices('d1'));
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 429,
      code: 'rate_limited',
    });
    expect(refused.headers.get('retry-after')).toBe('7');
    server.dispatcher.waiting = 9;
    expect(await publish(server, toDevices('d1'))).toMatchObject({ status: 202 });
  });

  it('with 429 where the operator says so', async () => {
    const server = await start({ push: { backpressure: { always: true } } });
    expect(await publish(server, toDevices('d1'))).toMatchObject({ status: 429 });
    expect(server.dispatcher.accepted).toEqual([]);
  });

  it('with 429 while publishes wait too long for their turn', async () => {
    const server = await start({ push: { backpressure_lag_threshold_secs: 1 } });
    const { repository, publishes } = server.service;
    const old = { appId: server.app.id, publishId: 'old', targets: [], rendered: [], acceptedAtMs: 0 };
    const counters = { planned: 0, dispatched: 0, succeeded: 0, failed: 0, expired: 0 };
    const zeros = { ...counters, retryScheduled: 0, retryAttempted: 0, deadLettered: 0 };
    const regime = { fanoutRegime: 'fastPath' } as const;
    const status = { state: 'queued', counters: zeros, isPlanned: false, ...regime } as const;
    await publishes.insert({ ...old, ...regime }, status);
    expect(await publish(server, toDevices('d1'))).toMatchObject({ status: 202 });
    await repository.begin(server.app.id, 'old');
    expect(await publish(server, toDevices('d1'))).toMatchObject({ status: 429 });
  });

  it('with 429 beyond the publishes of a second, each of a batch counting', async () => {
    const server = await start({
      push: { default_quotas: { acceptance_rps: 3 } },
      config: { rate_limiter: { enabled: true, driver: 'memory' } },
    });
    const answers = await Promise.all(Array.from({ length: 12 }, () => publish(server, toDevices('d1'))));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(server.dispatcher.accepted.length);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ webpush: {} }, 'no provider is active'],
    [{ planner_worker_count: 0 }, 'there are no planners'],
    [{ feedback_worker_count: 0 }, 'there are no feedback workers'],
    [{ dispatch_worker_count: 0 }, 'no provider is active'],
    [{ shard_worker_count: 0, fanout_fast_threshold: 1 }, 'there are no shard workers'],
  ])('with 503 where nothing would be sent: %j', async (push, why) => {
    const server = await start({ push });
    const { status, body, headers } = await publish(server, toDevices('d1'));
    expect({ status, body }).toEqual({
      status: 503,
      body: { error: `push admission unavailable: ${why}`, code: 'service_unavailable', status: 503 },
    });
    expect(headers.get('retry-after')).toBeNull();
  });

  it('by a quota of the day, which adds up', async () => {
    const server = await start({ push: { default_quotas: { delivery_quota_daily: 3 } } });
    const bodies = [toDevices('d1'), toDevices('d1', 'd1', 'd1'), toDevices('d1', 'd1'), toDevices('d1')];
    expect(await words(server, bodies)).toEqual(['accepted', 'quota_exceeded', 'accepted', 'quota_exceeded']);
    expect(server.dispatcher.accepted).toHaveLength(2);
  });

  it('by a quota of the day that many use up at once, by no more than that', async () => {
    const server = await start({ push: { default_quotas: { delivery_quota_daily: 5 } } });
    const answers = await Promise.all(Array.from({ length: 12 }, () => publish(server, toDevices('d1'))));
    const count = (word: string) => answers.filter(({ body }) => body.status === word).length;
    expect([count('accepted'), count('quota_exceeded')]).toEqual([5, 7]);
  });

  it('by the ceiling of a provider', async () => {
    const server = await start({ push: { provider_ceilings: { fcm: 1 } } });
    expect(await words(server, [toDevices('d1'), toDevices('d1', 'rare')])).toEqual([
      'accepted',
      'quota_exceeded',
    ]);
  });

  it('by the rate of a device that it names', async () => {
    const server = await start();
    const answers = await Promise.all(Array.from({ length: 12 }, () => publish(server, toDevices('rare'))));
    const count = (word: string) => answers.filter(({ body }) => body.status === word).length;
    expect(count('accepted')).toBe(server.dispatcher.accepted.length);
    expect(count('quota_exceeded')).toBeGreaterThan(0);
    expect(count('accepted')).toBeGreaterThan(0);
    expect(await words(server, [toDevices('d1'), toDevices('d1')])).toEqual(['accepted', 'accepted']);
  });
});

it('a publish that the queue does not take is found again', async () => {
  const server = await start();
  server.dispatcher.failNext = true;
  const { status, body } = await publish(server, toDevices('d1'));
  expect(status).toBe(202);
  expect(server.dispatcher.accepted).toEqual([]);
  expect(await server.service.repair.run(Date.now() + 60_000)).toBe(1);
  expect(server.dispatcher.accepted.map(({ publishId }) => publishId)).toEqual([body.publishId]);
  expect(server.complaints).toHaveLength(1);
});

it('what push counts is among the metrics of the server', async () => {
  const server = await start();
  await publish(server, toDevices('d1'));
  const values = server.metrics.flatMap((metric) =>
    metric.kind === 'histogram'
      ? []
      : [...metric.read()].map(([labels, value]) => [metric.name, labels, value]),
  );
  const app = server.app.id;
  expect(values).toContainEqual(['push_publish_accepted_total', { app_id: app, app, result: 'accepted' }, 1]);
});
