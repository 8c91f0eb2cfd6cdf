// docs/http-api.md and docs/operations.md against the code they describe.
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ERRORS } from '@sockudo/protocol';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { registerAppMetrics } from '../metrics/app-metrics.ts';
import { createCounters } from '../metrics/counters.ts';
import { registerProcessMetrics } from '../metrics/process-metrics.ts';
import { batchEventsRoute } from './routes/batch-events.ts';
import { channelRoute } from './routes/channel.ts';
import { channelUsersRoute } from './routes/channel-users.ts';
import { channelsRoute } from './routes/channels.ts';
import { eventsRoute } from './routes/events.ts';
import { forceReconnectRoute } from './routes/force-reconnect.ts';
import { liveRoute } from './routes/live.ts';
import { operatorStatsRoute, statsRoute } from './routes/stats.ts';
import { terminateConnectionsRoute } from './routes/terminate-connections.ts';
import { upAppRoute, upRoute } from './routes/up.ts';
import { usageRoute } from './routes/usage.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const api = read('http-api.md');
const operations = read('operations.md');

/** All `name`s in the first column of tables whose header begins so. */
function firstColumn(text: string, header: string): string[] {
  const start = text.indexOf(header);
  const rows = text.slice(start).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );
}

describe('docs/http-api.md', () => {
  it('signs its example as the server does', () => {
    const body = /For the body `([^`]+)`/.exec(api)?.[1] ?? '';
    const [, text = ''] = /```\n(POST\n\/apps[^`]+)\n```/.exec(api) ?? [];
    expect(text).toContain(`body_md5=${createHash('md5').update(body).digest('hex')}`);
    expect(api).toContain(`\`${createHmac('sha256', 's-demo-0001').update(text).digest('hex')}\``);
  });

  it('lists the routes', () => {
    const routes = [
      eventsRoute,
      batchEventsRoute,
      channelsRoute,
      channelRoute,
      channelUsersRoute,
      terminateConnectionsRoute,
      forceReconnectRoute,
    ];
    const listed = routes.flatMap(({ path, methods }) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(firstColumn(api, '| Route | Does |')).toEqual(listed);
  });

  it('names error codes that exist, with their status', () => {
    const start = api.indexOf('| Status | `code` | When |');
    const rows = api.slice(start).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
    for (const row of rows) {
      const [, status, codes = ''] = row.split('|');
      for (const [, code] of codes.matchAll(/`([^`]+)`/g)) {
        const statuses = Object.values(ERRORS)
          .filter((error) => error.code === code)
          .map((error) => error.httpStatus);
        // 415 and 422 of bodies override the status of the row.
        if (code === 'invalid_input') expect(statuses).toContain(400);
        else expect(statuses).toContain(Number(status));
      }
    }
    expect(rows.length).toBeGreaterThan(10);
  });
});

describe('docs/operations.md', () => {
  it('lists the routes', () => {
    for (const { path } of [liveRoute, upRoute, upAppRoute, usageRoute, statsRoute, operatorStatsRoute]) {
      expect(operations).toContain(`\`GET ${path}\``);
    }
  });

  it('lists every metric, and no other', () => {
    const registry = new Registry();
    registerAppMetrics({ registry, prefix: '', port: '1', counters: createCounters(), appStats: () => [] });
    registerProcessMetrics(registry);
    const documented = [
      ...firstColumn(operations, '| Metric | Type |'),
      ...firstColumn(operations, '| Metric of the process |'),
    ];
    expect(documented.sort()).toEqual(
      registry
        .getMetricsAsArray()
        .map(({ name }) => name)
        .sort(),
    );
  });
});
