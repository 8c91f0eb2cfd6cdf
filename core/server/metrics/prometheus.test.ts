import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeDeps } from '../http/fake-deps.ts';
import { listenOn } from '../http/listen.ts';
import type { Counters } from './counters.ts';
import { type MetricsListener, startMetrics } from './prometheus.ts';

let listener: MetricsListener | undefined;
afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

async function start(changes: { enabled?: boolean; port?: number } = {}): Promise<Counters> {
  const deps = fakeDeps();
  const metrics = { enabled: true, host: '127.0.0.1', port: 0, prefix: 'sockudo_', ...changes };
  listener = await startMetrics({ ...deps, settings: { metrics } });
  return deps.counters;
}

const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${listener?.port}${path}`, init);

async function scrape(): Promise<string[]> {
  const response = await get('/metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return (await response.text()).split('\n').map((line) => line.replace(/port="\d+"/, 'port="P"'));
}

describe('GET /metrics', () => {
  it('shows the counts of each app under Sockudo’s names, from their first use on', async () => {
    const counters = await start();
    expect((await scrape()).filter((line) => line.startsWith('sockudo_'))).toEqual([]);
    const app = counters.of('4242');
    app.connected = 2;
    app.newConnections = 5;
    app.newDisconnections = 3;
    app.wsMessagesSent = 7;
    app.httpCallsReceived = 1;
    app.channelSubscriptions.presence = 4;
    app.connectionErrors.add('4009');
    app.historyRecoveries.hot = 1;
    app.presenceHistoryWrites = 8;
    counters.of('other').socketReceivedBytes = 9;
    counters.rateLimits.api.checks = 6;
    counters.rateLimits.api.triggered = 1;
    const lines = (await scrape()).filter((line) => line.startsWith('sockudo_'));
    expect(lines.sort()).toEqual([
      'sockudo_active_channels{app_id="4242",channel_type="presence",port="P"} 1',
      'sockudo_channel_subscriptions_total{app_id="4242",channel_type="presence",port="P"} 4',
      'sockudo_connected{app_id="4242",port="P"} 2',
      'sockudo_connection_errors_total{app_id="4242",error_type="4009",port="P"} 1',
      'sockudo_history_recovery_success_total{app_id="4242",source="hot",port="P"} 1',
      'sockudo_http_calls_received_total{app_id="4242",port="P"} 1',
      'sockudo_new_connections_total{app_id="4242",port="P"} 5',
      'sockudo_new_disconnections_total{app_id="4242",port="P"} 3',
      'sockudo_presence_history_writes_total{app_id="4242",port="P"} 8',
      'sockudo_rate_limit_checks_total{app_id="global",limiter_type="api_rate_limit",request_context="http_api",port="P"} 6',
      'sockudo_rate_limit_triggered_total{app_id="global",limiter_type="api_rate_limit",request_context="http_api",port="P"} 1',
      'sockudo_socket_received_bytes{app_id="other",port="P"} 9',
      'sockudo_ws_messages_sent_total{app_id="4242",port="P"} 7',
    ]);
  });

  it('shows what is now, not the sum of all scrapes', async () => {
    const counters = await start();
    const app = counters.of('4242');
    app.newConnections = 1;
    app.connected = 1;
    await scrape();
    app.connected = 0;
    app.newConnections += 1;
    const lines = await scrape();
    expect(lines).toContain('sockudo_connected{app_id="4242",port="P"} 0');
    expect(lines).toContain('sockudo_new_connections_total{app_id="4242",port="P"} 2');
  });

  it('shows histograms with cumulated buckets', async () => {
    const counters = await start();
    counters.of('4242').observeBroadcast('public', 3, 0.4);
    counters.of('4242').observeBroadcast('public', 3, 30);
    counters.of('4242').historyWriteLatencyMs.observe(9000);
    const lines = await scrape();
    const labels = 'app_id="4242",port="P",channel_type="public",recipient_count_bucket="xs"';
    expect(lines).toContain(`sockudo_broadcast_latency_ms_bucket{${labels},le="0.5"} 1`);
    expect(lines).toContain(`sockudo_broadcast_latency_ms_bucket{${labels},le="25"} 1`);
    expect(lines).toContain(`sockudo_broadcast_latency_ms_bucket{${labels},le="50"} 2`);
    expect(lines).toContain(`sockudo_broadcast_latency_ms_bucket{${labels},le="+Inf"} 2`);
    expect(lines).toContain(`sockudo_broadcast_latency_ms_sum{${labels}} 30.4`);
    expect(lines).toContain(`sockudo_broadcast_latency_ms_count{${labels}} 2`);
    const written = 'sockudo_history_write_latency_ms_bucket{app_id="4242",port="P",le=';
    expect(lines).toContain(`${written}"5000"} 0`);
    expect(lines).toContain(`${written}"+Inf"} 1`);
  });

  it('shows the process', async () => {
    await start();
    const names = (await scrape()).filter((line) => /^[a-z]/.test(line)).map((line) => line.split(' ')[0]);
    expect(names).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_start_time_seconds',
        'process_resident_memory_bytes',
      ]),
    );
  });

  it('answers nothing else', async () => {
    await start();
    for (const response of [await get('/'), await get('/up'), await get('/metrics', { method: 'POST' })]) {
      expect(response.status).toBe(404);
      await response.text();
    }
  });
});

describe('the listener', () => {
  it('does not exist when metrics are off', async () => {
    await start({ enabled: false });
    expect(listener?.port).toBeNull();
  });

  it('names the setting of a port that is taken', async () => {
    const other = createServer();
    const { port } = await listenOn(other, '127.0.0.1', 0, 'port');
    await expect(start({ port })).rejects.toThrow(
      `metrics.port: cannot listen on 127.0.0.1:${port}: the port is already in use`,
    );
    await new Promise((resolve) => other.close(resolve));
  });
});
