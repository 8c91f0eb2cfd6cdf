// A browser's own EventSource on a client's event stream: docs/server-sent-events.md.
import { expect, it, onTestFinished } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { startTestServer } from '../support/test-server.ts';
import { launchBrowser, openWindow } from './browser.ts';

it('reads several channels with EventSource, and goes on from its last id', async () => {
  const server = await startTestServer({
    app: { policy: { history: { enabled: true }, connection_recovery: { enabled: true } } },
  });
  onTestFinished(() => server.close());
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const { page } = await openWindow(browser, `http://${server.host}:${server.port}/up`);
  /** Opens a stream of two channels and resolves when both are acknowledged. */
  const open = (id: string): Promise<void> =>
    page.evaluate(
      ([key, from]) =>
        new Promise<void>((resolve) => {
          const query = `channel=a&channel=b&last_event_id=${encodeURIComponent(from ?? '')}`;
          const events = new EventSource(`/app/${key}/events?${query}`);
          const seen: [string, string][] = [];
          Object.assign(globalThis, { events, seen });
          let acknowledged = 0;
          events.addEventListener('sockudo_internal:subscription_succeeded', () => {
            acknowledged += 1;
            if (acknowledged === 2) resolve();
          });
          events.addEventListener('tick', ({ data, lastEventId }) =>
            seen.push([JSON.parse(data).data, lastEventId]),
          );
        }),
      [TEST_APP.key, id],
    );
  const seen = async (count: number): Promise<[string, string][]> => {
    const expression = `globalThis.seen.length >= ${count} && globalThis.seen`;
    const handle = await page.waitForFunction(expression);
    // CAST: filled above.
    return (await handle.jsonValue()) as [string, string][];
  };
  await open('');
  await server.publish('a', 'tick', 'one');
  const [[data, id] = ['', '']] = await seen(1);
  expect([data, id]).toEqual(['one', expect.stringMatching(/^\S+:1 \S+:0$/)]);
  await page.evaluate('globalThis.events.close()');
  await server.publish('b', 'tick', 'two');
  await open(id);
  await server.publish('a', 'tick', 'three');
  expect((await seen(2)).map(([text]) => text)).toEqual(['two', 'three']);
  await page.evaluate('globalThis.events.close()');
});
