import Pusher from 'pusher';
import { Sockudo } from 'sockudo';
import { describe, expect, it } from 'vitest';
import { deliveryJobs, parseDeliveryJob } from './delivery-job.ts';
import { endpoint, webhookApp } from './testing/webhook-app.ts';

const events = [
  { name: 'channel_occupied', channel: 'room-1' },
  { name: 'channel_occupied', channel: 'presence-room' },
] as const;

describe('deliveryJobs', () => {
  it('signs as the published vector', () => {
    const [job] = deliveryJobs({
      app: webhookApp([endpoint()]),
      timeMs: 1760000000123,
      events: events.slice(0, 1),
    });
    expect(job?.body).toBe(
      '{"time_ms":1760000000123,"events":[{"name":"channel_occupied","channel":"room-1"}]}',
    );
    expect(job?.headers).toEqual({
      'Content-Type': 'application/json',
      'X-Pusher-Key': 'k-demo',
      'X-Pusher-Signature': '06139f42cad720209bf282dc8658a9ce9038c6a5be6d76717c85eaea7d46c0df',
    });
  });

  it('signs what is left after the filter, for each endpoint on its own', () => {
    const app = webhookApp([
      endpoint(),
      endpoint({ filter: { channelPrefix: 'presence-' } }),
      endpoint({ filter: { channelPrefix: 'none-' } }),
    ]);
    const jobs = deliveryJobs({ app, timeMs: 1, events });
    expect(jobs).toHaveLength(2);
    const options = { appId: '1', key: 'k-demo', secret: 's-demo-0001', host: 'h' };
    for (const { headers, body } of jobs) {
      const request = {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        rawBody: body,
      };
      expect(new Pusher(options).webhook(request).isValid()).toBe(true);
      expect(new Sockudo(options).webhook(request).isValid()).toBe(true);
    }
    expect(JSON.parse(jobs[1]?.body ?? '').events).toEqual([events[1]]);
  });

  it('adds the configured headers, and no reserved one twice', () => {
    const headers = { 'X-Env': 'stage', 'content-type': 'text/plain', 'x-pusher-key': 'forged' };
    const [job] = deliveryJobs({ app: webhookApp([endpoint({ headers })]), timeMs: 1, events });
    expect(Object.keys(job?.headers ?? {})).toEqual([
      'X-Env',
      'Content-Type',
      'X-Pusher-Key',
      'X-Pusher-Signature',
    ]);
  });

  it('does not hold the app secret', () => {
    const jobs = deliveryJobs({ app: webhookApp([endpoint()]), timeMs: 1, events });
    expect(JSON.stringify(jobs)).not.toContain('s-demo');
  });
});

describe('parseDeliveryJob', () => {
  it('reads back what was written', () => {
    const [job] = deliveryJobs({ app: webhookApp([endpoint()]), timeMs: 1, events });
    expect(parseDeliveryJob(JSON.stringify(job))).toEqual(job);
  });

  it.each(['', '{', 'null', '{}', '{"appId":1}'])('answers null for %j', (payload) => {
    expect(parseDeliveryJob(payload)).toBe(null);
  });
});
